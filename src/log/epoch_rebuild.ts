import type { Disk } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import type { Kernels } from '../port/kernels.ts';
import { readWholeFile, replaceFile } from './atomic_file.ts';
import { checkNone, type BatchScanner } from './batch_scanner.ts';
import { leaderEpochCheckpointName, LeaderEpochs } from './leader_epochs.ts';
import { LogFailure } from './log_failure.ts';
import type { Segment } from './segment.ts';
import { segmentPath } from './segment_names.ts';

interface EpochOptions {
  readonly disk: Disk;
  readonly kernels: Kernels;
  readonly directory: string;
  readonly cleanShutdown: boolean;
}

/** Epochs that a scan met, each with the base offset of its first batch; ascending. */
export interface SeenEpochs {
  readonly epochs: number[];
  readonly startOffsets: number[];
}

/**
 * The leader epochs of a log that is being opened: from its checkpoint, made to fit the log. What a scan after a crash
 * met is newer than a checkpoint. Where that is missing or damaged the batches tell.
 */
export function openLeaderEpochs(
  options: EpochOptions,
  scanner: BatchScanner,
  segments: readonly Segment[],
  logStartOffset: number,
  seen: SeenEpochs,
): LeaderEpochs | LogFailure {
  const { disk, kernels, directory } = options;
  const path = `${directory}/${leaderEpochCheckpointName}`;
  const bytes = readWholeFile(disk, path);
  if (bytes instanceof DiskError && bytes.code !== 'ENOENT') return LogFailure.ofDisk(bytes);
  const stored = bytes instanceof DiskError ? null : LeaderEpochs.parse(kernels, bytes);
  const epochs = stored ?? new LeaderEpochs();

  let changed = stored === null && !(bytes instanceof DiskError);
  if (stored === null) {
    const failure = assignFromBatches(options, scanner, segments, epochs);
    if (failure !== null) return failure;
    changed = changed || epochs.size > 0;
  } else if (!options.cleanShutdown) {
    // One that begins at the end has no record and is true: a leader has begun it there, after a clean stop too.
    changed = epochs.truncateFromEnd(segments.at(-1)!.nextOffset + 1);
    for (let index = 0; index < seen.epochs.length; index++) {
      const epoch = seen.epochs[index]!;
      if (epoch > epochs.latestEpoch) changed = epochs.assign(epoch, seen.startOffsets[index]!) || changed;
    }
  }
  changed = epochs.truncateFromStart(logStartOffset) || changed;
  if (changed) {
    const error = replaceFile(disk, path, epochs.format(kernels));
    if (error !== null) return LogFailure.ofDisk(error);
  }
  return epochs;
}

/**
 * Adds the epochs that batches tell of. Epochs ascend with offsets: a segment is walked only where its successor begins
 * with another one than it does itself, and at the end.
 */
function assignFromBatches(
  options: EpochOptions,
  scanner: BatchScanner,
  segments: readonly Segment[],
  epochs: LeaderEpochs,
): LogFailure | null {
  let unwalked: Segment | null = null;
  for (const segment of segments) {
    if (segment.bytes === 0) continue;
    const first = firstEpochOf(options, scanner, segment);
    if (first instanceof LogFailure) return first;
    const firstOffset = scanner.baseOffset;
    if (unwalked !== null && first !== epochs.latestEpoch) {
      const failure = walkEpochs(options, scanner, unwalked, epochs);
      if (failure !== null) return failure;
    }
    if (first > epochs.latestEpoch) epochs.assign(first, firstOffset);
    unwalked = segment;
  }
  return unwalked === null ? null : walkEpochs(options, scanner, unwalked, epochs);
}

/** The epoch of a segment's first batch, at which the scanner stands until its next use. */
function firstEpochOf(options: EpochOptions, scanner: BatchScanner, segment: Segment): number | LogFailure {
  const file = options.disk.open(segmentPath(options.directory, segment.baseOffset, '.log'), 'read');
  if (file instanceof DiskError) return LogFailure.ofDisk(file);
  scanner.begin(file, 0, segment.bytes, segment.baseOffset, checkNone);
  const epoch = scanner.next() ? scanner.leaderEpoch : -1;
  file.close();
  return scanner.error === null ? epoch : LogFailure.ofDisk(scanner.error);
}

function walkEpochs(
  options: EpochOptions,
  scanner: BatchScanner,
  segment: Segment,
  epochs: LeaderEpochs,
): LogFailure | null {
  const file = options.disk.open(segmentPath(options.directory, segment.baseOffset, '.log'), 'read');
  if (file instanceof DiskError) return LogFailure.ofDisk(file);
  scanner.begin(file, 0, segment.bytes, segment.baseOffset, checkNone);
  while (scanner.next()) {
    if (scanner.leaderEpoch > epochs.latestEpoch) epochs.assign(scanner.leaderEpoch, scanner.baseOffset);
  }
  file.close();
  return scanner.error === null ? null : LogFailure.ofDisk(scanner.error);
}
