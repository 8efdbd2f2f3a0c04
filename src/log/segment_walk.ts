import type { Disk, File } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import { checkNone, type BatchScanner, type ScanEnd } from './batch_scanner.ts';
import { readIndexEnds, SegmentIndexes } from './index_files.ts';
import type { LogConfig } from './log_config.ts';
import { relativeOffsetLimit } from './log_config.ts';
import { LogFailure } from './log_failure.ts';
import type { Segment } from './segment.ts';
import { segmentPath } from './segment_names.ts';

/** Told of each batch of a walk before it counts; the scanner's fields describe it. False: it cannot be here. */
export type BatchVisitor = (scanner: BatchScanner) => boolean;

/**
 * Goes on from where `segment` ends now to the end of the file, and lets segment and indexes grow by every batch as an
 * append would have. With an empty segment and empty indexes this makes both anew from the log. Stops at what is not a
 * whole batch, or cannot lie in this segment.
 */
export function walkSegment(
  scanner: BatchScanner,
  file: File,
  fileBytes: number,
  segment: Segment,
  indexes: SegmentIndexes,
  indexIntervalBytes: number,
  checkedFrom: number,
  visit: BatchVisitor | null,
): ScanEnd {
  scanner.begin(file, segment.bytes, fileBytes, segment.nextOffset, checkedFrom);
  while (scanner.next()) {
    const relativeOffset = scanner.lastOffset - segment.baseOffset;
    if (relativeOffset > relativeOffsetLimit || visit?.(scanner) === false) return 'invalid';
    if (segment.extend(scanner.bytes, scanner.lastOffset, scanner.maxTimestamp, indexIntervalBytes)) {
      indexes.addOffset(relativeOffset, scanner.position);
      indexes.addTime(segment.largestTimestamp, segment.offsetOfLargest - segment.baseOffset);
    }
  }
  return scanner.stopped;
}

/**
 * Takes `segment` to the end of its file without reading what its indexes cover: from their last entry on, heads
 * alone. Null: the indexes do not fit the log. An empty segment needs no entry.
 */
export function resumeSegment(
  scanner: BatchScanner,
  file: File,
  fileBytes: number,
  segment: Segment,
  indexes: SegmentIndexes,
  indexIntervalBytes: number,
): ScanEnd | null {
  scanner.begin(file, 0, fileBytes, segment.baseOffset, checkNone);
  if (!scanner.next()) return scanner.stopped;
  const firstTimestamp = scanner.maxTimestamp;
  if (indexes.offsetEntries > 0 && !startsAtEntry(scanner, file, fileBytes, segment, indexes)) {
    return scanner.stopped === 'error' ? 'error' : null;
  }
  if (indexes.timeEntries > 0) {
    segment.largestTimestamp = indexes.lastTimestamp;
    segment.offsetOfLargest = segment.baseOffset + indexes.lastTimeRelativeOffset;
  }
  const end = walkSegment(scanner, file, fileBytes, segment, indexes, indexIntervalBytes, checkNone, null);
  segment.firstTimestamp = firstTimestamp;
  return end;
}

/** Whether the batch that the last entry names is there; the walk is then to begin with it. */
function startsAtEntry(
  scanner: BatchScanner,
  file: File,
  fileBytes: number,
  segment: Segment,
  indexes: SegmentIndexes,
): boolean {
  const entryOffset = segment.baseOffset + indexes.lastRelativeOffset;
  scanner.begin(file, indexes.lastPosition, fileBytes, segment.baseOffset, checkNone);
  if (!scanner.next() || scanner.baseOffset > entryOffset || scanner.lastOffset > entryOffset) return false;
  segment.bytes = indexes.lastPosition;
  segment.nextOffset = scanner.baseOffset;
  return true;
}

/**
 * Takes a closed segment, which is followed by one at `next`, to its end with a few reads. False: its indexes cannot be
 * trusted, or the file does not end with a whole batch.
 */
export function resumeClosedSegment(
  disk: Disk,
  scanner: BatchScanner,
  directory: string,
  file: File,
  fileBytes: number,
  segment: Segment,
  next: number,
  indexIntervalBytes: number,
): boolean | DiskError {
  const ends = readIndexEnds(disk, directory, segment.baseOffset, fileBytes);
  if (ends instanceof DiskError) return ends;
  if (ends === null || segment.baseOffset + ends.lastRelativeOffset >= next || ends.offsetOfLargest >= next)
    return false;
  const indexes = new SegmentIndexes();
  if (ends.lastRelativeOffset >= 0) indexes.addOffset(ends.lastRelativeOffset, ends.lastPosition);
  const end = resumeSegment(scanner, file, fileBytes, segment, indexes, indexIntervalBytes);
  if (end === 'error') return scanner.error!;
  // The time index of a closed segment ends with its largest timestamp.
  if (end !== 'end' || segment.largestTimestamp > ends.largestTimestamp) return false;
  segment.largestTimestamp = ends.largestTimestamp;
  segment.offsetOfLargest = ends.offsetOfLargest;
  return true;
}

/** Takes each of `segments`, empty so far, to the end of its file. The one after the last begins at `after`. */
export function loadClosedSegments(
  disk: Disk,
  scanner: BatchScanner,
  directory: string,
  segments: readonly Segment[],
  after: number,
  config: LogConfig,
): LogFailure | null {
  for (let index = 0; index < segments.length; index++) {
    const segment = segments[index]!;
    const next = segments[index + 1]?.baseOffset ?? after;
    const file = disk.open(segmentPath(directory, segment.baseOffset, '.log'), 'read');
    if (file instanceof DiskError) return LogFailure.ofDisk(file);
    const size = file.size();
    const interval = config.indexIntervalBytes;
    const resumed =
      size instanceof DiskError
        ? size
        : resumeClosedSegment(disk, scanner, directory, file, size, segment, next, interval);
    file.close();
    if (resumed instanceof DiskError) return LogFailure.ofDisk(resumed);
    if (!resumed) return new LogFailure('corrupt', file.path, 'the segment is not whole, or its indexes are not');
  }
  return null;
}
