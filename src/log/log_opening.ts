import type { Clock } from '../port/clock.ts';
import type { Disk, File } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import type { Kernels } from '../port/kernels.ts';
import { BatchScanner, checkNone } from './batch_scanner.ts';
import { openLeaderEpochs } from './epoch_rebuild.ts';
import type { SeenEpochs } from './epoch_rebuild.ts';
import { relativeOffsetsEnd, SegmentIndexes } from './index_files.ts';
import type { LeaderEpochs } from './leader_epochs.ts';
import type { LogConfig } from './log_config.ts';
import { LogFailure } from './log_failure.ts';
import { openProducers } from './producer_opening.ts';
import type { OpenedProducers } from './producer_opening.ts';
import { Segment } from './segment.ts';
import { createSegmentFiles, fileNames, markSegmentDeleted, unlinkDeletedSegment } from './segment_files.ts';
import { baseOffsetOf, segmentPath } from './segment_names.ts';
import { isLeftover, tidyDirectory } from './segment_replacement.ts';
import { resumeClosedSegment, resumeSegment, walkSegment } from './segment_walk.ts';

export interface LogOpeningOptions {
  readonly disk: Disk;
  readonly kernels: Kernels;
  readonly clock: Clock;
  readonly directory: string;
  readonly config: LogConfig;
  readonly logStartOffset: number;
  readonly recoveryPoint: number;
  readonly cleanShutdown: boolean;
  /** Where the log ended when it was closed, known after a clean stop alone. 0 or left out: it is not known. */
  readonly closedEnd?: number;
  readonly damageAboveRecoveryPoint: 'cut' | 'refuse';
  /** Used while the log is opened, for who opens many. Left out: the opening makes its own. */
  readonly scanner?: BatchScanner;
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
  /** Batches whose heads were read for the state of their producers. 0 after a clean stop. */
  replayedBatches: number;
}

/** The state that an open log begins with. The last segment is the active one. */
export interface OpenedLog {
  readonly segments: Segment[];
  readonly activeIndexes: SegmentIndexes;
  readonly leaderEpochs: LeaderEpochs;
  readonly producers: OpenedProducers;
  readonly logStartOffset: number;
  readonly recoveryPoint: number;
  readonly report: RecoveryReport;
  /** There was no segment: the directory itself may be new. */
  readonly isNew: boolean;
}

/**
 * Opens the segments of one directory.
 *
 *     tidy names ─► each segment, oldest first ─► active one ─► producers ─► leader epochs
 *                    │ clean, or wholly below the recovery point: its end is looked at, heads alone
 *                    │ else: every batch checked, indexes made anew
 *                    └ not whole: cut there, if nothing below the recovery point is lost by it
 *
 * The rule behind it: below the recovery point everything was synced and must be there; above it the log is the
 * longest prefix of whole batches.
 */
export class LogOpening {
  /** As far as the opening has come. */
  readonly report: RecoveryReport = {
    scannedBatches: 0,
    scannedBytes: 0,
    truncatedBytes: 0,
    droppedSegments: 0,
    rebuiltIndexes: 0,
    replayedBatches: 0,
  };
  readonly #options: LogOpeningOptions;
  readonly #scanner: BatchScanner;
  readonly #segments: Segment[] = [];
  readonly #seenEpochs: SeenEpochs = { epochs: [], startOffsets: [] };
  #indexes = new SegmentIndexes();
  /** Base offset of the first segment in which batches were checked: what stands beside it may be older than they are. */
  #trustedBelow = Infinity;

  constructor(options: LogOpeningOptions) {
    this.#options = options;
    this.#scanner = options.scanner?.beginLog() ?? new BatchScanner(options.kernels);
  }

