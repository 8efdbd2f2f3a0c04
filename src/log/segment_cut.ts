import type { Disk, File } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import { checkNone, type BatchScanner } from './batch_scanner.ts';
import { relativeOffsetsEnd, SegmentIndexes } from './index_files.ts';
import { LogFailure } from './log_failure.ts';
import type { Segment } from './segment.ts';
import { resumeSegment, walkSegment } from './segment_walk.ts';

export interface CutSegment {
  readonly segment: Segment;
  readonly indexes: SegmentIndexes;
}

/**
 * Cuts the file of the segment `old` before the batch that holds `offset`, and its index files with it. `segment` is
 * empty, with the same base offset, and is brought to the new end.
 */
export function cutSegment(
  disk: Disk,
  scanner: BatchScanner,
  directory: string,
  file: File,
  old: Segment,
  offset: number,
  segment: Segment,
  indexIntervalBytes: number,
): CutSegment | LogFailure {
  const base = segment.baseOffset;
  const read = SegmentIndexes.read(disk, directory, base, old.bytes, relativeOffsetsEnd(base, -1));
  if (read instanceof DiskError) return LogFailure.ofDisk(read);
  let indexes = read ?? new SegmentIndexes();
  indexes.truncateTo(offset - base);

  let end = indexes.lastPosition;
  scanner.begin(file, end, old.bytes, base, checkNone);
  while (scanner.next() && scanner.lastOffset < offset) end = scanner.position + scanner.bytes;
  if (scanner.error !== null) return LogFailure.ofDisk(scanner.error);
  const error = file.truncate(end);
  if (error !== null) return LogFailure.ofDisk(error);

  let stopped = resumeSegment(scanner, file, end, segment, indexes, indexIntervalBytes);
  if (stopped === null) {
    indexes = new SegmentIndexes();
    stopped = walkSegment(scanner, file, end, segment, indexes, indexIntervalBytes, checkNone, null);
  }
  if (stopped === 'error') return LogFailure.ofDisk(scanner.error!);
  if (stopped !== 'end') return new LogFailure('corrupt', file.path, `no batch at ${segment.bytes}`);
  const indexError = indexes.write(disk, directory, base);
  return indexError === null ? { segment, indexes } : LogFailure.ofDisk(indexError);
}
