import type { Disk, File } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import type { IndexTailWriter } from '../shared-memory/index_tail.ts';
import { writeFully } from './atomic_file.ts';
import { writeInt64 } from './batch_header.ts';
import { offsetEntryBytes, timeEntryBytes } from './index_entries.ts';
import type { SegmentIndexes } from './index_files.ts';
import { segmentPath } from './segment_names.ts';

/**
 * The indexes of the active segment: entries go to the shared tail, and from there in batches to the files. Writing an
 * entry at a time would cost half of an append. An entry that cannot be written is left out: the next lookup scans a
 * little more.
 */
export class ActiveIndex {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #tail: IndexTailWriter;
  #baseOffset = -1;
  #offsetFile: File | null = null;
  #timeFile: File | null = null;
  #lastTimestamp = -1;
  #lastTimeRelativeOffset = -1;

  constructor(disk: Disk, directory: string, tail: IndexTailWriter) {
    this.#disk = disk;
    this.#directory = directory;
    this.#tail = tail;
  }

  get offsetEntries(): number {
    return this.#tail.offsetEntriesFiled + this.#tail.offsetEntries;
  }

  get timeEntries(): number {
    return this.#tail.timeEntriesFiled + this.#tail.timeEntries;
  }

  /** Goes on behind `indexes`, which are what the files of the segment hold. */
  begin(baseOffset: number, indexes: SegmentIndexes): void {
    this.close();
    this.#baseOffset = baseOffset;
    this.#lastTimestamp = indexes.lastTimestamp;
    this.#lastTimeRelativeOffset = indexes.lastTimeRelativeOffset;
    this.#tail.begin(baseOffset, indexes.offsetEntries, indexes.timeEntries);
  }

  add(relativeOffset: number, position: number, largestTimestamp: number, relativeOffsetOfLargest: number): void {
    if (!this.#tail.addOffset(relativeOffset, position)) {
      if (this.writeTail() !== null) return;
      this.#tail.addOffset(relativeOffset, position);
    }
    this.#addTime(largestTimestamp, relativeOffsetOfLargest);
  }

  /** The last entry of a segment that is closed, and all that is not in the files yet. */
  finish(largestTimestamp: number, relativeOffsetOfLargest: number): DiskError | null {
    const error = this.#addTime(largestTimestamp, relativeOffsetOfLargest);
    return error ?? this.writeTail();
  }

  /** Writes the tail's entries to the files. After an error they stay in the tail. */
  writeTail(): DiskError | null {
    const tail = this.#tail;
    const offsets = tail.offsetEntries;
    const times = tail.timeEntries;
    if (offsets === 0 && times === 0) return null;
    const openError = this.#open();
    if (openError !== null) return openError;
    const offsetBatch = new DataView(new ArrayBuffer(offsets * offsetEntryBytes));
    for (let index = 0; index < offsets; index++) {
      offsetBatch.setInt32(index * offsetEntryBytes, tail.relativeOffsetAt(index));
      offsetBatch.setInt32(index * offsetEntryBytes + 4, tail.positionAt(index));
    }
    const timeBatch = new DataView(new ArrayBuffer(times * timeEntryBytes));
    for (let index = 0; index < times; index++) {
      writeInt64(timeBatch, index * timeEntryBytes, tail.timestampAt(index));
      timeBatch.setInt32(index * timeEntryBytes + 8, tail.timeRelativeOffsetAt(index));
    }
    const error =
      writeEntries(this.#offsetFile!, offsetBatch, tail.offsetEntriesFiled * offsetEntryBytes) ??
      writeEntries(this.#timeFile!, timeBatch, tail.timeEntriesFiled * timeEntryBytes);
    if (error !== null) return error;
    tail.filed(offsets, times);
    return null;
  }

  /** Gives the files back; what is in the tail stays there. */
  close(): void {
    this.#offsetFile?.close();
    this.#timeFile?.close();
    this.#offsetFile = null;
    this.#timeFile = null;
  }

  #addTime(timestamp: number, relativeOffset: number): DiskError | null {
    if (timestamp <= this.#lastTimestamp || relativeOffset <= this.#lastTimeRelativeOffset) return null;
    if (!this.#tail.addTime(timestamp, relativeOffset)) {
      const error = this.writeTail();
      if (error !== null) return error;
      this.#tail.addTime(timestamp, relativeOffset);
    }
    this.#lastTimestamp = timestamp;
    this.#lastTimeRelativeOffset = relativeOffset;
    return null;
  }

  #open(): DiskError | null {
    if (this.#offsetFile === null) {
      const file = this.#disk.open(segmentPath(this.#directory, this.#baseOffset, '.index'), 'write');
      if (file instanceof DiskError) return file;
      this.#offsetFile = file;
    }
    if (this.#timeFile === null) {
      const file = this.#disk.open(segmentPath(this.#directory, this.#baseOffset, '.timeindex'), 'write');
      if (file instanceof DiskError) return file;
      this.#timeFile = file;
    }
    return null;
  }
}

function writeEntries(file: File, entries: DataView<ArrayBuffer>, position: number): DiskError | null {
  return writeFully(file, new Uint8Array(entries.buffer), position);
}
