import { assert } from '../base/assert.ts';
import { DiskError } from '../port/disk.ts';
import { sizeOf } from '../protocol/record_batch.ts';
import { advanceLogStartOffset, replaceSegments } from './closed_segments.ts';
import type { LeaderEpochs } from './leader_epochs.ts';
import { LogAppends } from './log_appends.ts';
import { LogCommits, type CommitDone, type WriteMode } from './log_commits.ts';
import { assertLogConfig, type LogConfig } from './log_config.ts';
import { LogFailure } from './log_failure.ts';
import { LogFlushes } from './log_flushes.ts';
import { LogOpening, type RecoveryReport } from './log_opening.ts';
import type { LogProducers } from './log_producers.ts';
import type { PublishedSegment } from './log_publication.ts';
import { rollTo } from './log_rolling.ts';
import { LogState, type PartitionLogOptions } from './log_state.ts';
import { truncateFullyAndStartAt, truncateTo } from './log_truncation.ts';
import { segmentPath } from './segment_names.ts';
import type { BatchMemory } from './staged_appends.ts';

export type { WriteMode } from './log_commits.ts';
export type { PartitionLogOptions } from './log_state.ts';
export type { BatchMemory } from './staged_appends.ts';

/**
 * The log of one replica: the only writer of its directory, used by one thread (the owner shard, or control for
 * the metadata log).
 *
 * Appends are staged, then committed together. What is visible ends at `logEndOffset` and, in the file, at
 * `activeSegmentBytes`; both move only when a write has succeeded. Offsets are assigned by the caller before staging:
 * the first staged batch begins at or above `stagedEndOffset`.
 *
 *     open ─► working ─┬─ close ─────────────────────────────────────────────────────► closed
 *                      └─ a sync fails, or a failed change cannot be undone ─► failed ─► closed
 */
export class PartitionLog {
  /** What the opening found and did. */
  readonly report: RecoveryReport;
  readonly #state: LogState;
  readonly #commits: LogCommits;
  readonly #flushes: LogFlushes;
  #isClosed = false;

  /**
   * Opens the log of a directory and recovers it. After a clean stop nothing but headers at the ends of the segments
   * is read. Otherwise every batch from the segment of the recovery point on is checked, and the log cut after the
   * last whole valid one. Blocks.
   */
  static open(options: PartitionLogOptions): PartitionLog | LogFailure {
    assertLogConfig(options.config);
    const opened = new LogOpening(options).run();
    if (opened instanceof LogFailure) return opened;
    const active = opened.segments.at(-1)!;
    const file = options.disk.open(segmentPath(options.directory, active.baseOffset, '.log'), 'write');
    if (file instanceof DiskError) return LogFailure.ofDisk(file);
    const state = new LogState(options, opened, file);
    state.index.begin(active.baseOffset, opened.activeIndexes);
    options.publication.setAbortedTransactions(state.producers.abortedTransactions);
    const failure = state.segments.publish();
    if (failure === null) return new PartitionLog(state, opened.report);
    file.close();
    return failure;
  }

  private constructor(state: LogState, report: RecoveryReport) {
    this.report = report;
    this.#state = state;
    this.#commits = new LogCommits(new LogAppends(state), state.logEndOffset);
    this.#flushes = new LogFlushes(state);
  }

  get directory(): string {
    return this.#state.directory;
  }

  /** Read by anybody on the owner's thread, changed by the log alone. */
  get leaderEpochs(): LeaderEpochs {
    return this.#state.leaderEpochs;
  }

  /** Who has written here, as far as that matters to what comes next; another one after a truncation. */
  get producers(): LogProducers {
    return this.#state.producers;
  }

  /** Offset of the first record that may be read. */
  get logStartOffset(): number {
    return this.#state.logStartOffset;
  }

  /** Offset after the last committed batch. */
  get logEndOffset(): number {
    return this.#state.logEndOffset;
  }

  /** Offset after the last staged batch; equals `logEndOffset` when nothing is staged or in flight. */
  get stagedEndOffset(): number {
    return this.#commits.stagedEndOffset;
  }

