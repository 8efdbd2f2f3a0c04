import { AbortedTransactions } from '../log/aborted_transactions.ts';
import type { LogFailure } from '../log/log_failure.ts';
import { LogReader } from '../log/log_reader.ts';
import { RecentReads } from '../log/read_policy.ts';
import type { ThreadMemory } from '../shared-memory/thread_memory.ts';
import type { ShardPorts } from './shard_ports.ts';

/** What a shard keeps open, and in memory, to read logs: those of every shard, each with descriptors of its own. */
export class LogReading {
  readonly reader: LogReader;
  readonly abortedTransactions: AbortedTransactions;

  /** @param failed a file of the log in this row could not be read */
  constructor(
    { disk, clock }: ShardPorts,
    { table, indexTails, segments }: ThreadMemory,
    directoryOf: (slot: number) => string,
    failed: (slot: number, failure: LogFailure) => void,
  ) {
    this.reader = new LogReader({
      disk,
      clock,
      table,
      indexTails,
      segmentLists: segments,
      policy: new RecentReads(READ_WITHOUT_WAITING_BYTES),
      directoryOf,
      failed,
      segmentsMax: SEGMENTS_MAX,
    });
    this.abortedTransactions = new AbortedTransactions({
      disk,
      table,
      segmentLists: segments,
      directoryOf,
      partitionsMax: ABORTED_PARTITIONS_MAX,
    });
  }

  /** The partition in this row is gone. */
  forget(slot: number): void {
    this.reader.closeSlot(slot);
    this.abortedTransactions.closeSlot(slot);
  }

  close(): void {
    this.reader.close();
  }
}

/** Partitions whose aborted transactions a shard keeps in memory. */
const ABORTED_PARTITIONS_MAX = 1024;
/** Segments that a shard keeps open for reading. */
const SEGMENTS_MAX = 1024;
/** The end of a log that was written so recently that the page cache has it. */
const READ_WITHOUT_WAITING_BYTES = 256 * 1024 * 1024;
