import { DiskError, type File } from '../port/disk.ts';
import type { Entropy } from '../port/entropy.ts';
import type { IndexTailWriter } from '../shared-memory/index_tail.ts';
import { ActiveIndex } from './active_index.ts';
import { LeaderEpochFile } from './leader_epoch_file.ts';
import type { LeaderEpochs } from './leader_epochs.ts';
import type { LogConfig } from './log_config.ts';
import { LogFailure } from './log_failure.ts';
import { LogFlusher } from './log_flusher.ts';
import type { FlushSource } from './log_flusher.ts';
import type { LogOpeningOptions, OpenedLog } from './log_opening.ts';
import { LogProducers } from './log_producers.ts';
import type { LogPublication } from './log_publication.ts';
import { LogSegments } from './log_segments.ts';
import type { Segment } from './segment.ts';
import { segmentPath } from './segment_names.ts';
import { SegmentRemovals } from './segment_removals.ts';

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
 * What the parts of an open log work on together: where it begins and ends, its segments with the active one's file, and
 * who keeps what of it. Belongs to one `PartitionLog`; nobody outside of it sees this.
 */
export class LogState implements FlushSource {
  readonly options: PartitionLogOptions;
  readonly directory: string;
  readonly segments: LogSegments;
  readonly index: ActiveIndex;
  readonly flusher: LogFlusher;
  readonly leaderEpochs: LeaderEpochs;
  readonly epochFile: LeaderEpochFile;
  readonly removals: SegmentRemovals;
  /** Who has written here, as far as that matters to what comes next; another one after a truncation. */
  producers: LogProducers;
  active: Segment;
  /** Of the active segment. */
  file: File;
  config: LogConfig;
  logStartOffset: number;
  /** Offset after the last committed batch. */
  logEndOffset: number;
  /** All below it is on stable storage. */
  recoveryPoint: number;
  /** Why the log failed for good, null while it works. */
  failure: LogFailure | null = null;

  constructor(options: PartitionLogOptions, opened: OpenedLog, file: File) {
    const { disk, kernels, clock, entropy, directory, publication } = options;
    this.options = options;
    this.directory = directory;
    this.leaderEpochs = opened.leaderEpochs;
    this.producers = new LogProducers(disk, kernels, directory, opened.producers);
    this.config = options.config;
    this.segments = new LogSegments(opened.segments, directory, publication, clock, entropy);
    this.active = opened.segments.at(-1)!;
    this.active.jitterMs = this.segments.drawJitter(options.config);
    this.file = file;
    this.logStartOffset = opened.logStartOffset;
    this.logEndOffset = this.active.nextOffset;
    this.recoveryPoint = opened.recoveryPoint;
    this.index = new ActiveIndex(disk, directory, options.indexTail);
    this.flusher = new LogFlusher(disk, directory, this);
    // After a crash nobody knows whether the directory's own name was synced.
    this.flusher.namesChanged(opened.isNew || !options.cleanShutdown);
    for (const { baseOffset, nextOffset } of opened.segments.slice(0, -1)) {
      // One that ends at the recovery point may have been cut there by a truncation that was not synced.
      if (nextOffset < this.recoveryPoint) continue;
      this.flusher.foundUnsynced(baseOffset, nextOffset, this.producers.filesToSync(baseOffset, nextOffset));
    }
    this.removals = new SegmentRemovals(disk, clock, directory);
    this.epochFile = new LeaderEpochFile(disk, kernels, directory, opened.leaderEpochs);
  }

  /** There are committed bytes, or a truncation, that were not synced. */
  get isDirty(): boolean {
    return this.recoveryPoint < this.logEndOffset || this.flusher.isTruncated;
  }

  /** Everything below `offset` is on stable storage. */
  flushed(offset: number): void {
    if (this.failure === null) this.recoveryPoint = Math.max(this.recoveryPoint, offset);
  }

  /** The kernel has marked the pages clean: a later sync that succeeds says nothing about them. */
  syncFailed(error: DiskError): LogFailure {
    return this.fail(LogFailure.ofDisk(error));
  }

  fail(failure: LogFailure): LogFailure {
    this.failure ??= failure;
    return failure;
  }

  /** What is said to whoever asks something of a log that has failed. */
  refused(): LogFailure {
    return new LogFailure('failed', this.directory, this.failure!.toString(), this.failure!.error);
  }

  /** Readers who cannot be told where the files are must not go on. */
  publish(): LogFailure | null {
    this.options.publication.setAbortedTransactions(this.producers.abortedTransactions);
    const failure = this.segments.publish();
    return failure === null ? null : this.fail(failure);
  }

  remove(segments: readonly Segment[]): DiskError | null {
    return this.removals.remove(segments, this.config.fileDeleteDelayMs);
  }

  /** Goes on with another active file; the old one stays if it cannot be opened. */
  openFile(baseOffset: number): DiskError | null {
    const file = this.options.disk.open(segmentPath(this.directory, baseOffset, '.log'), 'write');
    if (file instanceof DiskError) return file;
    this.file.close();
    this.file = file;
    return null;
  }
}
