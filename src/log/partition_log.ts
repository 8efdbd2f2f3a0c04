import { assert } from '../base/assert.ts';
import type { File } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import type { Entropy } from '../port/entropy.ts';
import { int64At, sizeOf } from '../protocol/record_batch.ts';
import type { IndexTailWriter } from '../shared-memory/index_tail.ts';
import { ActiveIndex } from './active_index.ts';
import { batchLastOffset, batchLeaderEpoch, batchMaxTimestamp } from './batch_header.ts';
import { BatchScanner } from './batch_scanner.ts';
import { SegmentIndexes } from './index_files.ts';
import { LeaderEpochFile } from './leader_epoch_file.ts';
import type { LeaderEpochs } from './leader_epochs.ts';
import { LogCommits } from './log_commits.ts';
import type { CommitDone, CommittingLog, WriteMode } from './log_commits.ts';
import type { LogConfig } from './log_config.ts';
import { assertLogConfig } from './log_config.ts';
import { LogFailure } from './log_failure.ts';
import { LogFlusher } from './log_flusher.ts';
import type { FlushSource } from './log_flusher.ts';
import { LogOpening } from './log_opening.ts';
import { LogProducers } from './log_producers.ts';
import type { LogOpeningOptions, OpenedLog, RecoveryReport } from './log_opening.ts';
import type { LogPublication, PublishedSegment } from './log_publication.ts';
import { LogSegments } from './log_segments.ts';
import { reopenProducers } from './producer_opening.ts';
import { cutSegment } from './log_truncation.ts';
import type { Segment } from './segment.ts';
import { createSegmentFiles } from './segment_files.ts';
import { segmentPath } from './segment_names.ts';
import { SegmentRemovals } from './segment_removals.ts';
import { replaceSegmentFiles } from './segment_replacement.ts';
import { loadClosedSegments } from './segment_walk.ts';
import type { BatchMemory } from './staged_appends.ts';

export type { WriteMode } from './log_commits.ts';
export type { BatchMemory } from './staged_appends.ts';

