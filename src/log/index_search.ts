import type { File } from '../port/disk.ts';
import {
  floorOffsetEntry,
  floorTimeEntry,
  offsetEntryBytes,
  offsetEntryPosition,
  offsetEntryRelativeOffset,
  timeEntryBytes,
  timeEntryRelativeOffset,
  timeEntryTimestamp,
} from './index_entries.ts';
import type { OpenIndex } from './open_segments.ts';

/** Bytes of one read: whole entries of either kind. */
const pageBytes = 4080;

/**
 * Finds the last entry at or below a key in an index file, reading a page at a time. What it finds is a hint: the
 * caller holds it against the log, so that a damaged index makes a lookup slower and never wrong.
 */
export class IndexSearch {
  /** The entry found; `relativeOffset` is -1 when there is none at or below the key. */
  relativeOffset = -1;
  position = 0;
  timestamp = -1;
  /** The read that is needed next. */
  readonly memory = new Uint8Array(pageBytes);
  readFrom = 0;
  readLength = 0;
  file!: File;

  readonly #view = new DataView(this.memory.buffer);
  #isTime = false;
  #key = 0;
  #entries = 0;
  #lowPage = 0;
  #highPage = 0;
  #page = 0;

  /** By relative offset. True: a read is needed. */
  beginOffset(index: OpenIndex, entries: number, relativeOffset: number): boolean {
    this.#isTime = false;
    return this.#begin(index, entries, relativeOffset);
  }

  beginTime(index: OpenIndex, entries: number, timestamp: number): boolean {
    this.#isTime = true;
    return this.#begin(index, entries, timestamp);
  }

  /** The page has come. True: another one is needed. */
  advance(got: number): boolean {
    const entryBytes = this.#isTime ? timeEntryBytes : offsetEntryBytes;
    const count = Math.floor(got / entryBytes);
    const floor = this.#isTime
      ? floorTimeEntry(this.#view, count, this.#key)
      : floorOffsetEntry(this.#view, count, this.#key);
    if (floor < 0) this.#highPage = this.#page;
    else {
      this.#take(floor);
      if (floor < count - 1) return false;
      this.#lowPage = this.#page + 1;
    }
    return this.#nextPage();
  }

  #begin(index: OpenIndex, entries: number, key: number): boolean {
    this.relativeOffset = -1;
    this.position = 0;
    this.timestamp = -1;
    this.file = index.file;
    this.#entries = entries;
    this.#key = key;
    this.#lowPage = 0;
    this.#highPage = Math.ceil((entries * (this.#isTime ? timeEntryBytes : offsetEntryBytes)) / pageBytes);
    return this.#nextPage();
  }

  #nextPage(): boolean {
    if (this.#lowPage >= this.#highPage) return false;
    this.#page = (this.#lowPage + this.#highPage) >>> 1;
    const bytes = this.#entries * (this.#isTime ? timeEntryBytes : offsetEntryBytes);
    this.readFrom = this.#page * pageBytes;
    this.readLength = Math.min(pageBytes, bytes - this.readFrom);
    return true;
  }

  #take(entry: number): void {
    if (this.#isTime) {
      this.timestamp = timeEntryTimestamp(this.#view, entry);
      this.relativeOffset = timeEntryRelativeOffset(this.#view, entry);
    } else {
      this.relativeOffset = offsetEntryRelativeOffset(this.#view, entry);
      this.position = offsetEntryPosition(this.#view, entry);
    }
  }
}