  /** All below it is on stable storage. */
  get recoveryPoint(): number {
    return this.#state.recoveryPoint;
  }

  get activeSegmentBaseOffset(): number {
    return this.#state.active.baseOffset;
  }

  /** Bytes of the active segment's file that hold committed batches. */
  get activeSegmentBytes(): number {
    return this.#state.active.bytes;
  }

  /** Committed bytes of all segments. */
  get sizeBytes(): number {
    return this.#state.segments.sizeBytes;
  }

  /** Oldest first, the active one last. */
  get segments(): readonly PublishedSegment[] {
    return this.#state.segments.all;
  }

  /** Something is staged that the next `commit` writes. */
  get hasStaged(): boolean {
    return this.#commits.hasStaged;
  }

  get stagedBytes(): number {
    return this.#commits.stagedBytes;
  }

  /** A commit is in flight (asynchronous mode). Staging goes on, the next commit waits for its `done`. */
  get isCommitting(): boolean {
    return this.#commits.isCommitting;
  }

  /** There are committed bytes, or a truncation, that were not synced. */
  get isDirty(): boolean {
    return this.#state.isDirty;
  }

  /** Why the log failed for good, null while it works. */
  get failure(): LogFailure | null {
    return this.#state.failure;
  }

  get config(): LogConfig {
    return this.#state.config;
  }

  /** Holds from the next commit on. */
  configure(config: LogConfig): void {
    assertLogConfig(config);
    this.#state.config = config;
  }

  /** Takes effect with the next commit. */
  setWriteMode(mode: WriteMode): void {
    this.#commits.writeMode = mode;
  }

