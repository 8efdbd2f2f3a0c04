/** Longest delay of a Node timer. */
const longestMs = 0x7fff_ffff;

/**
 * Keeps the calling thread's event loop alive while something is awaited that does not do so itself, such as
 * `Atomics.waitAsync`. Holds are counted.
 */
export class LoopKeeper {
  readonly #handle: NodeJS.Timeout;
  #holds = 0;

  constructor() {
    this.#handle = setInterval(() => {}, longestMs);
    this.#handle.unref();
  }

  hold(): void {
    if (this.#holds++ === 0) this.#handle.ref();
  }

  release(): void {
    if (--this.#holds === 0) this.#handle.unref();
  }
}
