/**
 * How far the metadata log is committed, in shared memory: control stores, every thread loads at the start of a turn
 * and, when it moved, reads the file up to there. Positions are bytes of the log's file.
 *
 * | word | content |
 * | --- | --- |
 * | 0 | version: odd while control is storing |
 * | 1, 2 | byte position, high and low half |
 * | 3, 4 | offset behind the last committed record, high and low half |
 */
export const METADATA_WATERMARK_BYTES = 128;

export class MetadataWatermark {
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory, 0, METADATA_WATERMARK_BYTES / 4);
  }

  /** Changes with every `advance`; comparing it is all that a turn without news costs. Even. */
  get version(): number {
    return Atomics.load(this.#words, 0) & ~1;
  }

  /** Control only. All that the records below speak of has been published before. */
  advance(position: number, offset: number): void {
    const version = this.#words[0]!;
    Atomics.store(this.#words, 0, version + 1);
    Atomics.store(this.#words, 1, Math.floor(position / 0x1_0000_0000));
    Atomics.store(this.#words, 2, position | 0);
    Atomics.store(this.#words, 3, Math.floor(offset / 0x1_0000_0000));
    Atomics.store(this.#words, 4, offset | 0);
    Atomics.store(this.#words, 0, version + 2);
  }

  /** The committed byte position; -1 while control is just storing it (it rings the doorbell afterwards). */
  position(): number {
    const before = Atomics.load(this.#words, 0);
    const position = Atomics.load(this.#words, 1) * 0x1_0000_0000 + (Atomics.load(this.#words, 2) >>> 0);
    return (before & 1) === 0 && Atomics.load(this.#words, 0) === before ? position : -1;
  }
}
