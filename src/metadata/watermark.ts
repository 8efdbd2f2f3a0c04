import { highHalf, joinHalves, lowHalf } from '../shared-memory/halves.ts';

/**
 * How far the metadata log is committed, and how far each thread has applied it, in shared memory: control stores the
 * first, every thread loads it at the start of a turn, reads the files up to there when it moved, and stores the second.
 *
 * | word | content |
 * | --- | --- |
 * | 0 | version: odd while control is storing |
 * | 1, 2 | offset behind the last committed record, low and high half |
 * | 32 × thread | version of that thread's own words: odd while it is storing |
 * | 32 × thread + 1, + 2 | offset behind the last record that it has applied, low and high half |
 */
const STRIDE_WORDS = 32;
const COMMITTED = 0;

/** Memory for control, thread 0, and the shards, 1 to `shards`. */
export function metadataWatermarkBytes(shards: number): number {
  return (1 + shards) * STRIDE_WORDS * 4;
}

export class MetadataWatermark {
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  /** Changes with every `advance`; comparing it is all that a turn without news costs. Even. */
  get version(): number {
    return Atomics.load(this.#words, COMMITTED) & ~1;
  }

  /** Control only. All that the records below speak of has been published before. */
  advance(offset: number): void {
    this.#store(COMMITTED, offset);
  }

  /** Offset behind the last committed record; -1 while control is just storing it (it rings the doorbell afterwards). */
  committed(): number {
    return this.#load(COMMITTED);
  }

  /** That shard only: it will not read anything below `offset` again. */
  applied(thread: number, offset: number): void {
    this.#store(thread * STRIDE_WORDS, offset);
  }

  /** Up to where all shards have applied the log: nobody needs what lies below. */
  appliedByAll(): number {
    let least = Infinity;
    for (let thread = 1; thread * STRIDE_WORDS < this.#words.length; thread++) {
      least = Math.min(least, Math.max(0, this.#load(thread * STRIDE_WORDS)));
    }
    return least;
  }

  #store(at: number, offset: number): void {
    const version = this.#words[at]!;
    Atomics.store(this.#words, at, version + 1);
    Atomics.store(this.#words, at + 1, lowHalf(offset));
    Atomics.store(this.#words, at + 2, highHalf(offset));
    Atomics.store(this.#words, at, version + 2);
  }

  #load(at: number): number {
    const before = Atomics.load(this.#words, at);
    const offset = joinHalves(Atomics.load(this.#words, at + 1), Atomics.load(this.#words, at + 2));
    return (before & 1) === 0 && Atomics.load(this.#words, at) === before ? offset : -1;
  }
}
