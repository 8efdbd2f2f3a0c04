import { BatchScanner } from './batch_scanner.ts';
import { SegmentIndexes } from './index_files.ts';
import { LogFailure } from './log_failure.ts';
import { LogProducers } from './log_producers.ts';
import type { LogState } from './log_state.ts';
import { reopenProducers } from './producer_opening.ts';
import type { Segment } from './segment.ts';
import { cutSegment } from './segment_cut.ts';
import { createSegmentFiles } from './segment_files.ts';

/** See `PartitionLog.truncateTo`. `offset` lies below the log end offset. */
export function truncateTo(log: LogState, offset: number): LogFailure | null {
  const { segments, flusher, directory } = log;
  if (offset < segments.all[0]!.baseOffset) return truncateFullyAndStartAt(log, offset);
  const { disk, kernels, publication } = log.options;
  publication.raiseReadEpoch();
  const keep = segments.all.findLastIndex((segment) => segment.baseOffset <= offset);
  flusher.truncated(offset);
  // The entries of a segment that stays are cut with those in its files; those of another go with it.
  if (keep === segments.all.length - 1) log.index.writeTail();
  const markError = log.remove(segments.all.slice(keep + 1).toReversed());
  if (markError !== null) return log.fail(LogFailure.ofDisk(markError));
  const old = segments.all[keep]!;
  const fileError = log.openFile(old.baseOffset);
  if (fileError !== null) return log.fail(LogFailure.ofDisk(fileError));
  const segment = segments.create(old.baseOffset, log.config);
  const interval = log.config.indexIntervalBytes;
  const scanner = new BatchScanner(kernels);
  const cut = cutSegment(disk, scanner, directory, log.file, old, offset, segment, interval);
  if (cut instanceof LogFailure) return log.fail(cut);
  segments.all.length = keep;
  segments.all.push(segment);
  return goOnBehind(log, offset, segment, cut.indexes);
}

/** See `PartitionLog.truncateFullyAndStartAt`. */
export function truncateFullyAndStartAt(log: LogState, offset: number): LogFailure | null {
  const { segments, flusher, directory } = log;
  const { disk, publication } = log.options;
  publication.raiseReadEpoch();
  flusher.truncated(-1);
  const error =
    log.remove(segments.all.toReversed()) ?? createSegmentFiles(disk, directory, offset) ?? log.openFile(offset);
  if (error !== null) return log.fail(LogFailure.ofDisk(error));
  log.logStartOffset = offset;
  segments.all.length = 0;
  const segment = segments.create(offset, log.config);
  segments.all.push(segment);
  log.leaderEpochs.clear();
  log.recoveryPoint = Math.min(log.recoveryPoint, offset);
  return goOnBehind(log, offset, segment, new SegmentIndexes());
}

/** The last steps of a truncation: everybody who keeps something of the log hears of its new end. */
function goOnBehind(log: LogState, offset: number, segment: Segment, indexes: SegmentIndexes): LogFailure | null {
  log.active = segment;
  log.logEndOffset = segment.nextOffset;
  log.recoveryPoint = Math.min(log.recoveryPoint, segment.nextOffset);
  log.logStartOffset = Math.min(log.logStartOffset, segment.nextOffset);
  log.index.begin(segment.baseOffset, indexes);
  if (log.leaderEpochs.truncateFromEnd(offset)) log.epochFile.write();
  const { disk, kernels, clock } = log.options;
  const error = log.file.sync() ?? disk.syncDirectory(log.directory);
  if (error !== null) return log.fail(LogFailure.ofDisk(error));
  const { producerIdExpirationMs } = log.config;
  const producers = reopenProducers(disk, kernels, clock, log.directory, log.segments.all, producerIdExpirationMs);
  if (producers instanceof LogFailure) return log.fail(producers);
  log.producers = new LogProducers(disk, kernels, log.directory, producers);
  return log.publish();
}
