import type { Disk, DiskError } from '../port/disk.ts';
import type { Kernels } from '../port/kernels.ts';
import { ErrorCode } from '../protocol/errors.ts';
import {
  baseOffsetOf,
  baseSequenceOf,
  isControl,
  isTransactional,
  lastOffsetOf,
  lastSequenceOf,
  maxTimestampOf,
  NO_PRODUCER_EPOCH,
  NO_SEQUENCE,
  PRODUCER_ID_AT,
  producerEpochOf,
} from '../protocol/record_batch.ts';
import { AppendedBatch } from './producer_entry.ts';
import type { ProducerEntry } from './producer_entry.ts';
import type { OpenedProducers } from './producer_opening.ts';
import { producerIdAt } from './producer_id.ts';
import { isExpired } from './producer_state.ts';
import type { ProducerState } from './producer_state.ts';
import { writeProducerSnapshot } from './producer_snapshot.ts';
import { segmentPath } from './segment_names.ts';
import { StagedBatches } from './staged_batches.ts';
import { appendToTransactionIndex } from './transaction_index.ts';

/** Of every log that has none: both stay empty. */
const noneStaged = new StagedBatches();
const noneAborted = new Map<number, number>();
/** The largest sequence number; 0 comes next. */
const SEQUENCE_MAX = 0x7fff_ffff;

/**
 * The producers of an open log: judges the batches that its leader is sent, follows what is written, and keeps the files
 * that speak of it. Owned by the log, used by the log's thread alone.
 *
 *     check ─► stage ─┬─ written ─► state, index of aborted transactions
 *                     └─ dropped: as if it had never been staged
 */
export class LogProducers {
  /** Of what is written. */
  readonly state: ProducerState;
  /** The batch that the last `check` found to be a repetition of. */
  readonly original = new AppendedBatch();
  readonly #disk: Disk;
  readonly #kernels: Kernels;
  readonly #directory: string;
  /** Its own from the first batch of a producer with an id on. */
  #staged = noneStaged;
  /** Entries in the transaction indexes of all segments. */
  abortedTransactions = 0;
  #abortedBySegment: Map<number, number>;
  #latestSnapshotOffset: number;

  constructor(disk: Disk, kernels: Kernels, directory: string, opened: OpenedProducers) {
    this.#disk = disk;
    this.#kernels = kernels;
    this.#directory = directory;
    this.state = opened.state;
    this.#abortedBySegment = opened.abortedTransactions.size === 0 ? noneAborted : opened.abortedTransactions;
    for (const entries of opened.abortedTransactions.values()) this.abortedTransactions += entries;
    this.#latestSnapshotOffset = opened.latestSnapshotOffset;
  }

  /**
   * What a leader says to a client's batch of format 2, which is sound otherwise; nothing changes by it. As Kafka decides:
   *
   * - `DUPLICATE_SEQUENCE_NUMBER`: it is one of the producer's last five; `original` is the one that is there.
   * - `INVALID_PRODUCER_EPOCH`: a newer epoch of the producer has written here.
   * - `OUT_OF_ORDER_SEQUENCE_NUMBER`: it does not follow the last one, or does not begin a new epoch with 0. A producer of
   *   which nothing is known (new, expired) may begin anywhere.
   * - `INVALID_TXN_STATE`: outside of the transaction that is open, or one of a transaction that is not known to be
   *   open here and that nobody has verified (KIP-890).
   */
  check(view: DataView, batch: number, isVerified: boolean): ErrorCode {
    const producerId = producerIdAt(view, batch + PRODUCER_ID_AT);
    if (producerId === -1) return ErrorCode.NONE;
    const entry = this.state.get(producerId);
    const isInTransaction = isTransactional(view, batch);
    if (entry === undefined) return isInTransaction && !isVerified ? ErrorCode.INVALID_TXN_STATE : ErrorCode.NONE;
    const epoch = producerEpochOf(view, batch);
    const baseSequence = baseSequenceOf(view, batch);
    if (this.#isDuplicate(entry, epoch, baseSequence, lastSequenceOf(view, batch))) {
      return ErrorCode.DUPLICATE_SEQUENCE_NUMBER;
    }
    const staged = this.#staged;
    const hasStaged = staged.has(entry);
    const currentEpoch = hasStaged ? staged.epochOf(entry) : entry.epoch;
    const isOpen = hasStaged ? staged.isTransactional(entry) : entry.isInTransaction;
    if (isInTransaction && !isVerified && !(isOpen && epoch === currentEpoch)) return ErrorCode.INVALID_TXN_STATE;
    if (epoch < currentEpoch) return ErrorCode.INVALID_PRODUCER_EPOCH;
    if (currentEpoch !== NO_PRODUCER_EPOCH) {
      const lastSequence = this.#lastSequenceIn(entry, epoch);
      const expected = lastSequence === SEQUENCE_MAX ? 0 : lastSequence + 1;
      if (baseSequence !== expected) return ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER;
    }
    return isOpen && !isInTransaction ? ErrorCode.INVALID_TXN_STATE : ErrorCode.NONE;
  }