  /**
   * Takes `memory.bytes[start, end)`, one or more whole batches whose offsets and leader epochs are assigned, for
   * the next commit. The memory must not change until that commit's `done`. Nothing is copied.
   */
  stage(memory: BatchMemory, start: number, end: number): void {
    assert(!this.#isClosed, 'a closed log takes nothing');
    this.#commits.stage(memory, start, end);
    for (let at = start; at < end; at += sizeOf(memory.view, at)) this.#state.producers.stage(memory.view, at);
  }

  /**
   * Writes all that is staged: vectored writes of 64 KiB, or of one batch, segment by segment. `done` is called once: with
   * null when all of it took place, else with the failure, and then what ends at or below `logEndOffset` took place
   * and the rest did not (nothing of it is in the file; the offsets are free again). Appends staged behind a failed
   * commit while it was in flight fail with it. Not while `isCommitting`.
   */
  commit(done: CommitDone): void {
    this.#commits.commit(this.#state.failure === null ? null : this.#state.refused(), done);
  }

  /**
   * Syncs everything up to the log end offset of now; the recovery point follows. Calls join: one that comes while a
   * sync is in flight is served by the next. A failed sync fails the log for good; one that is put off for want of a
   * descriptor (`isPassing`) does not, and the next one makes up for it. `done` may be called at once when there is nothing
   * to sync.
   */
  flush(done: (failure: LogFailure | null) => void): void {
    if (this.#state.failure !== null) return done(this.#state.refused());
    this.#flushes.flush(done);
  }

  /**
   * The same, blocking: what is committed, and that nothing else is in the file, is on stable storage when this returns
   * null. For a thread whose log decides what it does next; a shard never waits.
   */
  flushNow(): LogFailure | null {
    if (this.#state.failure !== null) return this.#state.refused();
    assert(!this.isCommitting, 'no blocking flush under a commit');
    return this.#flushes.flushNow();
  }

  /** By `flush.messages` and `flush.ms`, at `nowMs` of the monotonic clock. */
  isFlushDue(nowMs: number): boolean {
    return this.#flushes.isDue(nowMs);
  }

  /**
   * This replica leads from now on: `epoch` begins at the log end offset. The checkpoint gets it with the next flush: an
   * epoch without a record is not missed, and a start does not write a file for each of its partitions.
   */
  beginLeaderEpoch(epoch: number): void {
    const { leaderEpochs, epochFile, logEndOffset } = this.#state;
    if (leaderEpochs.assign(epoch, logEndOffset)) epochFile.changed();
  }

  /** Its log directory has failed: nothing is written or synced any more. */
  failWith(failure: LogFailure): void {
    this.#state.fail(failure);
  }

  /** Closes the active segment when it is not empty and begins a new one at the log end offset. */
  roll(): LogFailure | null {
    if (this.#state.failure !== null) return this.#state.refused();
    assert(!this.isCommitting && !this.hasStaged, 'no roll under a commit');
    return this.#state.active.bytes === 0 ? null : rollTo(this.#state, this.#state.logEndOffset);
  }

  /**
   * Removes everything at and above `offset` (a batch that straddles it goes as a whole). Raises readEpoch first.
   * Nothing may be staged or in flight. The recovery-point checkpoint on disk must not lie above `offset` when this is
   * called: after a crash, an end below the recovery point is taken for a loss. Blocks until the cut is on stable
   * storage: what was cut off must not come back in front of what is written next.
   */
  truncateTo(offset: number): LogFailure | null {
    if (this.#state.failure !== null) return this.#state.refused();
    assert(!this.isCommitting && !this.hasStaged, 'no truncation under a commit');
    if (offset >= this.#state.logEndOffset) return null;
    return this.#truncated(truncateTo(this.#state, offset));
  }

  /**
   * Drops all segments and begins an empty log at `offset` (a follower whose end is below the leader's start). The
   * rules of `truncateTo` hold.
   */
  truncateFullyAndStartAt(offset: number): LogFailure | null {
    if (this.#state.failure !== null) return this.#state.refused();
    assert(!this.isCommitting && !this.hasStaged, 'no truncation under a commit');
    return this.#truncated(truncateFullyAndStartAt(this.#state, offset));
  }

  /**
   * Moves the start forward; closed segments wholly below it are removed. `refused` when `offset` is above the log end
   * offset; nothing happens when it is below the start.
   */
  advanceLogStartOffset(offset: number): LogFailure | null {
    if (this.#state.failure !== null) return this.#state.refused();
    return advanceLogStartOffset(this.#state, offset);
  }

  /** Removes the `count` oldest closed segments; the log then begins with the next one, or later. */
  deleteOldestSegments(count: number): LogFailure | null {
    assert(count > 0 && count < this.#state.segments.all.length, 'the active segment stays');
    return this.advanceLogStartOffset(
      Math.max(this.#state.logStartOffset, this.#state.segments.all[count]!.baseOffset),
    );
  }

  /**
   * Puts `replacements` (base offsets of finished and synced `.cleaned` segments in this directory, ascending) in the
   * place of the closed segments `old` (base offsets, ascending). `refused` when the log changed meanwhile.
   */
  replaceSegments(old: readonly number[], replacements: readonly number[]): LogFailure | null {
    if (this.#state.failure !== null) return this.#state.refused();
    assert(old.length > 0 && replacements.length > 0 && replacements[0]! >= old[0]!, 'segments take a place');
    return replaceSegments(this.#state, old, replacements);
  }

  /**
   * Gives the files back. `clean`: indexes are written and everything is synced before (blocks), so that the mark of a
   * clean stop may be set when this returned null. Nothing may be staged or in flight, a flush neither: what it says is lost.
   */
  close(clean: boolean): LogFailure | null {
    assert(!this.#isClosed && !this.isCommitting, 'a log is closed once, and not under a commit');
    this.#isClosed = true;
    const { removals, flusher, index, file } = this.#state;
    const failure = clean ? this.#settle() : null;
    removals.stop();
    flusher.stop();
    index.close();
    file.close();
    return failure;
  }

  #settle(): LogFailure | null {
    return this.#state.failure === null ? this.#flushes.settle() : this.#state.refused();
  }

  #truncated(failure: LogFailure | null): LogFailure | null {
    this.#commits.truncated(this.#state.logEndOffset);
    return failure;
  }
}
