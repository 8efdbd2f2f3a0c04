import type { ProducerId } from './producer_id.ts';
import { NO_PRODUCER_EPOCH, NO_SEQUENCE, NO_TIMESTAMP, sequenceAfter } from '../protocol/record_batch.ts';

/** How many of a producer's batches are known, so that their repetition is: as many as its clients have in flight. */
export const batchesKept = 5;

/** A batch is four numbers behind each other in `recent`. */
const LAST_SEQUENCE = 0;
const OFFSET_DELTA = 1;
const LAST_OFFSET = 2;
const TIMESTAMP = 3;
const batchNumbers = 4;

/** A batch that is in the log, or on its way there: what its repetition is answered with. Reused. */
export class AppendedBatch {
  lastSequence: number = NO_SEQUENCE;
  baseOffset = -1;
  lastOffset = -1;
  timestampMs: number = NO_TIMESTAMP;

  clear(): void {
    this.lastSequence = NO_SEQUENCE;
    this.baseOffset = -1;
    this.lastOffset = -1;
    this.timestampMs = NO_TIMESTAMP;
  }
}

/**
 * What a log knows of one producer, all of it written: its epoch, its last five batches of that epoch, and where its open
 * transaction begins. Changed by the owner of the log alone. (KIP-98, KIP-360, KIP-890)
 */
export class ProducerEntry {
  readonly producerId: ProducerId;
  /** −1: nothing of this producer is written yet. */
  epoch: number = NO_PRODUCER_EPOCH;
  /** Of the transaction coordinator that wrote the last marker, −1 without one. */
  coordinatorEpoch = -1;
  /** Of its last batch or marker, as the records say it: from here on it expires. */
  lastTimestampMs: number = NO_TIMESTAMP;
  /** Offset of the first record of the open transaction, −1 when none is open. */
  transactionFirstOffset = -1;
  /** Position of the batch of it that was staged last (`StagedBatches`), −1 before the first. */
  stagedTail = -1;
  /** A ring of `batchesKept` batches, `#newest` the last written. Made with the first batch. */
  #recent: Float64Array | null = null;
  #newest = 0;
  #count = 0;

  constructor(producerId: ProducerId) {
    this.producerId = producerId;
  }

  /** Batches of the current epoch that are known. */
  get batches(): number {
    return this.#count;
  }

  /** −1 without a batch of the current epoch. */
  get lastSequence(): number {
    return this.#count === 0 ? NO_SEQUENCE : this.#at(0, LAST_SEQUENCE);
  }

  /** −1 without a batch of the current epoch. */
  get lastOffset(): number {
    return this.#count === 0 ? -1 : this.#at(0, LAST_OFFSET);
  }

  /** From the first to the last record of the last batch. */
  get lastOffsetDelta(): number {
    return this.#count === 0 ? 0 : this.#at(0, OFFSET_DELTA);
  }

  get isInTransaction(): boolean {
    return this.transactionFirstOffset >= 0;
  }

  /** A batch was written. */
  addBatch(epoch: number, lastSequence: number, offsetDelta: number, lastOffset: number, timestampMs: number): void {
    this.#beginEpoch(epoch);
    this.#recent ??= new Float64Array(batchesKept * batchNumbers);
    this.#newest = (this.#newest + 1) % batchesKept;
    if (this.#count < batchesKept) this.#count++;
    const at = this.#newest * batchNumbers;
    this.#recent[at + LAST_SEQUENCE] = lastSequence;
    this.#recent[at + OFFSET_DELTA] = offsetDelta;
    this.#recent[at + LAST_OFFSET] = lastOffset;
    this.#recent[at + TIMESTAMP] = timestampMs;
    this.lastTimestampMs = timestampMs;
  }

  /** The end of a transaction was written. Batches of the same epoch stay known. */
  endTransaction(epoch: number, coordinatorEpoch: number, timestampMs: number): void {
    this.#beginEpoch(epoch);
    this.coordinatorEpoch = coordinatorEpoch;
    this.lastTimestampMs = timestampMs;
    this.transactionFirstOffset = -1;
  }

  /** Whether exactly these sequence numbers are one of the `newest` last batches of the current epoch. */
  find(baseSequence: number, lastSequence: number, newest: number, out: AppendedBatch): boolean {
    const count = Math.min(newest, this.#count);
    for (let age = 0; age < count; age++) {
      if (this.#at(age, LAST_SEQUENCE) !== lastSequence) continue;
      if (sequenceAfter(baseSequence, this.#at(age, OFFSET_DELTA)) !== lastSequence) continue;
      this.batchAt(age, out);
      return true;
    }
    return false;
  }

  /** The batch that was written `age` batches before the last; `age` is below `batches`. */
  batchAt(age: number, out: AppendedBatch): void {
    out.lastSequence = this.#at(age, LAST_SEQUENCE);
    out.lastOffset = this.#at(age, LAST_OFFSET);
    out.baseOffset = out.lastOffset - this.#at(age, OFFSET_DELTA);
    out.timestampMs = this.#at(age, TIMESTAMP);
  }

  /** Sequence numbers of another epoch say nothing any more. */
  #beginEpoch(epoch: number): void {
    if (epoch === this.epoch) return;
    this.epoch = epoch;
    this.#count = 0;
  }

  /** One number of the batch written `age` batches before the newest. */
  #at(age: number, number: number): number {
    return this.#recent![((this.#newest - age + batchesKept) % batchesKept) * batchNumbers + number]!;
  }
}
