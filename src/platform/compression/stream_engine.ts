/**
 * The inside of a stream of node:zlib: calls of the library, into memory that is there. What is taken from Node's inside
 * are the properties `_handle` and `_writeState`.
 */
interface Inside {
  readonly handle: {
    writeSync(
      flush: number,
      input: Uint8Array,
      inputAt: number,
      inputBytes: number,
      output: Uint8Array,
      outputAt: number,
      outputRoom: number,
    ): void;
    reset(): void;
    close(): void;
    onerror: (message: string) => void;
  };
  /** What a call left of the room for output, and of the input. */
  readonly state: Uint32Array;
}

export class StreamEngine {
  /** What the library said; empty while all is well. */
  error = '';
  readonly #inside: Inside;
  readonly #flush: number;

  private constructor(inside: Inside, flush: number) {
    this.#inside = inside;
    this.#flush = flush;
    inside.handle.onerror = (message) => (this.error = message);
  }

  /**
   * Null where a Node has its inside in another way.
   *
   * @param flush says to the library that no more input follows, so that what is cut off is an error
   */
  static of(stream: unknown, flush: number): StreamEngine | null {
    const { _handle: handle, _writeState: state } = stream as {
      readonly _handle?: Partial<Inside['handle']> | null;
      readonly _writeState?: unknown;
    };
    if (!(state instanceof Uint32Array) || state.length < 2 || handle === null || handle === undefined) return null;
    for (const name of ['writeSync', 'reset', 'close'] as const) if (typeof handle[name] !== 'function') return null;
    return new StreamEngine({ handle: handle as Inside['handle'], state }, flush);
  }

  reset(): void {
    this.#inside.handle.reset();
    this.error = '';
  }

  /** Gives its memory back. Not to be used any more. */
  close(): void {
    this.#inside.handle.close();
  }

  /** Input that the last call left. */
  get left(): number {
    return this.#inside.state[1]!;
  }

  /** Unpacks from `bytes[at, end)` into `room` bytes. How many came out; -1 for an error. */
  call(bytes: Uint8Array, at: number, end: number, output: Uint8Array, outputAt: number, room: number): number {
    this.#inside.handle.writeSync(this.#flush, bytes, at, end - at, output, outputAt, room);
    return this.error === '' ? room - this.#inside.state[0]! : -1;
  }
}
