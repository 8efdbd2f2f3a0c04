import { BatchScanner } from './batch_scanner.ts';
import { LogFailure } from './log_failure.ts';
import type { LogState } from './log_state.ts';
import { replaceSegmentFiles } from './segment_replacement.ts';
import { loadClosedSegments } from './segment_walk.ts';

/** See `PartitionLog.advanceLogStartOffset`. */
export function advanceLogStartOffset(log: LogState, offset: number): LogFailure | null {
  if (offset > log.logEndOffset) return new LogFailure('refused', log.directory, 'a start above the end');
  if (offset <= log.logStartOffset) return null;
  log.logStartOffset = offset;
  const { all } = log.segments;
  let count = 0;
  while (count + 1 < all.length && all[count + 1]!.baseOffset <= offset) count++;
  const failure = count === 0 ? null : dropOldest(log, count);
  if (log.leaderEpochs.truncateFromStart(offset)) log.epochFile.write();
  return failure;
}

function dropOldest(log: LogState, count: number): LogFailure | null {
  log.options.publication.raiseReadEpoch();
  const dropped = log.segments.all.splice(0, count);
  const baseOffsets = dropped.map((segment) => segment.baseOffset);
  log.producers.segmentsRemoved(baseOffsets);
  const failure = log.publish();
  if (failure !== null) return failure;
  log.flusher.removed(baseOffsets);
  const error = log.remove(dropped);
  return error === null ? null : LogFailure.ofDisk(error);
}

/** See `PartitionLog.replaceSegments`. */
export function replaceSegments(
  log: LogState,
  old: readonly number[],
  replacements: readonly number[],
): LogFailure | null {
  const { segments, directory, config } = log;
  const first = segments.indexOfRun(old);
  if (first < 0) return new LogFailure('refused', directory, 'the segments to replace are not there any more');
  const { disk, kernels, publication } = log.options;
  publication.raiseReadEpoch();
  log.flusher.removed(old);
  const error = replaceSegmentFiles(disk, directory, old, replacements);
  if (error !== null) return log.fail(LogFailure.ofDisk(error));
  const replaced = replacements.map((base) => segments.create(base, config));
  const after = segments.all[first + old.length]!.baseOffset;
  const scanner = new BatchScanner(kernels);
  const loadFailure = loadClosedSegments(disk, scanner, directory, replaced, after, config);
  if (loadFailure !== null) return log.fail(loadFailure);
  segments.all.splice(first, old.length, ...replaced);
  for (const base of old) log.removals.unlinkLater(base, config.fileDeleteDelayMs);
  return log.publish();
}
