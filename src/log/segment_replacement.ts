import type { Disk } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import { checkNone, type BatchScanner } from './batch_scanner.ts';
import { markSegmentDeleted, unlinkDeletedSegment } from './segment_files.ts';
import { baseOffsetOf, cleanedSuffix, deletedSuffix, segmentPath, swapSuffix } from './segment_names.ts';
import type { SegmentSuffix } from './segment_names.ts';

/**
 * Finished segments take the place of older ones in steps that a crash may part anywhere:
 *
 *     .cleaned ──1──▶ .swap (highest base first) ──2──▶ old ones .deleted ──3──▶ .swap loses its suffix
 *
 * A crash in step 1 leaves a .cleaned below some .swap: all of it is undone, the old segments are whole. Later, every
 * .swap is completed. The directory is synced between the steps, so that a loss of power cannot mix them.
 */
const movedSuffixes: readonly SegmentSuffix[] = ['.index', '.timeindex', '.txnindex', '.log'];

/** Carries out the three steps. `old` and `replacements` are base offsets, ascending. */
export function replaceSegmentFiles(
  disk: Disk,
  directory: string,
  old: readonly number[],
  replacements: readonly number[],
): DiskError | null {
  for (const baseOffset of replacements.toReversed()) {
    const error = renameSegment(disk, directory, baseOffset, cleanedSuffix, swapSuffix);
    if (error !== null) return error;
  }
  const syncError = disk.syncDirectory(directory);
  if (syncError !== null) return syncError;
  for (const baseOffset of old) {
    const error = markSegmentDeleted(disk, directory, baseOffset, true);
    if (error !== null) return error;
  }
  return finishSwaps(disk, directory, replacements);
}

function finishSwaps(disk: Disk, directory: string, replacements: readonly number[]): DiskError | null {
  const syncError = disk.syncDirectory(directory);
  if (syncError !== null) return syncError;
  for (const baseOffset of replacements) {
    const error = renameSegment(disk, directory, baseOffset, swapSuffix, '');
    if (error !== null) return error;
  }
  return disk.syncDirectory(directory);
}

/** The log comes last: while it has its old name, the step has not been done. */
function renameSegment(disk: Disk, directory: string, baseOffset: number, from: string, to: string): DiskError | null {
  for (const suffix of movedSuffixes) {
    const path = segmentPath(directory, baseOffset, suffix);
    const error = disk.rename(path + from, path + to);
    if (error !== null && error.code !== 'ENOENT') return error;
  }
  return null;
}

/** A change of segments left it: it is not done, or was done and its file not removed yet. */
export function isLeftover(name: string): boolean {
  return [deletedSuffix, cleanedSuffix, swapSuffix, '.tmp'].some((suffix) => name.endsWith(suffix));
}

/**
 * Puts a directory in order after a crash: completes or undoes a replacement, and removes what was marked as deleted.
 * `names` are the files of the directory; the ones that are left afterwards are returned.
 */
export function tidyDirectory(
  disk: Disk,
  directory: string,
  names: readonly string[],
  scanner: BatchScanner,
): string[] | DiskError {
  let lowestCleaned = Infinity;
  for (const name of names) {
    if (!name.endsWith(cleanedSuffix)) continue;
    const baseOffset = baseOffsetOf(name, `.log${cleanedSuffix}`);
    if (baseOffset >= 0) lowestCleaned = Math.min(lowestCleaned, baseOffset);
  }
  const left: string[] = [];
  const swaps: number[] = [];
  for (const name of names) {
    const isUndone = name.endsWith(swapSuffix) && swapBaseOf(name) >= lowestCleaned;
    if (name.endsWith(deletedSuffix) || name.endsWith(cleanedSuffix) || name.endsWith('.tmp') || isUndone) {
      const error = disk.unlink(`${directory}/${name}`);
      if (error !== null && error.code !== 'ENOENT') return error;
      continue;
    }
    const swap = baseOffsetOf(name, `.log${swapSuffix}`);
    if (swap >= 0) swaps.push(swap);
    left.push(name);
  }
  if (swaps.length === 0) return left;
  const error = completeSwaps(disk, directory, left, swaps, scanner);
  if (error !== null) return error;
  const entries = disk.list(directory);
  if (entries instanceof DiskError) return entries;
  return entries.map((entry) => entry.name);
}

function swapBaseOf(name: string): number {
  for (const suffix of movedSuffixes) {
    const baseOffset = baseOffsetOf(name, suffix + swapSuffix);
    if (baseOffset >= 0) return baseOffset;
  }
  return -1;
}

/** The old segments that a finished one stands for are those that begin inside it. */
function completeSwaps(
  disk: Disk,
  directory: string,
  names: readonly string[],
  swaps: readonly number[],
  scanner: BatchScanner,
): DiskError | null {
  const replaced: number[] = [];
  for (const swap of swaps) {
    const end = endOffsetOf(disk, `${segmentPath(directory, swap, '.log')}${swapSuffix}`, swap, scanner);
    if (end instanceof DiskError) return end;
    for (const name of names) {
      const baseOffset = baseOffsetOf(name, '.log');
      if (baseOffset < swap || (baseOffset >= end && baseOffset !== swap)) continue;
      const error = markSegmentDeleted(disk, directory, baseOffset, true);
      if (error !== null) return error;
      replaced.push(baseOffset);
    }
  }
  const error = finishSwaps(disk, directory, swaps);
  if (error === null) for (const baseOffset of replaced) unlinkDeletedSegment(disk, directory, baseOffset);
  return error;
}

function endOffsetOf(disk: Disk, path: string, baseOffset: number, scanner: BatchScanner): number | DiskError {
  const file = disk.open(path, 'read');
  if (file instanceof DiskError) return file;
  const size = file.size();
  let end = baseOffset;
  if (!(size instanceof DiskError)) {
    scanner.begin(file, 0, size, baseOffset, checkNone);
    while (scanner.next()) end = scanner.lastOffset + 1;
  }
  file.close();
  if (size instanceof DiskError) return size;
  return scanner.error ?? end;
}
