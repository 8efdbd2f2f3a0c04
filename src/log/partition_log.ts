import { assert } from '../base/assert.ts';
import type { Clock } from '../port/clock.ts';
import type { Disk } from '../port/disk.ts';
import type { Entropy } from '../port/entropy.ts';
import type { Kernels } from '../port/kernels.ts';
import type { IndexTailWriter } from '../shared-memory/index_tail.ts';
import type { LogConfig } from './log_config.ts';
import type { LogFailure } from './log_failure.ts';
import type { BatchObserver } from './batch_observer.ts';
import type { LogPublication, PublishedSegment } from './log_publication.ts';

/** Memory that staged batches lie in, with the view that is kept over all of it. An `Arena` is one. */
export interface BatchMemory {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

export interface PartitionLogOptions {
  readonly disk: Disk;
  readonly kernels: Kernels;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** The partition's directory, without a slash at the end. Created when missing. */
  readonly directory: string;
  readonly config: LogConfig;
  readonly indexTail: IndexTailWriter;
  readonly publication: LogPublication;
  readonly observer: BatchObserver;
  /** From `log-start-offset-checkpoint`, 0 when it has no entry. */
  readonly logStartOffset: number;
  /** From `recovery-point-offset-checkpoint`, 0 when it has no entry: everything below was synced. */
  readonly recoveryPoint: number;
  /** The data directory carried the mark of a clean stop when the node started. */
  readonly cleanShutdown: boolean;
  /**
   * What to do with a closed segment that is damaged at or above the recovery point, where later segments follow:
   * `cut` keeps the longest whole prefix, as Apache Kafka does; `refuse` reports it. Below the recovery point it is
   * always refused.
   */
  readonly damageAboveRecoveryPoint: 'cut' | 'refuse';
}

/** What the opening of a log found and did. */
export interface RecoveryReport {
  /** Batches whose bytes were checked. 0 after a clean stop. */
  scannedBatches: number;
  scannedBytes: number;
  /** Bytes cut off after the last whole valid batch, and segments dropped after it. */
  truncatedBytes: number;
  droppedSegments: number;
  /** Segments whose indexes were made anew. */
  rebuiltIndexes: number;
}

/** `synchronous`: done is called before commit returns. `asynchronous`: the disk's pool writes, one commit in flight. */
export type WriteMode = 'synchronous' | 'asynchronous';

/**
 * The log of one replica: the only writer of its directory, used by one thread (the owner shard, or control for
 * the metadata log).
 *
 * Appends are staged, then committed together. What is visible ends at `logEndOffset` and, in the file, at
 * `activeSegmentBytes`; both move only when a write has succeeded. Offsets are assigned by the caller before staging:
 * the first staged batch begins at or above `stagedEndOffset`.
 */
export class PartitionLog {
  readonly directory: string;
  readonly report: RecoveryReport;

  /**
   * Opens the log of a directory and recovers it. After a clean stop nothing but headers at the ends of the segments
   * is read. Otherwise every batch from the segment of the recovery point on is checked, and the log cut after the
   * last whole valid one. Blocks.
   */
  static open(_options: PartitionLogOptions): PartitionLog | LogFailure {
    throw new Error('not built');
  }

  private constructor(directory: string, report: RecoveryReport) {
    this.directory = directory;
    this.report = report;
  }

  /** Offset of the first record that may be read. */
  get logStartOffset(): number {
    throw new Error('not built');
  }

  /** Offset after the last committed batch. */
  get logEndOffset(): number {
    throw new Error('not built');
  }

  /** Offset after the last staged batch; equals `logEndOffset` when nothing is staged or in flight. */
  get stagedEndOffset(): number {
    throw new Error('not built');
  }

  /** All below it is on stable storage. */
  get recoveryPoint(): number {
    throw new Error('not built');
  }

  get activeSegmentBaseOffset(): number {
    throw new Error('not built');
  }

  /** Bytes of the active segment's file that hold committed batches. */
  get activeSegmentBytes(): number {
    throw new Error('not built');
  }

