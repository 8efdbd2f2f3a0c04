import type { Disk } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import { deletedSuffix, segmentPath } from './segment_names.ts';
import type { SegmentSuffix } from './segment_names.ts';

/** Everything that goes when a segment goes. The log comes first: without it the others are nothing. */
const removedSuffixes: readonly SegmentSuffix[] = ['.log', '.index', '.timeindex', '.txnindex', '.snapshot'];

/** Makes the files of an empty segment. A file that is there already is emptied. */
export function createSegmentFiles(disk: Disk, directory: string, baseOffset: number): DiskError | null {
  for (const suffix of ['.index', '.timeindex', '.log'] as const) {
    const file = disk.open(segmentPath(directory, baseOffset, suffix), 'write');
    if (file instanceof DiskError) return file;
    const size = file.size();
    const error = size instanceof DiskError ? size : size === 0 ? null : file.truncate(0);
    file.close();
    if (error !== null) return error;
  }
  return null;
}

/**
 * Takes a segment out of the log: its files get names that nobody reads, and are removed later. A segment that is
 * replaced `keepsSnapshot`: producer state does not change with it.
 */
export function markSegmentDeleted(
  disk: Disk,
  directory: string,
  baseOffset: number,
  keepsSnapshot = false,
): DiskError | null {
  for (const suffix of removedSuffixes) {
    if (keepsSnapshot && suffix === '.snapshot') continue;
    const path = segmentPath(directory, baseOffset, suffix);
    const error = disk.rename(path, path + deletedSuffix);
    if (error !== null && error.code !== 'ENOENT') return error;
  }
  return null;
}

/** Removes what `markSegmentDeleted` left. What cannot be removed now goes at the next opening. */
export function unlinkDeletedSegment(disk: Disk, directory: string, baseOffset: number): void {
  for (const suffix of removedSuffixes) disk.unlink(segmentPath(directory, baseOffset, suffix) + deletedSuffix);
}

/** The names of plain files in a directory. */
export function fileNames(disk: Disk, directory: string): string[] | DiskError {
  const entries = disk.list(directory);
  if (entries instanceof DiskError) return entries;
  return entries.filter((entry) => !entry.isDirectory).map((entry) => entry.name);
}
