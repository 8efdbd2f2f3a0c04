import type { PublishedSegment } from './log_publication.ts';

/** One segment as its owner knows it: the committed part of its file. */
export class Segment implements PublishedSegment {
  readonly baseOffset: number;
  /** Of the file under this base offset. */
  generation: number;
  bytes = 0;
  /** After the last batch. */
  nextOffset: number;
  largestTimestamp = -1;
  /** Last offset of the first batch that has the largest timestamp. */
  offsetOfLargest = -1;
  /** Largest timestamp of the first batch, -1 while there is none: `segment.ms` is counted from it. */
  firstTimestamp = -1;
  /** Wall clock, for batches without timestamps. */
  createdMs: number;
  bytesSinceIndexEntry = 0;
  /** What `segment.ms` is shortened by. */
  jitterMs = 0;

  constructor(baseOffset: number, generation: number, createdMs: number) {
    this.baseOffset = baseOffset;
    this.generation = generation;
    this.nextOffset = baseOffset;
    this.createdMs = createdMs;
  }

  /**
   * Takes in one batch that lies at `bytes`. True when the interval has passed and it gets an index entry: its last
   * offset and its position, and the largest timestamp so far.
   */
  extend(batchBytes: number, lastOffset: number, maxTimestamp: number, indexIntervalBytes: number): boolean {
    if (this.bytes === 0) this.firstTimestamp = maxTimestamp;
    if (maxTimestamp > this.largestTimestamp) {
      this.largestTimestamp = maxTimestamp;
      this.offsetOfLargest = lastOffset;
    }
    const isDue = this.bytesSinceIndexEntry > indexIntervalBytes;
    this.bytesSinceIndexEntry = (isDue ? 0 : this.bytesSinceIndexEntry) + batchBytes;
    this.bytes += batchBytes;
    this.nextOffset = lastOffset + 1;
    return isDue;
  }
}
