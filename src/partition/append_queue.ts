/**
 * Where the outcome of an append goes: the request of a connection of this shard, or the answer to another shard.
 * `ref` and `at` are the sink's own numbers (which request, which of its partitions).
 */
export interface AppendSink {
  /**
   * Called once for each append, in the order of their offsets for those that wait for the same thing.
   * `logAppendTimeMs` is -1 where the producer's timestamps stand; the offsets are -1 with an error. Where it is single
   * records that were refused, `recordErrorsAt` is where they are named in the memory of the append, else -1.
   */
  appended(
    ref: number,
    at: number,
    errorCode: number,
    baseOffset: number,
    logAppendTimeMs: number,
    logStartOffset: number,
    recordErrorsAt: number,
  ): void;
}

const noIntegers = new Int32Array(0);
const noOffsets = new Float64Array(0);
/** A power of two, like every size of the ring. */
const sizeMin = 16;

/**
 * Appends of one partition that wait for the same offset to move (written, or replicated), oldest first: a ring of
 * parallel arrays, no object for an append. Offsets ascend, so what is done is always a prefix. Its arrays come with
 * the first append: most partitions of a node wait for nothing.
 */
export class AppendQueue {
  #sinks: AppendSink[] = [];
  #refs = noIntegers;
  #ats = noIntegers;
  #baseOffsets = noOffsets;
  #nextOffsets = noOffsets;
  #appendTimes = noOffsets;
  #head = 0;
  #count = 0;

  get size(): number {
    return this.#count;
  }

  push(
    sink: AppendSink,
    ref: number,
    at: number,
    baseOffset: number,
    nextOffset: number,
    logAppendTimeMs: number,
  ): void {
    if (this.#count === this.#refs.length) this.#grow();
    const index = (this.#head + this.#count++) & (this.#refs.length - 1);
    this.#sinks[index] = sink;
    this.#refs[index] = ref;
    this.#ats[index] = at;
    this.#baseOffsets[index] = baseOffset;
    this.#nextOffsets[index] = nextOffset;
    this.#appendTimes[index] = logAppendTimeMs;
    if (this.#count > 1 && this.#nextOffsets[(index - 1) & (this.#refs.length - 1)]! > nextOffset) {
      this.#moveForward(index);
    }
  }

  /** A repetition waits with its original, behind which others have come: it goes forward until offsets ascend. */
  #moveForward(index: number): void {
    const mask = this.#refs.length - 1;
    let at = index;
    while (at !== this.#head) {
      const before = (at - 1) & mask;
      if (this.#nextOffsets[before]! <= this.#nextOffsets[at]!) return;
      for (const values of [this.#refs, this.#ats, this.#baseOffsets, this.#nextOffsets, this.#appendTimes]) {
        const value = values[at]!;
        values[at] = values[before]!;
        values[before] = value;
      }
      const sink = this.#sinks[at]!;
      this.#sinks[at] = this.#sinks[before]!;
      this.#sinks[before] = sink;
      at = before;
    }
  }

  /** Answers every append that ends at or below `offset`. */
  completeTo(offset: number, logStartOffset: number): void {
    while (this.#count > 0 && this.#nextOffsets[this.#head]! <= offset) {
      const index = this.#takeHead();
      this.#sinks[index]!.appended(
        this.#refs[index]!,
        this.#ats[index]!,
        0,
        this.#baseOffsets[index]!,
        this.#appendTimes[index]!,
        logStartOffset,
        -1,
      );
    }
  }

  /** Refuses every append that begins at or above `offset`. They lie at the end. */
  failFrom(offset: number, errorCode: number): void {
    const mask = this.#refs.length - 1;
    let keep = 0;
    while (keep < this.#count && this.#baseOffsets[(this.#head + keep) & mask]! < offset) keep++;
    const failed = this.#count - keep;
    const first = this.#head + keep;
    this.#count = keep;
    // A sink that is told may append again: the entries are out of the queue before the first of them hears of it.
    const refs = new Int32Array(failed);
    const ats = new Int32Array(failed);
    const sinks: AppendSink[] = [];
    for (let index = 0; index < failed; index++) {
      refs[index] = this.#refs[(first + index) & mask]!;
      ats[index] = this.#ats[(first + index) & mask]!;
      sinks.push(this.#sinks[(first + index) & mask]!);
    }
    for (let index = 0; index < failed; index++) {
      sinks[index]!.appended(refs[index]!, ats[index]!, errorCode, -1, -1, -1, -1);
    }
  }

  #takeHead(): number {
    const index = this.#head;
    this.#head = (index + 1) & (this.#refs.length - 1);
    this.#count--;
    return index;
  }

  #grow(): void {
    const size = this.#refs.length;
    const larger = Math.max(sizeMin, size * 2);
    this.#sinks = rotated(this.#sinks, this.#head, size, new Array<AppendSink>(larger));
    this.#refs = rotated(this.#refs, this.#head, size, new Int32Array(larger));
    this.#ats = rotated(this.#ats, this.#head, size, new Int32Array(larger));
    this.#baseOffsets = rotated(this.#baseOffsets, this.#head, size, new Float64Array(larger));
    this.#nextOffsets = rotated(this.#nextOffsets, this.#head, size, new Float64Array(larger));
    this.#appendTimes = rotated(this.#appendTimes, this.#head, size, new Float64Array(larger));
    this.#head = 0;
  }
}

/** Copies a full ring that begins at `head` to the front of `into`. */
function rotated<T extends { [index: number]: unknown }>(from: T, head: number, size: number, into: T): T {
  const write = into as { [index: number]: unknown };
  for (let index = 0; index < size; index++) write[index] = from[(head + index) & (size - 1)];
  return into;
}