export interface PartitionLogOptions extends LogOpeningOptions {
  readonly entropy: Entropy;
  readonly indexTail: IndexTailWriter;
  readonly publication: LogPublication;
  /**
   * The sync that seals the undoing of a failed write does not block: `done` of its commit comes in a later event. Left
   * out: it blocks.
   */
  readonly undoesLater?: boolean;
}

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
  readonly directory: string;
  /** What the opening found and did. */
  readonly report: RecoveryReport;
  /** Read by anybody on the owner's thread, changed by the log alone. */
  readonly leaderEpochs: LeaderEpochs;

  readonly #options: PartitionLogOptions;
  readonly #segments: LogSegments;
  readonly #index: ActiveIndex;
  readonly #flusher: LogFlusher;
  readonly #epochFile: LeaderEpochFile;
  readonly #commits: LogCommits;
  readonly #removals: SegmentRemovals;
  #producers: LogProducers;
  #active: Segment;
  #file: File;
  #config: LogConfig;
  #logStartOffset: number;
  #logEndOffset: number;
  #recoveryPoint: number;
  #lastFlushMs: number;
  #failure: LogFailure | null = null;
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
    const log = new PartitionLog(options, opened, file);
    log.#index.begin(active.baseOffset, opened.activeIndexes);
    options.publication.setAbortedTransactions(log.producers.abortedTransactions);
    const failure = log.#segments.publish();
    if (failure === null) return log;
    file.close();
    return failure;
  }

  private constructor(options: PartitionLogOptions, opened: OpenedLog, file: File) {
    this.directory = options.directory;
    this.report = opened.report;
    this.leaderEpochs = opened.leaderEpochs;
    this.#producers = new LogProducers(options.disk, options.kernels, options.directory, opened.producers);
    this.#options = options;
    this.#config = options.config;
    const { publication, clock, entropy } = options;
    this.#segments = new LogSegments(opened.segments, options.directory, publication, clock, entropy);
    this.#active = opened.segments.at(-1)!;
    this.#active.jitterMs = this.#segments.drawJitter(options.config);
    this.#file = file;
    this.#logStartOffset = opened.logStartOffset;
    this.#logEndOffset = this.#active.nextOffset;
    this.#recoveryPoint = opened.recoveryPoint;
    this.#lastFlushMs = options.clock.monotonicMs();
    this.#index = new ActiveIndex(options.disk, options.directory, options.indexTail);
    this.#commits = new LogCommits(this.#committingLog(), this.#logEndOffset);
    this.#flusher = new LogFlusher(options.disk, options.directory, this.#flushSource());
    // After a crash nobody knows whether the directory's own name was synced.
    this.#flusher.namesChanged(opened.isNew || !options.cleanShutdown);
    for (const { baseOffset, nextOffset } of opened.segments.slice(0, -1)) {
      // One that ends at the recovery point may have been cut there by a truncation that was not synced.
      if (nextOffset < this.#recoveryPoint) continue;
      this.#flusher.foundUnsynced(baseOffset, nextOffset, this.#producers.filesToSync(baseOffset, nextOffset));
    }
    this.#removals = new SegmentRemovals(options.disk, options.clock, options.directory);
    this.#epochFile = new LeaderEpochFile(options.disk, options.kernels, options.directory, opened.leaderEpochs);
  }

  /** Who has written here, as far as that matters to what comes next; another one after a truncation. */
  get producers(): LogProducers {
    return this.#producers;
  }

  /** Offset of the first record that may be read. */
  get logStartOffset(): number {
    return this.#logStartOffset;
  }

  /** Offset after the last committed batch. */
  get logEndOffset(): number {
    return this.#logEndOffset;
  }

  /** Offset after the last staged batch; equals `logEndOffset` when nothing is staged or in flight. */
  get stagedEndOffset(): number {
    return this.#commits.stagedEndOffset;
  }

  /** All below it is on stable storage. */
  get recoveryPoint(): number {
    return this.#recoveryPoint;
  }

  get activeSegmentBaseOffset(): number {
    return this.#active.baseOffset;
  }

  /** Bytes of the active segment's file that hold committed batches. */
  get activeSegmentBytes(): number {
    return this.#active.bytes;
  }

  /** Committed bytes of all segments. */
  get sizeBytes(): number {
    return this.#segments.sizeBytes;
  }

  /** Oldest first, the active one last. */
  get segments(): readonly PublishedSegment[] {
    return this.#segments.all;
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
    return this.#recoveryPoint < this.#logEndOffset || this.#flusher.isTruncated;
  }

  /** Why the log failed for good, null while it works. */
  get failure(): LogFailure | null {
    return this.#failure;
  }

  get config(): LogConfig {
    return this.#config;
  }

  /** Holds from the next commit on. */
  configure(config: LogConfig): void {
    assertLogConfig(config);
    this.#config = config;
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
    for (let at = start; at < end; at += sizeOf(memory.view, at)) this.#producers.stage(memory.view, at);
  }

  /**
   * Writes all that is staged: one vectored write for each segment that it touches. `done` is called once: with
   * null when all of it took place, else with the failure, and then what ends at or below `logEndOffset` took place
   * and the rest did not (nothing of it is in the file; the offsets are free again). Appends staged behind a failed
   * commit while it was in flight fail with it. Not while `isCommitting`.
   */
  commit(done: CommitDone): void {
    this.#commits.commit(this.#failure === null ? null : this.#refused(), done);
  }

  /**
   * Syncs everything up to the log end offset of now; the recovery point follows. Calls join: one that comes while a
   * sync is in flight is served by the next. A failed sync fails the log for good. `done` may be called at once when
   * there is nothing to sync.
   */
  flush(done: (failure: LogFailure | null) => void): void {
    if (this.#failure !== null) return done(this.#refused());
    this.#epochFile.writeChanged();
    this.#lastFlushMs = this.#options.clock.monotonicMs();
    if (!this.isDirty) return done(null);
    // An index entry that cannot be written stays in the tail: it is only needed to find things faster.
    this.#index.writeTail();
    // A sync that failed while this one was under way may have taken its pages: that it succeeds says nothing then.
    this.#flusher.flush((failure) => done(failure ?? (this.#failure === null ? null : this.#refused())));
  }

  /**
   * The same, blocking: what is committed, and that nothing else is in the file, is on stable storage when this returns
   * null. For a thread whose log decides what it does next; a shard never waits.
   */
  flushNow(): LogFailure | null {
    if (this.#failure !== null) return this.#refused();
    assert(!this.isCommitting, 'no blocking flush under a commit');
    this.#epochFile.writeChanged();
    const error = this.#flusher.syncAllNow();
    if (error !== null) return this.#fail(LogFailure.ofDisk(error));
    this.#recoveryPoint = this.#logEndOffset;
    this.#lastFlushMs = this.#options.clock.monotonicMs();
    return null;
  }

  /** By `flush.messages` and `flush.ms`, at `nowMs` of the monotonic clock. */
  isFlushDue(nowMs: number): boolean {
    if (!this.isDirty || this.#failure !== null) return false;
    const unflushed = this.#logEndOffset - this.#recoveryPoint;
    return unflushed >= this.#config.flushMessages || nowMs - this.#lastFlushMs >= this.#config.flushMs;
  }

  /**
   * This replica leads from now on: `epoch` begins at the log end offset. The checkpoint gets it with the next flush: an
   * epoch without a record is not missed, and a start does not write a file for each of its partitions.
   */
  beginLeaderEpoch(epoch: number): void {
    if (this.leaderEpochs.assign(epoch, this.#logEndOffset)) this.#epochFile.changed();
  }

  /** Its log directory has failed: nothing is written or synced any more. */
  failWith(failure: LogFailure): void {
    this.#fail(failure);
  }

  /** Closes the active segment when it is not empty and begins a new one at the log end offset. */
  roll(): LogFailure | null {
    if (this.#failure !== null) return this.#refused();
    assert(!this.isCommitting && !this.hasStaged, 'no roll under a commit');
    return this.#active.bytes === 0 ? null : this.#rollTo(this.#logEndOffset);
  }

  /**
   * Removes everything at and above `offset` (a batch that straddles it goes as a whole). Raises readEpoch first.
   * Nothing may be staged or in flight. The recovery-point checkpoint on disk must not lie above `offset` when this is
   * called: after a crash, an end below the recovery point is taken for a loss. Blocks until the cut is on stable
   * storage: what was cut off must not come back in front of what is written next.
   */
  truncateTo(offset: number): LogFailure | null {
    if (this.#failure !== null) return this.#refused();
    assert(!this.isCommitting && !this.hasStaged, 'no truncation under a commit');
    if (offset >= this.#logEndOffset) return null;
    if (offset < this.#segments.all[0]!.baseOffset) return this.truncateFullyAndStartAt(offset);
    this.#options.publication.raiseReadEpoch();
    const keep = this.#segments.all.findLastIndex((segment) => segment.baseOffset <= offset);
    const { disk, kernels } = this.#options;
    this.#flusher.truncated(offset);
    // The entries of a segment that stays are cut with those in its files; those of another go with it.
    if (keep === this.#segments.all.length - 1) this.#index.writeTail();
    const markError = this.#remove(this.#segments.all.slice(keep + 1).toReversed());
    if (markError !== null) return this.#fail(LogFailure.ofDisk(markError));
    const old = this.#segments.all[keep]!;
    const fileError = this.#openFile(old.baseOffset);
    if (fileError !== null) return this.#fail(LogFailure.ofDisk(fileError));
    const segment = this.#segments.create(old.baseOffset, this.#config);
    const interval = this.#config.indexIntervalBytes;
    const scanner = new BatchScanner(kernels);
    const cut = cutSegment(disk, scanner, this.directory, this.#file, old, offset, segment, interval);
    if (cut instanceof LogFailure) return this.#fail(cut);
    this.#segments.all.length = keep;
    this.#segments.all.push(segment);
    return this.#truncated(offset, segment, cut.indexes);
  }

  /**
   * Drops all segments and begins an empty log at `offset` (a follower whose end is below the leader's start). The
   * rules of `truncateTo` hold.
   */
  truncateFullyAndStartAt(offset: number): LogFailure | null {
    if (this.#failure !== null) return this.#refused();
    assert(!this.isCommitting && !this.hasStaged, 'no truncation under a commit');
    const { disk, publication } = this.#options;
    publication.raiseReadEpoch();
    this.#flusher.truncated(-1);
    const error =
      this.#remove(this.#segments.all.toReversed()) ??
      createSegmentFiles(disk, this.directory, offset) ??
      this.#openFile(offset);
    if (error !== null) return this.#fail(LogFailure.ofDisk(error));
    this.#logStartOffset = offset;
    this.#segments.all.length = 0;
    const segment = this.#segments.create(offset, this.#config);
    this.#segments.all.push(segment);
    this.leaderEpochs.clear();
    this.#recoveryPoint = Math.min(this.#recoveryPoint, offset);
    return this.#truncated(offset, segment, new SegmentIndexes());
  }

  /**
   * Moves the start forward; closed segments wholly below it are removed. `refused` when `offset` is above the log end
   * offset; nothing happens when it is below the start.
   */
  advanceLogStartOffset(offset: number): LogFailure | null {
    if (this.#failure !== null) return this.#refused();
    if (offset > this.#logEndOffset) return new LogFailure('refused', this.directory, 'a start above the end');
    if (offset <= this.#logStartOffset) return null;
    this.#logStartOffset = offset;
    let count = 0;
    while (count + 1 < this.#segments.all.length && this.#segments.all[count + 1]!.baseOffset <= offset) count++;
    const failure = count === 0 ? null : this.#dropOldest(count);
    if (this.leaderEpochs.truncateFromStart(offset)) this.#epochFile.write();
    return failure;
  }

  /** Removes the `count` oldest closed segments; the log then begins with the next one, or later. */
  deleteOldestSegments(count: number): LogFailure | null {
    assert(count > 0 && count < this.#segments.all.length, 'the active segment stays');
    return this.advanceLogStartOffset(Math.max(this.#logStartOffset, this.#segments.all[count]!.baseOffset));
  }

  /**
   * Puts `replacements` (base offsets of finished and synced `.cleaned` segments in this directory, ascending) in the
   * place of the closed segments `old` (base offsets, ascending). `refused` when the log changed meanwhile.
   */
  replaceSegments(old: readonly number[], replacements: readonly number[]): LogFailure | null {
    if (this.#failure !== null) return this.#refused();
    assert(old.length > 0 && replacements.length > 0 && replacements[0]! >= old[0]!, 'segments take a place');
    const first = this.#segments.indexOfRun(old);
    if (first < 0) {
      return new LogFailure('refused', this.directory, 'the segments to replace are not there any more');
    }
    const { disk, kernels, publication } = this.#options;
    publication.raiseReadEpoch();
    this.#flusher.removed(old);
    const error = replaceSegmentFiles(disk, this.directory, old, replacements);
    if (error !== null) return this.#fail(LogFailure.ofDisk(error));
    const replaced = replacements.map((base) => this.#segments.create(base, this.#config));
    const after = this.#segments.all[first + old.length]!.baseOffset;
    const scanner = new BatchScanner(kernels);
    const loadFailure = loadClosedSegments(disk, scanner, this.directory, replaced, after, this.#config);
    if (loadFailure !== null) return this.#fail(loadFailure);
    this.#segments.all.splice(first, old.length, ...replaced);
    for (const base of old) this.#removals.unlinkLater(base, this.#config.fileDeleteDelayMs);
    return this.#publish();
  }

  /**
   * Gives the files back. `clean`: indexes are written and everything is synced before (blocks), so that the mark of a
   * clean stop may be set when this returned null. Nothing may be staged or in flight.
   */
  close(clean: boolean): LogFailure | null {
    assert(!this.#isClosed && !this.isCommitting, 'a log is closed once, and not under a commit');
    this.#isClosed = true;
    const failure = clean ? this.#settle() : null;
    this.#removals.stop();
    this.#flusher.stop();
    this.#index.close();
    this.#file.close();
    return failure;
  }

  #settle(): LogFailure | null {
    if (this.#failure !== null) return this.#refused();
    const active = this.#active;
    const error =
      this.#index.finish(active.largestTimestamp, active.offsetOfLargest - active.baseOffset) ??
      this.#file.sync() ??
      this.#producers.takeSnapshot(this.#logEndOffset) ??
      this.#flusher.syncBesideNow(
        active.baseOffset,
        this.#producers.filesToSync(active.baseOffset, this.#logEndOffset),
      ) ??
      this.#epochFile.writeNow() ??
      this.#flusher.syncNow();
    if (error !== null) return this.#fail(LogFailure.ofDisk(error));
    this.#recoveryPoint = this.#logEndOffset;
    return null;
  }

  /**
   * The file is cut back to what is committed, and the cut synced, before anybody hears of the failure: a batch that was
   * refused must not be there after a loss of power.
   */
  #undoWrite(error: DiskError, done: (failure: LogFailure) => void): void {
    const ended = (undoError: DiskError | null): void => {
      if (undoError !== null) this.#fail(LogFailure.ofDisk(undoError));
      done(LogFailure.ofDisk(error));
    };
    const cutError = this.#file.truncate(this.#active.bytes);
    if (cutError !== null) ended(cutError);
    else if (this.#options.undoesLater === true) this.#file.syncLater(ended);
    else ended(this.#file.sync());
  }

  #apply(view: DataView, at: number, bytes: number): void {
    const active = this.#active;
    const position = active.bytes;
    const lastOffset = batchLastOffset(view, at);
    const error = this.#producers.written(view, at, active.baseOffset);
    if (error !== null) this.#fail(LogFailure.ofDisk(error));
    const epoch = batchLeaderEpoch(view, at);
    if (epoch > this.leaderEpochs.latestEpoch) {
      this.leaderEpochs.assign(epoch, int64At(view, at));
      this.#epochFile.write();
    }
    if (active.extend(bytes, lastOffset, batchMaxTimestamp(view, at), this.#config.indexIntervalBytes)) {
      const base = active.baseOffset;
      this.#index.add(lastOffset - base, position, active.largestTimestamp, active.offsetOfLargest - base);
    }
  }

  #rollTo(baseOffset: number): LogFailure | null {
    const { disk } = this.#options;
    const old = this.#active;
    assert(baseOffset > old.baseOffset, 'segments ascend');
    const error =
      this.#index.finish(old.largestTimestamp, old.offsetOfLargest - old.baseOffset) ??
      this.#producers.takeSnapshot(baseOffset) ??
      createSegmentFiles(disk, this.directory, baseOffset);
    if (error !== null) return LogFailure.ofDisk(error);
    const file = disk.open(segmentPath(this.directory, baseOffset, '.log'), 'write');
    if (file instanceof DiskError) return LogFailure.ofDisk(file);
    // An empty segment that cannot hold the next offset leaves nothing behind.
    const isReplaced = old.bytes === 0;
    if (isReplaced) this.#segments.all.pop();
    const segment = this.#segments.create(baseOffset, this.#config);
    this.#segments.all.push(segment);
    const unpublished = this.#segments.publish();
    if (unpublished !== null) {
      this.#segments.all.pop();
      if (isReplaced) this.#segments.all.push(old);
      file.close();
      disk.unlink(segmentPath(this.directory, baseOffset, '.log'));
      return unpublished;
    }
    this.#active = segment;
    this.#logEndOffset = baseOffset;
    this.#index.begin(baseOffset, new SegmentIndexes());
    if (isReplaced) {
      this.#file.close();
      this.#flusher.namesChanged();
      this.#remove([old]);
    } else {
      const beside = this.#producers.filesToSync(old.baseOffset, baseOffset);
      this.#flusher.segmentClosed(old.baseOffset, old.nextOffset, beside, this.#file);
    }
    this.#file = file;
    return null;
  }

  /** The last steps of a truncation: everybody who keeps something of the log hears of its new end. */
  #truncated(offset: number, segment: Segment, indexes: SegmentIndexes): LogFailure | null {
    this.#active = segment;
    this.#logEndOffset = segment.nextOffset;
    this.#commits.truncated(segment.nextOffset);
    this.#recoveryPoint = Math.min(this.#recoveryPoint, segment.nextOffset);
    this.#logStartOffset = Math.min(this.#logStartOffset, segment.nextOffset);
    this.#index.begin(segment.baseOffset, indexes);
    if (this.leaderEpochs.truncateFromEnd(offset)) this.#epochFile.write();
    const { disk, kernels, clock } = this.#options;
    const error = this.#file.sync() ?? disk.syncDirectory(this.directory);
    if (error !== null) return this.#fail(LogFailure.ofDisk(error));
    const { producerIdExpirationMs } = this.#config;
    const reopened = reopenProducers(disk, kernels, clock, this.directory, this.#segments.all, producerIdExpirationMs);
    if (reopened instanceof LogFailure) return this.#fail(reopened);
    this.#producers = new LogProducers(disk, kernels, this.directory, reopened);
    return this.#publish();
  }

  #dropOldest(count: number): LogFailure | null {
    this.#options.publication.raiseReadEpoch();
    const dropped = this.#segments.all.splice(0, count);
    const baseOffsets = dropped.map((segment) => segment.baseOffset);
    this.#producers.segmentsRemoved(baseOffsets);
    const failure = this.#publish();
    if (failure !== null) return failure;
    this.#flusher.removed(baseOffsets);
    const error = this.#remove(dropped);
    return error === null ? null : LogFailure.ofDisk(error);
  }

  #remove(segments: readonly Segment[]): DiskError | null {
    return this.#removals.remove(segments, this.#config.fileDeleteDelayMs);
  }

  /** Goes on with another active file; the old one stays if it cannot be opened. */
  #openFile(baseOffset: number): DiskError | null {
    const file = this.#options.disk.open(segmentPath(this.directory, baseOffset, '.log'), 'write');
    if (file instanceof DiskError) return file;
    this.#file.close();
    this.#file = file;
    return null;
  }

  #committingLog(): CommittingLog {
    return {
      index: this.#index,
      activeSegment: () => this.#active,
      activeFile: () => this.#file,
      config: () => this.#config,
      wallMs: () => this.#options.clock.wallMs(),
      logEndOffset: () => this.#logEndOffset,
      rollTo: (baseOffset) => this.#rollTo(baseOffset),
      apply: (view, at, bytes) => this.#apply(view, at, bytes),
      groupApplied: () => {
        this.#logEndOffset = this.#active.nextOffset;
        this.#options.publication.setAbortedTransactions(this.#producers.abortedTransactions);
        return this.#failure;
      },
      stagedDropped: () => this.#producers.dropStaged(),
      undoWrite: (error, done) => this.#undoWrite(error, done),
    };
  }

  #flushSource(): FlushSource {
    return {
      logEndOffset: () => this.#logEndOffset,
      activeFile: () => this.#file,
      flushed: (offset) => {
        if (this.#failure === null) this.#recoveryPoint = Math.max(this.#recoveryPoint, offset);
      },
      // The kernel has marked the pages clean: a later sync that succeeds says nothing about them.
      syncFailed: (error) => this.#fail(LogFailure.ofDisk(error)),
    };
  }

  /** Readers who cannot be told where the files are must not go on. */
  #publish(): LogFailure | null {
    this.#options.publication.setAbortedTransactions(this.#producers.abortedTransactions);
    const failure = this.#segments.publish();
    return failure === null ? null : this.#fail(failure);
  }

  #fail(failure: LogFailure): LogFailure {
    this.#failure ??= failure;
    return failure;
  }

  #refused(): LogFailure {
    return new LogFailure('failed', this.directory, this.#failure!.toString(), this.#failure!.error);
  }
}
