import type { Disk } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import { RowSnapshot } from '../shared-memory/partition_table.ts';
import type { PartitionTable } from '../shared-memory/partition_table.ts';
import { SegmentEntry } from '../shared-memory/segment_lists.ts';
import type { SegmentListReader } from '../shared-memory/segment_lists.ts';
import { LogFailure } from './log_failure.ts';
import { readTransactionIndex } from './transaction_index.ts';
import type { AbortedTransaction } from './transaction_index.ts';

export interface AbortedTransactionsOptions {
  readonly disk: Disk;
  readonly table: PartitionTable;
  readonly segmentLists: SegmentListReader;
  /** The directory of the replica in that row. */
  readonly directoryOf: (slot: number) => string;
  /** Partitions whose indexes are kept in memory. */
  readonly partitionsMax: number;
}

/** What was read of one partition, for as long as its row says the same. */
interface KnownPartition {
  readonly incarnation: number;
  readonly readEpoch: number;
  readonly count: number;
  /** By base offset of the segment. */
  readonly indexes: Map<number, readonly AbortedTransaction[]>;
}

/**
 * The aborted transactions that a read_committed fetch is told of (KIP-98), for any partition of the node: the reader's side
 * of the transaction indexes, for one thread. A partition without aborted transactions costs a look at its row.
 *
 * Blocks for files that are not known yet: a few entries of 34 bytes in each segment that has any.
 */
export class AbortedTransactions {
  /** Why the last call that answered `failed` did so. */
  failure: LogFailure | null = null;
  readonly #options: AbortedTransactionsOptions;
  /** By slot, the one used last at the end. */
  readonly #known = new Map<number, KnownPartition>();
  readonly #entry = new SegmentEntry();
  readonly #rowNow = new RowSnapshot();

  constructor(options: AbortedTransactionsOptions) {
    this.#options = options;
  }

  /**
   * Puts into `out` the transactions with records in `[offset, endOffset)` whose markers, wherever they lie, say that they
   * were aborted; by their markers' offsets. `row` is the snapshot that the records were read under: `changed` when they
   * are not to be used any more.
   */
  collect(
    row: RowSnapshot,
    offset: number,
    endOffset: number,
    out: AbortedTransaction[],
  ): 'found' | 'changed' | 'failed' {
    out.length = 0;
    if (row.abortedTransactions === 0 || offset >= endOffset) return 'found';
    const { segmentLists, table } = this.#options;
    if (row.segmentCount === 0) return 'changed';
    const known = this.#knownOf(row);
    for (let index = Math.max(0, segmentLists.floor(row, offset)); index < row.segmentCount; index++) {
      segmentLists.read(row, index, this.#entry);
      if (!table.hasSameSegments(row)) return 'changed';
      const transactions = this.#indexOf(row, this.#entry.baseOffset, known);
      if (transactions instanceof LogFailure) return this.#failedOrChanged(transactions, row);
      for (const transaction of transactions) {
        if (transaction.lastOffset >= offset && transaction.firstOffset < endOffset) out.push(transaction);
        if (transaction.lastStableOffset >= endOffset) return 'found';
      }
    }
    return 'found';
  }

  /** Forgets what it knows of a row that was freed or moved. */
  closeSlot(slot: number): void {
    this.#known.delete(slot);
  }

  #knownOf(row: RowSnapshot): KnownPartition {
    const { slot, incarnation, readEpoch, abortedTransactions: count } = row;
    let known = this.#known.get(slot);
    this.#known.delete(slot);
    const isCurrent =
      known !== undefined &&
      known.incarnation === incarnation &&
      known.readEpoch === readEpoch &&
      known.count === count;
    if (known === undefined || !isCurrent) known = { incarnation, readEpoch, count, indexes: new Map() };
    this.#known.set(slot, known);
    if (this.#known.size > this.#options.partitionsMax) this.#known.delete(this.#known.keys().next().value!);
    return known;
  }

  #indexOf(
    row: RowSnapshot,
    baseOffset: number,
    { indexes }: KnownPartition,
  ): readonly AbortedTransaction[] | LogFailure {
    const found = indexes.get(baseOffset);
    if (found !== undefined) return found;
    const { disk, directoryOf } = this.#options;
    const directory = directoryOf(row.slot);
    // The owner may be writing the next entry: what is behind the last whole one is nobody's yet.
    const read = readTransactionIndex(disk, directory, baseOffset, Infinity);
    if (read instanceof DiskError) return LogFailure.ofDisk(read);
    if (read === null) return new LogFailure('corrupt', directory, `the transaction index of segment ${baseOffset}`);
    indexes.set(baseOffset, read);
    return read;
  }

  /** A file that is gone is a failure only when the owner has not changed the log. */
  #failedOrChanged(failure: LogFailure, row: RowSnapshot): 'changed' | 'failed' {
    const isTaken = this.#options.table.snapshot(row.slot, this.#rowNow);
    if (!isTaken || this.#rowNow.readEpoch !== row.readEpoch) return 'changed';
    this.failure = failure;
    return 'failed';
  }
}
