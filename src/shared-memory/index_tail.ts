import { assert } from '../base/assert.ts';
import { highHalf, joinHalves, loadHalves, lowHalf, storeHalves } from './halves.ts';

/**
 * Index entries of a log's active segment that are not in its index files yet: two areas for each row of the
 * partition table, written by the row's owner, read by everybody. The heads of all rows come first, then the entries of
 * all rows: a partition that nobody writes to then touches 128 bytes of memory, not a page.
 *
 * | word of a head | field |
 * | --- | --- |
 * | 0 | version: counts publications of the header; its lowest bit names the half to read |
 * | 1, 2 | ends: offset entries and time entries ever added (free-running uint32) |
 * | 4 to 9 | header, half 0: base offset of the segment (2 words), starts of offset and time entries, entries of each in the files |
 * | 10 to 15 | header, half 1 |
 *
 * | word of the entries | field |
 * | --- | --- |
 * | 0 | 512 offset entries of 8 bytes: relative offset, position; entry n lies at n mod 512 |
 * | 1024 | 256 time entries of 12 bytes: timestamp (2 words), relative offset; entry n lies at n mod 256 |
 *
 * The entries from start to end are the tail. Adding one stores the entry, then the end. Everything else publishes
 * the header: entries written to the files (start moves up), a new segment (start becomes end), truncation (the end
 * moves down, then the header is published, then entries may be added). An entry's words are written again only after
 * a publication that follows every moment at which a reader could have found it, so a reader that finds the same
 * version before and after has read right. No reader waits for a writer.
 */
const versionWord = 0;
const offsetEndWord = 1;
const timeEndWord = 2;
const headerStart = 4;
const headerWords = 6;
const headWords = 32;
export const offsetEntriesMax = 512;
const timeEntriesStart = offsetEntriesMax * 2;
export const timeEntriesMax = 256;
const entriesWords = Math.ceil((timeEntriesStart + timeEntriesMax * 3) / 32) * 32;
const rowWords = headWords + entriesWords;
/** Bytes for each row. */
export const indexTailStride = rowWords * 4;

assert(headerStart + 2 * headerWords <= headWords, 'both headers lie in the head');
assert((headWords * 4) % 128 === 0, 'heads are whole lines');
assert((offsetEntriesMax & (offsetEntriesMax - 1)) === 0, 'places of entries follow a free-running count');
assert((timeEntriesMax & (timeEntriesMax - 1)) === 0, 'places of entries follow a free-running count');

/** Words of a header half. */
const baseOffsetField = 0;
const offsetStartField = 2;
const timeStartField = 3;
const offsetFiledField = 4;
const timeFiledField = 5;

/** The owner's side. It reads its own entries here when it writes them to the files. */
export class IndexTailWriter {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #head: number;
  readonly #entries: number;
  #version: number;
  #baseOffset: number;
  #offsetStart: number;
  #offsetEnd: number;
  #timeStart: number;
  #timeEnd: number;
  #offsetEntriesFiled: number;
  #timeEntriesFiled: number;

  /** Goes on from what is published. All writers of a thread may use one view of the memory. */
  constructor(memory: SharedArrayBuffer | Int32Array<SharedArrayBuffer>, slot: number) {
    this.#words = memory instanceof Int32Array ? memory : new Int32Array(memory);
    this.#head = headOf(this.#words, slot);
    this.#entries = entriesOf(this.#words, slot);
    this.#version = Atomics.load(this.#words, this.#head + versionWord);
    const header = this.#head + headerStart + (this.#version & 1) * headerWords;
    this.#baseOffset = loadHalves(this.#words, header + baseOffsetField);
    this.#offsetStart = Atomics.load(this.#words, header + offsetStartField);
    this.#timeStart = Atomics.load(this.#words, header + timeStartField);
    this.#offsetEntriesFiled = Atomics.load(this.#words, header + offsetFiledField);
    this.#timeEntriesFiled = Atomics.load(this.#words, header + timeFiledField);
    this.#offsetEnd = Atomics.load(this.#words, this.#head + offsetEndWord);
    this.#timeEnd = Atomics.load(this.#words, this.#head + timeEndWord);
  }

