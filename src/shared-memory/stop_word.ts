/**
 * One word that says whether this node still acknowledges. Raised once, by control or by a thread that finds a bug
 * of ours, never lowered: every thread looks at it before an acknowledgement leaves.
 */
export const stopWordBytes = 128;

export class StopWord {
  readonly #words: Int32Array<SharedArrayBuffer>;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  raise(): void {
    Atomics.store(this.#words, 0, 1);
  }

  isStopping(): boolean {
    return Atomics.load(this.#words, 0) !== 0;
  }
}