  #isDuplicate(entry: ProducerEntry, epoch: number, baseSequence: number, lastSequence: number): boolean {
    const left = this.#staged.find(entry, epoch, baseSequence, lastSequence, this.original);
    return left < 0 || (left > 0 && entry.find(baseSequence, lastSequence, left, this.original));
  }

  /** The batch, its head as it will be written, is staged: the next are judged behind it. */
  stage(view: DataView, batch: number): void {
    const producerId = producerIdAt(view, batch + PRODUCER_ID_AT);
    if (producerId === -1) return;
    const entry = this.state.obtain(producerId);
    if (this.#staged === noneStaged) this.#staged = new StagedBatches();
    const epoch = producerEpochOf(view, batch);
    const isMarker = isControl(view, batch);
    this.#staged.push(
      entry,
      epoch,
      baseSequenceOf(view, batch),
      isMarker ? this.#lastSequenceIn(entry, epoch) : lastSequenceOf(view, batch),
      baseOffsetOf(view, batch),
      lastOffsetOf(view, batch),
      maxTimestampOf(view, batch),
      isTransactional(view, batch) && !isMarker,
    );
  }

  /** The sequence number that the next batch follows; a marker has none of its own. */
  #lastSequenceIn(entry: ProducerEntry, epoch: number): number {
    const staged = this.#staged;
    if (staged.has(entry)) return staged.epochOf(entry) === epoch ? staged.lastSequenceOf(entry) : NO_SEQUENCE;
    return entry.epoch === epoch ? entry.lastSequence : NO_SEQUENCE;
  }

  /** Nothing of what is staged and not written will be. */
  dropStaged(): void {
    this.#staged.clear((entry) => {
      if (entry.epoch === NO_PRODUCER_EPOCH && entry.batches === 0) this.state.remove(entry);
    });
  }

  /**
   * The batch lies in the segment that begins at `segmentBaseOffset`. An error is one of the index of aborted
   * transactions, without which nobody may read on: the log has failed.
   */
  written(view: DataView, at: number, segmentBaseOffset: number): DiskError | null {
    const aborted = this.state.apply(view, at);
    this.#staged.written(this.state.endOffset - 1);
    if (aborted === null) return null;
    const entries = this.#abortedBySegment.get(segmentBaseOffset) ?? 0;
    if (this.#abortedBySegment === noneAborted) this.#abortedBySegment = new Map();
    this.#abortedBySegment.set(segmentBaseOffset, entries + 1);
    this.abortedTransactions++;
    return appendToTransactionIndex(this.#disk, this.#directory, segmentBaseOffset, entries, aborted);
  }

  /** The first offset that read_committed must not pass, Infinity when all transactions are decided. */
  get firstUnstableOffset(): number {
    return this.state.firstUnstableOffset;
  }

  highWatermarkMoved(offset: number): void {
    this.state.highWatermarkMoved(offset);
  }

  /** Forgets the producers that `expirationMs` is over for (`producer.id.expiration.ms`). */
  expire(nowMs: number, expirationMs: number): void {
    for (const entry of this.state.entries()) {
      if (!this.#staged.has(entry) && isExpired(entry, nowMs, expirationMs)) this.state.remove(entry);
    }
  }

  /**
   * Writes the state of now as `<end offset>.snapshot`, unless it is there: at a roll, where the new segment will begin,
   * and at the end of a log that is closed. Not synced.
   */
  takeSnapshot(endOffset: number): DiskError | null {
    this.state.endOffset = endOffset;
    if (endOffset <= this.#latestSnapshotOffset) return null;
    const error = writeProducerSnapshot(this.#disk, this.#kernels, this.#directory, this.state);
    if (error === null) this.#latestSnapshotOffset = endOffset;
    return error;
  }

  /** The files of a closed segment that tell of producers, as they are to be synced with it. */
  filesToSync(segmentBaseOffset: number, snapshotOffset: number): string[] {
    const paths: string[] = [];
    if (this.#abortedBySegment.has(segmentBaseOffset)) {
      paths.push(segmentPath(this.#directory, segmentBaseOffset, '.txnindex'));
    }
    if (snapshotOffset === this.#latestSnapshotOffset) {
      paths.push(segmentPath(this.#directory, snapshotOffset, '.snapshot'));
    }
    return paths;
  }

  segmentsRemoved(baseOffsets: readonly number[]): void {
    for (const baseOffset of baseOffsets) {
      this.abortedTransactions -= this.#abortedBySegment.get(baseOffset) ?? 0;
      this.#abortedBySegment.delete(baseOffset);
    }
  }
}
