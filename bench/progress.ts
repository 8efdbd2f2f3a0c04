/** How far a run is: a bar on a terminal, a line now and then elsewhere. */
const BAR = 24;
const LINE_EVERY_MS = 15_000;

export class Progress {
  readonly #out: NodeJS.WriteStream;
  readonly #startMs = performance.now();
  #steps = 0;
  #done = 0;
  #lineMs = performance.now();

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  /** So many steps more are to come. */
  expect(steps: number): void {
    this.#steps += steps;
  }

  /** A step begins. */
  step(label: string): void {
    this.#show(label);
    this.#done++;
  }

  /** Something that is not counted among the steps. */
  note(label: string): void {
    if (this.#out.isTTY) this.#show(label);
    else this.#out.write(`${label}\n`);
  }

  /** The bar goes; what follows stands on a line of its own. */
  clear(): void {
    if (this.#out.isTTY) this.#out.write('\r\x1b[K');
  }

  #show(label: string): void {
    const share = this.#steps === 0 ? 0 : Math.min(1, this.#done / this.#steps);
    const nowMs = performance.now();
    if (this.#out.isTTY) {
      const filled = Math.round(share * BAR);
      const bar = `${'█'.repeat(filled)}${'·'.repeat(BAR - filled)}`;
      this.#out.write(`\r\x1b[K${bar} ${(share * 100).toFixed(0).padStart(3)} %${this.#left(share, nowMs)}  ${label}`);
    } else if (nowMs - this.#lineMs >= LINE_EVERY_MS) {
      this.#lineMs = nowMs;
      this.#out.write(`${(share * 100).toFixed(0).padStart(3)} %${this.#left(share, nowMs)}  ${label}\n`);
    }
  }

  #left(share: number, nowMs: number): string {
    if (this.#done < 3) return '';
    const seconds = (((nowMs - this.#startMs) / 1000) * (1 - share)) / share;
    return seconds >= 90 ? `, ${Math.round(seconds / 60)} min left` : `, ${Math.ceil(seconds / 5) * 5} s left`;
  }
}