  run(): OpenedLog | LogFailure {
    const { recoveryPoint } = this.#options;
    const names = this.#tidyNames();
    if (names instanceof LogFailure) return names;
    const bases = names.map((name) => baseOffsetOf(name, '.log')).filter((base) => base >= 0);
    const failure = this.#checkOrphans(names, bases) ?? this.#openSegments(bases);
    if (failure !== null) return failure;

    const logStartOffset = Math.max(this.#options.logStartOffset, this.#segments[0]?.baseOffset ?? 0);
    const endFailure = this.#checkEnd(logStartOffset) ?? this.#ensureActive(logStartOffset);
    if (endFailure !== null) return endFailure;
    const logEndOffset = this.#segments.at(-1)!.nextOffset;
    const producers = this.#openProducers(names, logStartOffset);
    if (producers instanceof LogFailure) return producers;
    const leaderEpochs = openLeaderEpochs(
      this.#options,
      this.#scanner,
      this.#segments,
      logStartOffset,
      this.#seenEpochs,
    );
    if (leaderEpochs instanceof LogFailure) return leaderEpochs;
    return {
      segments: this.#segments,
      activeIndexes: this.#indexes,
      leaderEpochs,
      producers,
      logStartOffset,
      recoveryPoint: Math.min(recoveryPoint, logEndOffset),
      report: this.report,
      isNew: bases.length === 0,
    };
  }

  #openProducers(names: readonly string[], logStartOffset: number): OpenedProducers | LogFailure {
    const { disk, kernels, clock, directory, config } = this.#options;
    const opening = {
      disk,
      kernels,
      directory,
      names,
      segments: this.#segments,
      logStartOffset,
      trustedBelow: this.#trustedBelow,
      nowMs: clock.wallMs(),
      expirationMs: config.producerIdExpirationMs,
    };
    const producers = openProducers(opening, this.#scanner);
    if (!(producers instanceof LogFailure)) this.report.replayedBatches = producers.replayedBatches;
    return producers;
  }

  #tidyNames(): string[] | LogFailure {
    const { disk, directory, cleanShutdown } = this.#options;
    const found = fileNames(disk, directory);
    if (found instanceof DiskError) return found.code === 'ENOENT' ? this.#makeDirectory() : LogFailure.ofDisk(found);
    // What tells that a segment was taken away goes when that is on stable storage.
    const error = cleanShutdown || !found.some(isLeftover) ? null : disk.syncDirectory(directory);
    if (error !== null) return LogFailure.ofDisk(error);
    const names = tidyDirectory(disk, directory, found, this.#scanner);
    return names instanceof DiskError ? LogFailure.ofDisk(names) : names;
  }

  #makeDirectory(): string[] | LogFailure {
    const { disk, directory } = this.#options;
    const error = disk.makeDirectory(directory);
    return error === null ? [] : LogFailure.ofDisk(error);
  }