  /** Offset entries in the tail. */
  get offsetEntries(): number {
    return (this.#offsetEnd - this.#offsetStart) | 0;
  }

  get timeEntries(): number {
    return (this.#timeEnd - this.#timeStart) | 0;
  }

  /** Valid entries of the segment's files; what lies behind them in a pre-extended file is none. */
  get offsetEntriesFiled(): number {
    return this.#offsetEntriesFiled;
  }

  get timeEntriesFiled(): number {
    return this.#timeEntriesFiled;
  }

  /** A new active segment, whose files hold this many entries. The tail is empty. */
  begin(baseOffset: number, offsetEntriesFiled: number, timeEntriesFiled: number): void {
    this.#baseOffset = baseOffset;
    this.#offsetStart = this.#offsetEnd;
    this.#timeStart = this.#timeEnd;
    this.#offsetEntriesFiled = offsetEntriesFiled;
    this.#timeEntriesFiled = timeEntriesFiled;
    this.#publish();
  }

  /** False: the tail is full, write it to the file first. */
  addOffset(relativeOffset: number, position: number): boolean {
    if (this.offsetEntries === offsetEntriesMax) return false;
    const entry = offsetEntry(this.#entries, this.#offsetEnd);
    Atomics.store(this.#words, entry, relativeOffset);
    Atomics.store(this.#words, entry + 1, position);
    this.#offsetEnd = (this.#offsetEnd + 1) | 0;
    Atomics.store(this.#words, this.#head + offsetEndWord, this.#offsetEnd);
    return true;
  }

  /** False: the tail is full, write it to the file first. */
  addTime(timestamp: number, relativeOffset: number): boolean {
    if (this.timeEntries === timeEntriesMax) return false;
    const entry = timeEntry(this.#entries, this.#timeEnd);
    storeHalves(this.#words, entry, timestamp);
    Atomics.store(this.#words, entry + 2, relativeOffset);
    this.#timeEnd = (this.#timeEnd + 1) | 0;
    Atomics.store(this.#words, this.#head + timeEndWord, this.#timeEnd);
    return true;
  }

  /** The tail's `index`-th offset entry: its relative offset, and its position in the segment. */
  relativeOffsetAt(index: number): number {
    return Atomics.load(this.#words, offsetEntry(this.#entries, this.#offsetStart + index)) >>> 0;
  }

  positionAt(index: number): number {
    return Atomics.load(this.#words, offsetEntry(this.#entries, this.#offsetStart + index) + 1) >>> 0;
  }

  /** The tail's `index`-th time entry: its timestamp, and its relative offset. */
  timestampAt(index: number): number {
    return loadHalves(this.#words, timeEntry(this.#entries, this.#timeStart + index));
  }

  timeRelativeOffsetAt(index: number): number {
    return Atomics.load(this.#words, timeEntry(this.#entries, this.#timeStart + index) + 2) >>> 0;
  }

  /** The oldest entries of the tail stand in the files now. */
  filed(offsetEntries: number, timeEntries: number): void {
    assert(offsetEntries <= this.offsetEntries && timeEntries <= this.timeEntries, 'entries of the tail');
    this.#offsetStart = (this.#offsetStart + offsetEntries) | 0;
    this.#timeStart = (this.#timeStart + timeEntries) | 0;
    this.#offsetEntriesFiled += offsetEntries;
    this.#timeEntriesFiled += timeEntries;
    this.#publish();
  }

  /**
   * The segment was cut: entries at or above `relativeOffset` go. `offsetEntriesFiled` and `timeEntriesFiled` are
   * how many the files keep.
   */
  truncate(relativeOffset: number, offsetEntriesFiled: number, timeEntriesFiled: number): void {
    let offsets = this.offsetEntries;
    while (offsets > 0 && this.relativeOffsetAt(offsets - 1) >= relativeOffset) offsets--;
    let times = this.timeEntries;
    while (times > 0 && this.timeRelativeOffsetAt(times - 1) >= relativeOffset) times--;
    this.#offsetEnd = (this.#offsetStart + offsets) | 0;
    this.#timeEnd = (this.#timeStart + times) | 0;
    this.#offsetEntriesFiled = offsetEntriesFiled;
    this.#timeEntriesFiled = timeEntriesFiled;
    // The ends first: whoever still finds the old ones reads the old version before them.
    Atomics.store(this.#words, this.#head + offsetEndWord, this.#offsetEnd);
    Atomics.store(this.#words, this.#head + timeEndWord, this.#timeEnd);
    this.#publish();
  }

  #publish(): void {
    this.#version = (this.#version + 1) | 0;
    const header = this.#head + headerStart + (this.#version & 1) * headerWords;
    Atomics.store(this.#words, header + baseOffsetField, lowHalf(this.#baseOffset));
    Atomics.store(this.#words, header + baseOffsetField + 1, highHalf(this.#baseOffset));
    Atomics.store(this.#words, header + offsetStartField, this.#offsetStart);
    Atomics.store(this.#words, header + timeStartField, this.#timeStart);
    Atomics.store(this.#words, header + offsetFiledField, this.#offsetEntriesFiled);
    Atomics.store(this.#words, header + timeFiledField, this.#timeEntriesFiled);
    Atomics.store(this.#words, this.#head + versionWord, this.#version);
  }
}

/** Lookups of any thread. The answer of a lookup stands in the fields. */
export class IndexTailReader {
  /** Base offset of the segment that the tail belongs to. */
  baseOffset = 0;
  /** Entries of that segment's files; the tail goes on behind them. */
  offsetEntriesFiled = 0;
  timeEntriesFiled = 0;
  /** The entry found. */
  relativeOffset = 0;
  position = 0;
  timestamp = 0;
  readonly #words: Int32Array<SharedArrayBuffer>;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  /**
   * The last offset entry at or below `relativeTarget`: `relativeOffset` and `position`. False: the tail has none, look
   * in the file, in its first `offsetEntriesFiled` entries. The caller holds `baseOffset` against its segment.
   */
  floorOffset(slot: number, relativeTarget: number): boolean {
    const words = this.#words;
    const head = headOf(words, slot);
    const entries = entriesOf(words, slot);
    for (;;) {
      const version = Atomics.load(words, head + versionWord);
      const header = this.#readHeader(head, version);
      const start = Atomics.load(words, header + offsetStartField);
      const count = boundedCount(start, Atomics.load(words, head + offsetEndWord), offsetEntriesMax);
      let low = 0;
      let high = count;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (Atomics.load(words, offsetEntry(entries, start + middle)) >>> 0 <= relativeTarget) low = middle + 1;
        else high = middle;
      }
      if (low > 0) {
        const entry = offsetEntry(entries, start + low - 1);
        this.relativeOffset = Atomics.load(words, entry) >>> 0;
        this.position = Atomics.load(words, entry + 1) >>> 0;
      }
      if (Atomics.load(words, head + versionWord) === version) return low > 0;
    }
  }

  /**
   * The last time entry at or below `targetTimestamp`: `timestamp` and `relativeOffset`. False: the tail has none, look
   * in the file, in its first `timeEntriesFiled` entries.
   */
  floorTime(slot: number, targetTimestamp: number): boolean {
    const words = this.#words;
    const head = headOf(words, slot);
    const entries = entriesOf(words, slot);
    for (;;) {
      const version = Atomics.load(words, head + versionWord);
      const header = this.#readHeader(head, version);
      const start = Atomics.load(words, header + timeStartField);
      const count = boundedCount(start, Atomics.load(words, head + timeEndWord), timeEntriesMax);
      let low = 0;
      let high = count;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (loadHalves(words, timeEntry(entries, start + middle)) <= targetTimestamp) low = middle + 1;
        else high = middle;
      }
      if (low > 0) {
        const entry = timeEntry(entries, start + low - 1);
        this.timestamp = loadHalves(words, entry);
        this.relativeOffset = Atomics.load(words, entry + 2) >>> 0;
      }
      if (Atomics.load(words, head + versionWord) === version) return low > 0;
    }
  }

  #readHeader(head: number, version: number): number {
    const words = this.#words;
    const header = head + headerStart + (version & 1) * headerWords;
    this.baseOffset = joinHalves(
      Atomics.load(words, header + baseOffsetField),
      Atomics.load(words, header + baseOffsetField + 1),
    );
    this.offsetEntriesFiled = Atomics.load(words, header + offsetFiledField);
    this.timeEntriesFiled = Atomics.load(words, header + timeFiledField);
    return header;
  }
}

function headOf(words: Int32Array, slot: number): number {
  assert(slot >= 0 && slot < rowsOf(words), 'an index tail for each row');
  return slot * headWords;
}

function entriesOf(words: Int32Array, slot: number): number {
  return rowsOf(words) * headWords + slot * entriesWords;
}

function rowsOf(words: Int32Array): number {
  return words.length / rowWords;
}

function offsetEntry(entries: number, count: number): number {
  return entries + (count & (offsetEntriesMax - 1)) * 2;
}

function timeEntry(entries: number, count: number): number {
  return entries + timeEntriesStart + (count & (timeEntriesMax - 1)) * 3;
}

/** Start and end may be of two versions, whose difference means nothing: such a reading is made again anyway. */
function boundedCount(start: number, end: number, max: number): number {
  return Math.max(0, Math.min((end - start) | 0, max));
}