  /** Committed bytes of all segments. */
  get sizeBytes(): number {
    throw new Error('not built');
  }

  /** Oldest first, the active one last. */
  get segments(): readonly PublishedSegment[] {
    throw new Error('not built');
  }

  /** Something is staged that the next `commit` writes. */
  get hasStaged(): boolean {
    throw new Error('not built');
  }

  get stagedBytes(): number {
    throw new Error('not built');
  }

  /** A commit is in flight (asynchronous mode). Staging goes on, the next commit waits for its `done`. */
  get isCommitting(): boolean {
    throw new Error('not built');
  }

  /** There are committed bytes that were not synced. */
  get isDirty(): boolean {
    throw new Error('not built');
  }

  /** Why the log failed for good, null while it works. */
  get failure(): LogFailure | null {
    throw new Error('not built');
  }

  get config(): LogConfig {
    throw new Error('not built');
  }

  /** Holds from the next commit on. */
  configure(_config: LogConfig): void {
    throw new Error('not built');
  }

  /** Takes effect with the next commit. */
  setWriteMode(_mode: WriteMode): void {
    throw new Error('not built');
  }

  /**
   * Takes `memory.bytes[start, end)`, one or more whole batches whose offsets and leader epochs are assigned, for
   * the next commit. The memory must not change until that commit's `done`. Nothing is copied.
   */
  stage(_memory: BatchMemory, _start: number, _end: number): void {
    assert(false, 'not built');
  }

  /**
   * Writes all that is staged: one vectored write for each segment that it touches. `done` is called once: with
   * null when all of it took place, else with the failure, and then what ends at or below `logEndOffset` took place
   * and the rest did not (nothing of it is in the file; the offsets are free again). Appends staged behind a failed
   * commit while it was in flight fail with it. Not while `isCommitting`.
   */
  commit(_done: (failure: LogFailure | null) => void): void {
    throw new Error('not built');
  }

  /**
   * Syncs everything up to the log end offset of now; the recovery point follows. Calls join: one that comes while a
   * sync is in flight is served by the next. A failed sync fails the log for good.
   */
  flush(_done: (failure: LogFailure | null) => void): void {
    throw new Error('not built');
  }

  /** By `flush.messages` and `flush.ms`, at `nowMs` of the monotonic clock. */
  isFlushDue(_nowMs: number): boolean {
    throw new Error('not built');
  }

  /** Closes the active segment when it is not empty and begins a new one at the log end offset. */
  roll(): LogFailure | null {
    throw new Error('not built');
  }

  /**
   * Removes everything at and above `offset` (a batch that straddles it goes as a whole). Raises readEpoch first.
   * Not while committing. The recovery-point checkpoint on disk must not lie above `offset` when this is called.
   */
  truncateTo(_offset: number): LogFailure | null {
    throw new Error('not built');
  }

  /** Drops all segments and begins an empty log at `offset` (a follower whose end is below the leader's start). */
  truncateFullyAndStartAt(_offset: number): LogFailure | null {
    throw new Error('not built');
  }

  /** Moves the start forward; segments wholly below it are removed. False when `offset` is above the log end offset. */
  advanceLogStartOffset(_offset: number): boolean {
    throw new Error('not built');
  }

  /**
   * Puts `replacements` (base offsets of finished `.cleaned` segments in this directory, ascending) in the place of
   * the closed segments `old` (base offsets). Null when done; `refused` when the log changed meanwhile.
   */
  replaceSegments(_old: readonly number[], _replacements: readonly number[]): LogFailure | null {
    throw new Error('not built');
  }

  /** Removes the oldest closed segments: `.deleted` first, the file itself after `file.delete.delay.ms`. */
  deleteOldestSegments(_count: number): LogFailure | null {
    throw new Error('not built');
  }

  /**
   * Gives the files back. `clean`: indexes are written and everything is synced before (blocks), so that the mark of a
   * clean stop may be set when this returned null. Nothing may be staged or in flight.
   */
  close(_clean: boolean): LogFailure | null {
    throw new Error('not built');
  }
}