  /**
   * Index files without a log: what an interrupted removal leaves at the ends. Between segments a log is missing; above
   * the recovery point a loss of power may have taken its name, and the log ends before it.
   */
  #checkOrphans(names: readonly string[], bases: readonly number[]): LogFailure | null {
    const { disk, directory, config } = this.#options;
    for (const name of names) {
      const base = Math.max(baseOffsetOf(name, '.index'), baseOffsetOf(name, '.timeindex'));
      if (base < 0 || bases.includes(base)) continue;
      const isBetween = bases.length > 0 && base > bases[0]! && base < bases.at(-1)!;
      if (!config.gapsAllowed && isBetween && !this.#mayCutAt(base)) {
        return new LogFailure(
          'missing',
          segmentPath(directory, base, '.log'),
          'its index is there, the segment is not',
        );
      }
      const error = disk.unlink(`${directory}/${name}`);
      if (error !== null && error.code !== 'ENOENT') return LogFailure.ofDisk(error);
    }
    return null;
  }

  #openSegments(bases: readonly number[]): LogFailure | null {
    for (let index = 0; index < bases.length; index++) {
      const base = bases[index]!;
      const next = bases[index + 1] ?? -1;
      const mayTrust = this.trustsIndexes(next);
      const isWhole = this.#openSegment(base, next, mayTrust);
      if (isWhole instanceof LogFailure) return isWhole;
      const segment = this.#segments.at(-1)!;
      const hole = next >= 0 && this.#isHole(segment, next);
      if (isWhole && !hole) continue;
      if (next < 0) return null;
      return this.#dropAfter(segment, bases.slice(index + 1), isWhole, mayTrust);
    }
    return null;
  }

  /**
   * Whether the indexes of the segment before `next` (-1: of the last one) are what was written: after a clean stop all
   * are, after a crash those that were synced with their segment. One that ends at the recovery point itself may have been
   * synced as the active one, without its indexes, or been cut there.
   */
  trustsIndexes(next: number): boolean {
    const { recoveryPoint, cleanShutdown } = this.#options;
    return cleanShutdown || (next >= 0 && next < recoveryPoint);
  }

  #isHole(segment: Segment, next: number): boolean {
    return segment.nextOffset > next || (!this.#options.config.gapsAllowed && segment.nextOffset < next);
  }

  /** Opens one segment. False: it was cut, because it did not end with a whole batch. */
  #openSegment(base: number, next: number, mayTrust: boolean): boolean | LogFailure {
    const { disk, directory } = this.#options;
    const file = disk.open(segmentPath(directory, base, '.log'), 'write');
    if (file instanceof DiskError) return LogFailure.ofDisk(file);
    const size = file.size();
    const result =
      size instanceof DiskError ? LogFailure.ofDisk(size) : this.#openFile(file, size, base, next, mayTrust);
    file.close();
    return result;
  }

  #openFile(file: File, size: number, base: number, next: number, mayTrust: boolean): boolean | LogFailure {
    if (mayTrust) {
      const trusted = next >= 0 ? this.#resumeClosed(file, size, base, next) : this.#resumeActive(file, size, base);
      if (trusted !== null) return trusted;
    }
    return this.#rebuild(file, size, base, next, !mayTrust);
  }

  /** Looks at the end of a closed segment alone. Null: its indexes cannot be trusted. */
  #resumeClosed(file: File, size: number, base: number, next: number): boolean | LogFailure | null {
    const { disk, directory, config, clock } = this.#options;
    const segment = new Segment(base, 0, clock.wallMs());
    const interval = config.indexIntervalBytes;
    const resumed = resumeClosedSegment(disk, this.#scanner, directory, file, size, segment, next, interval);
    if (resumed instanceof DiskError) return LogFailure.ofDisk(resumed);
    if (!resumed) return null;
    this.#segments.push(segment);
    return true;
  }

  #resumeActive(file: File, size: number, base: number): boolean | LogFailure | null {
    const { disk, directory, config } = this.#options;
    const indexes = SegmentIndexes.read(disk, directory, base, size, relativeOffsetsEnd(base, -1));
    if (indexes instanceof DiskError) return LogFailure.ofDisk(indexes);
    if (indexes === null) return null;
    const segment = this.#newSegment(base);
    const end = resumeSegment(this.#scanner, file, size, segment, indexes, config.indexIntervalBytes);
    if (end === 'error') return LogFailure.ofDisk(this.#scanner.error!);
    if (end !== 'end') return null;
    // Files that were extended beforehand are cut, and what a full disk left out is added.
    const error = indexes.isAsFiled ? null : indexes.write(disk, directory, base);
    if (error !== null) return LogFailure.ofDisk(error);
    this.#segments.push(segment);
    this.#indexes = indexes;
    return true;
  }

  /**
   * Walks the whole segment and makes its indexes anew. Where batches are checked, from the recovery point on, it may end
   * before the file does, and is cut there; what is not a batch in front of that is corruption.
   */
  #rebuild(file: File, size: number, base: number, next: number, checksCrc: boolean): boolean | LogFailure {
    const { disk, directory, config, recoveryPoint } = this.#options;
    if (checksCrc) this.#trustedBelow = Math.min(this.#trustedBelow, base);
    const segment = this.#newSegment(base);
    const indexes = new SegmentIndexes();
    const visit = checksCrc ? (scanner: BatchScanner): boolean => this.#recovered(scanner, segment.nextOffset) : null;
    const checkedFrom = checksCrc ? recoveryPoint : checkNone;
    const end = walkSegment(this.#scanner, file, size, segment, indexes, config.indexIntervalBytes, checkedFrom, visit);
    if (end === 'error') return LogFailure.ofDisk(this.#scanner.error!);
    const isWhole = end === 'end';
    if (!isWhole) {
      const lostBelow = next >= 0 ? Math.min(next, recoveryPoint) : recoveryPoint;
      const mayCut = checksCrc && segment.nextOffset >= lostBelow;
      if (!mayCut || (next >= 0 && this.#options.damageAboveRecoveryPoint === 'refuse')) {
        return new LogFailure(
          'corrupt',
          file.path,
          `no whole batch at ${segment.bytes} (offset ${segment.nextOffset})`,
        );
      }
      const error = file.truncate(segment.bytes);
      if (error !== null) return LogFailure.ofDisk(error);
      this.report.truncatedBytes += size - segment.bytes;
    }
    indexes.addTime(segment.largestTimestamp, segment.offsetOfLargest - base);
    const error = indexes.write(disk, directory, base);
    if (error !== null) return LogFailure.ofDisk(error);
    this.report.rebuiltIndexes++;
    this.#segments.push(segment);
    this.#indexes = indexes;
    return isWhole;
  }

  /** The log ends with `segment` although more segments lie behind it. */
  #dropAfter(segment: Segment, later: readonly number[], isWhole: boolean, wasTrusted: boolean): LogFailure | null {
    const { disk, directory } = this.#options;
    const path = segmentPath(directory, later[0]!, '.log');
    if (!this.#mayCutAt(segment.nextOffset)) {
      const detail = `offsets ${segment.nextOffset} to ${later[0]! - 1} before it are not there`;
      return new LogFailure(isWhole ? 'missing' : 'corrupt', path, detail);
    }
    for (const base of later.toReversed()) {
      const error = markSegmentDeleted(disk, directory, base);
      if (error !== null) return LogFailure.ofDisk(error);
    }
    // A recovery that dies here leaves the marks: the next one sees that names were changed.
    const error = disk.syncDirectory(directory);
    if (error !== null) return LogFailure.ofDisk(error);
    for (const base of later) unlinkDeletedSegment(disk, directory, base);
    this.report.droppedSegments += later.length;
    if (!wasTrusted) return null;
    this.#segments.pop();
    const reopened = this.#openSegment(segment.baseOffset, -1, false);
    return reopened instanceof LogFailure ? reopened : null;
  }

  /** Whether the log may end at `offset` although more was written behind it. */
  #mayCutAt(offset: number): boolean {
    const { recoveryPoint, cleanShutdown, damageAboveRecoveryPoint } = this.#options;
    return !cleanShutdown && damageAboveRecoveryPoint === 'cut' && offset >= recoveryPoint;
  }

  #checkEnd(logStartOffset: number): LogFailure | null {
    const { directory, recoveryPoint, closedEnd = 0 } = this.#options;
    const last = this.#segments.at(-1);
    const logEndOffset = last?.nextOffset ?? logStartOffset;
    if (logEndOffset < recoveryPoint) {
      const detail = `it ends at ${logEndOffset}, but was synced up to its recovery point ${recoveryPoint}`;
      return new LogFailure('missing', directory, detail);
    }
    if (last === undefined || closedEnd === 0 || logEndOffset <= closedEnd) return null;
    // No checksum covers the offset of a batch, and nothing follows the last one that would tell.
    const detail = `its last batch ends at offset ${logEndOffset}, but the log was closed at ${closedEnd}`;
    return new LogFailure('corrupt', segmentPath(directory, last.baseOffset, '.log'), detail);
  }

  /** There is an active segment, and it does not end before the log begins: what lies below the start is nobody's. */
  #ensureActive(logStartOffset: number): LogFailure | null {
    const { disk, directory } = this.#options;
    if (this.#segments.length > 0 && this.#segments.at(-1)!.nextOffset >= logStartOffset) return null;
    const error = createSegmentFiles(disk, directory, logStartOffset);
    if (error !== null) return LogFailure.ofDisk(error);
    for (const segment of this.#segments) {
      const markError = markSegmentDeleted(disk, directory, segment.baseOffset);
      if (markError !== null) return LogFailure.ofDisk(markError);
      unlinkDeletedSegment(disk, directory, segment.baseOffset);
      this.report.droppedSegments++;
    }
    this.#segments.length = 0;
    this.#segments.push(this.#newSegment(logStartOffset));
    this.#indexes = new SegmentIndexes();
    return null;
  }

  /**
   * The batch follows one that ended at `previousEnd`. False: it leaves out offsets below the recovery point, whose records
   * were synced; what no checksum covers is wrong with it. The recovery point itself may lie inside of a batch: Apache Kafka
   * raises it with the start of the log.
   */
  #recovered(scanner: BatchScanner, previousEnd: number): boolean {
    const { recoveryPoint, config } = this.#options;
    if (scanner.lastOffset >= recoveryPoint) {
      if (previousEnd < Math.min(scanner.baseOffset, recoveryPoint) && !config.gapsAllowed) return false;
      this.report.scannedBatches++;
      this.report.scannedBytes += scanner.bytes;
    }
    const { epochs, startOffsets } = this.#seenEpochs;
    if (scanner.leaderEpoch > (epochs.at(-1) ?? -1)) {
      epochs.push(scanner.leaderEpoch);
      startOffsets.push(scanner.baseOffset);
    }
    return true;
  }

  #newSegment(base: number): Segment {
    return new Segment(base, 0, this.#options.clock.wallMs());
  }
}
