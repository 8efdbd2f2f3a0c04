import { viewOf } from '../base/bytes.ts';
import type { Disk } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import { overwriteFile, readWholeFile } from './atomic_file.ts';
import { writeInt64 } from './batch_header.ts';
import {
  offsetEntryBytes,
  offsetEntryPosition,
  offsetEntryRelativeOffset,
  soundOffsetEntries,
  soundTimeEntries,
  timeEntryBytes,
  timeEntryRelativeOffset,
  timeEntryTimestamp,
} from './index_entries.ts';
import { relativeOffsetLimit } from './log_config.ts';
import { segmentPath } from './segment_names.ts';

/** The entries of a segment's two index files, in memory. Used at opening and truncation, never on the hot path. */
export class SegmentIndexes {
  offsetEntries = 0;
  timeEntries = 0;
  #filedOffsetBytes = -1;
  #filedTimeBytes = -1;
  #offsets = noEntries;
  #times = noEntries;

  /** Of the last entries; -1 when there are none. */
  get lastRelativeOffset(): number {
    return this.offsetEntries === 0 ? -1 : offsetEntryRelativeOffset(this.#offsets, this.offsetEntries - 1);
  }

  get lastPosition(): number {
    return this.offsetEntries === 0 ? 0 : offsetEntryPosition(this.#offsets, this.offsetEntries - 1);
  }

  get lastTimestamp(): number {
    return this.timeEntries === 0 ? -1 : timeEntryTimestamp(this.#times, this.timeEntries - 1);
  }

  get lastTimeRelativeOffset(): number {
    return this.timeEntries === 0 ? -1 : timeEntryRelativeOffset(this.#times, this.timeEntries - 1);
  }

  /** The files that were read hold these entries and nothing more. */
  get isAsFiled(): boolean {
    return this.#filedOffsetBytes === this.#offsetBytes && this.#filedTimeBytes === this.#timeBytes;
  }

  addOffset(relativeOffset: number, position: number): void {
    this.#offsets = withRoom(this.#offsets, (this.offsetEntries + 1) * offsetEntryBytes);
    this.#offsets.setInt32(this.offsetEntries * offsetEntryBytes, relativeOffset);
    this.#offsets.setInt32(this.offsetEntries * offsetEntryBytes + 4, position);
    this.offsetEntries++;
  }

  /** An entry that says no more than the last one is left out. */
  addTime(timestamp: number, relativeOffset: number): void {
    if (timestamp <= this.lastTimestamp || relativeOffset <= this.lastTimeRelativeOffset) return;
    this.#times = withRoom(this.#times, (this.timeEntries + 1) * timeEntryBytes);
    writeInt64(this.#times, this.timeEntries * timeEntryBytes, timestamp);
    this.#times.setInt32(this.timeEntries * timeEntryBytes + 8, relativeOffset);
    this.timeEntries++;
  }

  /** Leaves the entries of batches that end below `relativeOffset`. */
  truncateTo(relativeOffset: number): void {
    while (this.offsetEntries > 0 && this.lastRelativeOffset >= relativeOffset) this.offsetEntries--;
    while (this.timeEntries > 0 && this.lastTimeRelativeOffset >= relativeOffset) this.timeEntries--;
  }

  /** Replaces what is in both files. They are made anew whenever they are not trusted, so no old ones need to survive a crash. */
  write(disk: Disk, directory: string, baseOffset: number): DiskError | null {
    return (
      this.#writeOne(disk, segmentPath(directory, baseOffset, '.index'), this.#offsets, this.#offsetBytes) ??
      this.#writeOne(disk, segmentPath(directory, baseOffset, '.timeindex'), this.#times, this.#timeBytes)
    );
  }

  get #offsetBytes(): number {
    return this.offsetEntries * offsetEntryBytes;
  }

  get #timeBytes(): number {
    return this.timeEntries * timeEntryBytes;
  }

  #writeOne(disk: Disk, path: string, entries: DataView, bytes: number): DiskError | null {
    return overwriteFile(disk, path, new Uint8Array(entries.buffer as ArrayBuffer, entries.byteOffset, bytes));
  }

  /**
   * Reads both files. Null when they are not to be trusted or not there: they are to be made from the log. `logBytes` and
   * `offsetsEnd` (relative) bound what entries may say. Zeros at the end are left out.
   */
  static read(
    disk: Disk,
    directory: string,
    baseOffset: number,
    logBytes: number,
    offsetsEnd: number,
  ): SegmentIndexes | null | DiskError {
    const offsets = readWholeFile(disk, segmentPath(directory, baseOffset, '.index'));
    const times = readWholeFile(disk, segmentPath(directory, baseOffset, '.timeindex'));
    if (offsets instanceof DiskError) return offsets.code === 'ENOENT' ? null : offsets;
    if (times instanceof DiskError) return times.code === 'ENOENT' ? null : times;
    const indexes = new SegmentIndexes();
    indexes.#offsets = viewOf(offsets);
    indexes.#times = viewOf(times);
    indexes.#filedOffsetBytes = offsets.length;
    indexes.#filedTimeBytes = times.length;
    if (offsets.length % offsetEntryBytes !== 0 || times.length % timeEntryBytes !== 0) return null;
    indexes.offsetEntries = soundOffsetEntries(indexes.#offsets, offsets.length / offsetEntryBytes, logBytes);
    indexes.timeEntries = soundTimeEntries(indexes.#times, times.length / timeEntryBytes, offsetsEnd);
    const isSound = indexes.offsetEntries >= 0 && indexes.timeEntries >= 0 && indexes.lastRelativeOffset < offsetsEnd;
    return isSound ? indexes : null;
  }
}

/** Most logs that are opened have an entry or none: memory comes with the first. */
const noEntries = new DataView(new ArrayBuffer(0));
const entriesBytesMin = 16 * timeEntryBytes;

/** What the ends of a closed segment's index files say; a few reads, whatever their size. */
export interface IndexEnds {
  lastRelativeOffset: number;
  lastPosition: number;
  largestTimestamp: number;
  offsetOfLargest: number;
}

/** Null when the files are missing, or their ends make no sense for a log of `logBytes`. */
export function readIndexEnds(
  disk: Disk,
  directory: string,
  baseOffset: number,
  logBytes: number,
): IndexEnds | null | DiskError {
  const offset = readLastEntry(disk, segmentPath(directory, baseOffset, '.index'), offsetEntryBytes);
  const time = readLastEntry(disk, segmentPath(directory, baseOffset, '.timeindex'), timeEntryBytes);
  if (offset instanceof DiskError) return offset;
  if (time instanceof DiskError) return time;
  if (offset === null || time === null) return null;
  const ends: IndexEnds = { lastRelativeOffset: -1, lastPosition: 0, largestTimestamp: -1, offsetOfLargest: -1 };
  if (offset.byteLength > 0) {
    ends.lastRelativeOffset = offsetEntryRelativeOffset(offset, 0);
    ends.lastPosition = offsetEntryPosition(offset, 0);
    // A last entry of zeros is a file that was extended beforehand and not cut when its segment was closed.
    if (ends.lastRelativeOffset < 0 || ends.lastPosition <= 0 || ends.lastPosition >= logBytes) return null;
  }
  if (time.byteLength > 0) {
    const relativeOffset = timeEntryRelativeOffset(time, 0);
    ends.largestTimestamp = timeEntryTimestamp(time, 0);
    ends.offsetOfLargest = baseOffset + relativeOffset;
    if (relativeOffset < 0 || (relativeOffset === 0 && ends.largestTimestamp === 0)) return null;
  }
  // Only a log without any timestamp has no entry in its time index.
  return ends;
}

/** Null: missing, or not whole entries. */
function readLastEntry(disk: Disk, path: string, entryBytes: number): DataView | null | DiskError {
  const file = disk.open(path, 'read');
  if (file instanceof DiskError) return file.code === 'ENOENT' ? null : file;
  const size = file.size();
  const bytes = new Uint8Array(entryBytes);
  const got =
    size instanceof DiskError ? size : size === 0 ? 0 : file.read(bytes, 0, entryBytes, Math.max(0, size - entryBytes));
  file.close();
  if (got instanceof DiskError) return got;
  if (typeof size !== 'number' || size % entryBytes !== 0) return null;
  return new DataView(bytes.buffer, 0, got);
}

function withRoom(entries: DataView<ArrayBuffer>, bytes: number): DataView<ArrayBuffer> {
  if (bytes <= entries.byteLength) return entries;
  const larger = new Uint8Array(Math.max(bytes, entriesBytesMin, entries.byteLength * 2));
  larger.set(new Uint8Array(entries.buffer, entries.byteOffset, entries.byteLength));
  return viewOf(larger);
}

/** The end of relative offsets in a segment that is followed by one at `nextBaseOffset` (-1: by none). */
export function relativeOffsetsEnd(baseOffset: number, nextBaseOffset: number): number {
  return nextBaseOffset < 0 ? relativeOffsetLimit : Math.min(relativeOffsetLimit, nextBaseOffset - baseOffset);
}
