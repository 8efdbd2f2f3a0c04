import { assert } from '../base/assert.ts';
import { DiskError } from '../port/disk.ts';
import { SegmentIndexes } from './index_files.ts';
import { LogFailure } from './log_failure.ts';
import type { LogState } from './log_state.ts';
import { createSegmentFiles } from './segment_files.ts';
import { segmentPath } from './segment_names.ts';

/**
 * Closes the active segment of an open log and begins one at `baseOffset`. After a failure the old one is still the
 * active one.
 */
export function rollTo(log: LogState, baseOffset: number): LogFailure | null {
  const { disk } = log.options;
  const { directory, segments, flusher } = log;
  const old = log.active;
  assert(baseOffset > old.baseOffset, 'segments ascend');
  const error =
    log.index.finish(old.largestTimestamp, old.offsetOfLargest - old.baseOffset) ??
    log.producers.takeSnapshot(baseOffset) ??
    createSegmentFiles(disk, directory, baseOffset);
  if (error !== null) return LogFailure.ofDisk(error);
  const file = disk.open(segmentPath(directory, baseOffset, '.log'), 'write');
  if (file instanceof DiskError) return LogFailure.ofDisk(file);
  // An empty segment that cannot hold the next offset leaves nothing behind.
  const isReplaced = old.bytes === 0;
  if (isReplaced) segments.all.pop();
  const segment = segments.create(baseOffset, log.config);
  segments.all.push(segment);
  const unpublished = segments.publish();
  if (unpublished !== null) {
    segments.all.pop();
    if (isReplaced) segments.all.push(old);
    file.close();
    disk.unlink(segmentPath(directory, baseOffset, '.log'));
    return unpublished;
  }
  log.active = segment;
  log.logEndOffset = baseOffset;
  log.index.begin(baseOffset, new SegmentIndexes());
  if (isReplaced) {
    log.file.close();
    flusher.namesChanged();
    log.remove([old]);
  } else {
    const beside = log.producers.filesToSync(old.baseOffset, baseOffset);
    flusher.segmentClosed(old.baseOffset, old.nextOffset, beside, log.file);
  }
  log.file = file;
  return null;
}
