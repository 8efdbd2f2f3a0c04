import { assert } from '../base/assert.ts';
import { loadHalves, storeHalves } from './halves.ts';
import type { RowSnapshot } from './partition_table.ts';
import type { RowWriter } from './row_writer.ts';

/**
 * The list of segments of each log, in a heap that its owner shard writes and everybody reads. A row of the partition
 * table says where the list lies (`segmentsPlace`, in entries), how long it is, and its generation.
 *
 * | word of an entry (32 bytes) | field |
 * | --- | --- |
 * | 0, 1 | base offset |
 * | 2 | generation: changes when the file under this base offset is another one |
 * | 3 | state, one of `segmentState` |
 * | 4 | bytes, up to 4 GiB; of the active segment the row says it |
 * | 5 | spare |
 * | 6, 7 | largest timestamp, −1 for none |
 *
 * An entry that a published row covers never changes. The owner adds one behind the list and publishes a larger
 * count, leaves off the first ones by publishing a later place, and for anything else writes a new list. When a list
 * moves to other memory its generation is raised: only then may the old memory be written again, after the row is
 * published. A reader copies what it needs and asks `PartitionTable.hasSameSegments` afterwards.
 */
const entryWords = 8;
export const segmentEntryBytes = entryWords * 4;

export const segmentState = {
  /** Its files lie in the row's log directory. */
  local: 0,
  /** Its files lie with the future log. */
  future: 1,
  /** It can be read from remote storage only. */
  remote: 2,
} as const;

export class SegmentEntry {
  baseOffset = 0;
  generation = 0;
  state: number = segmentState.local;
  bytes = 0;
  largestTimestamp = -1;
}

/** Reads lists; one for each reading thread. */
export class SegmentListReader {
  /** Heaps by owner: thread number − 1. */
  readonly #heaps: readonly Int32Array<SharedArrayBuffer>[];

  constructor(heaps: readonly SharedArrayBuffer[]) {
    this.#heaps = heaps.map((heap) => new Int32Array(heap));
  }

  /** Reads one entry, 0 being the oldest segment. What it says holds if `hasSameSegments` is true afterwards. */
  read(snapshot: RowSnapshot, index: number, into: SegmentEntry): void {
    assert(index >= 0 && index < snapshot.segmentCount, 'a segment of the list');
    const heap = this.#heaps[snapshot.owner - 1] as Int32Array<SharedArrayBuffer>;
    const start = (snapshot.segmentsPlace + index) * entryWords;
    into.baseOffset = loadHalves(heap, start);
    into.generation = Atomics.load(heap, start + 2);
    into.state = Atomics.load(heap, start + 3);
    into.bytes = Atomics.load(heap, start + 4) >>> 0;
    into.largestTimestamp = loadHalves(heap, start + 6);
  }

  /** Index of the last segment whose base offset is at or below `offset`; −1 for none. Holds like `read`. */
  floor(snapshot: RowSnapshot, offset: number): number {
    const heap = this.#heaps[snapshot.owner - 1] as Int32Array<SharedArrayBuffer>;
    let low = 0;
    let high = snapshot.segmentCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (loadHalves(heap, (snapshot.segmentsPlace + middle) * entryWords) <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** One owner's heap: blocks of 4, 8, 16, … entries, each kind with its free list. Plain bookkeeping of the owner. */
export class SegmentHeap {
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly #entries: number;
  /** By size: free blocks of 4 << size entries. */
  readonly #free: number[][] = Array.from({ length: 26 }, () => []);
  #next = 0;

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory);
    this.#entries = Math.floor(memory.byteLength / segmentEntryBytes);
  }

  /** First entry of a block of 4 << size, or −1: the heap is full. */
  allocate(size: number): number {
    const free = this.#free[size] as number[];
    const reused = free.pop();
    if (reused !== undefined) return reused;
    const entries = 4 << size;
    if (this.#next + entries <= this.#entries) {
      this.#next += entries;
      return this.#next - entries;
    }
    return this.#split(size);
  }

  release(block: number, size: number): void {
    (this.#free[size] as number[]).push(block);
  }

  /** The upper half of a larger free block stays free. */
  #split(size: number): number {
    if (size + 1 >= this.#free.length) return -1;
    const larger = (this.#free[size + 1] as number[]).pop() ?? this.#split(size + 1);
    if (larger < 0) return -1;
    (this.#free[size] as number[]).push(larger + (4 << size));
    return larger;
  }
}

/**
 * The owner's side of one log's list. Every change is published with the row: the caller may set other fields of
 * the row first, and they become visible together. No change leaves room for a reader to see half of it.
 */
export class SegmentListWriter {
  readonly #heap: SegmentHeap;
  readonly #row: RowWriter;
  #block = -1;
  #size = 0;
  /** The list is [first, first + count) of the block's entries. */
  #first = 0;
  #count = 0;

  /** Over a row that has no list yet. */
  constructor(heap: SegmentHeap, row: RowWriter) {
    this.#heap = heap;
    this.#row = row;
  }

  get count(): number {
    return this.#count;
  }

  /** Adds the newest segment and publishes the row. False: the heap is full, nothing changed. */
  append(entry: SegmentEntry): boolean {
    if (this.#block < 0 || this.#first + this.#count === 4 << this.#size) {
      const kept = Array.from({ length: this.#count }, (_, index) => this.#copy(index));
      return this.replaceAll([...kept, entry]);
    }
    this.#write(this.#block + this.#first + this.#count, entry);
    this.#count++;
    this.#publish();
    return true;
  }

  /** Leaves off the `count` oldest segments and publishes the row. */
  dropOldest(count: number): void {
    assert(count <= this.#count, 'segments of the list');
    this.#first += count;
    this.#count -= count;
    this.#publish();
  }

  /** Another list altogether; publishes the row. False: the heap is full, nothing changed. */
  replaceAll(entries: readonly SegmentEntry[]): boolean {
    let size = 0;
    while (4 << size < entries.length + 1) size++;
    const block = this.#heap.allocate(size);
    if (block < 0) return false;
    for (let index = 0; index < entries.length; index++) this.#write(block + index, entries[index] as SegmentEntry);
    const formerBlock = this.#block;
    const formerSize = this.#size;
    this.#block = block;
    this.#size = size;
    this.#first = 0;
    this.#count = entries.length;
    this.#row.segmentsGeneration = (this.#row.segmentsGeneration + 1) | 0;
    this.#publish();
    if (formerBlock >= 0) this.#heap.release(formerBlock, formerSize);
    return true;
  }

  /** The log goes away: publishes an empty list and gives its memory back. */
  close(): void {
    const block = this.#block;
    this.#block = -1;
    this.#first = 0;
    this.#count = 0;
    this.#row.segmentsGeneration = (this.#row.segmentsGeneration + 1) | 0;
    this.#publish();
    if (block >= 0) this.#heap.release(block, this.#size);
  }

  #publish(): void {
    this.#row.segmentsPlace = this.#block < 0 ? -1 : this.#block + this.#first;
    this.#row.segmentCount = this.#count;
    this.#row.publish();
  }

  #write(place: number, entry: SegmentEntry): void {
    const { words } = this.#heap;
    const start = place * entryWords;
    storeHalves(words, start, entry.baseOffset);
    Atomics.store(words, start + 2, entry.generation);
    Atomics.store(words, start + 3, entry.state);
    Atomics.store(words, start + 4, entry.bytes | 0);
    storeHalves(words, start + 6, entry.largestTimestamp);
  }

  #copy(index: number): SegmentEntry {
    const { words } = this.#heap;
    const start = (this.#block + this.#first + index) * entryWords;
    const entry = new SegmentEntry();
    entry.baseOffset = loadHalves(words, start);
    entry.generation = Atomics.load(words, start + 2);
    entry.state = Atomics.load(words, start + 3);
    entry.bytes = Atomics.load(words, start + 4) >>> 0;
    entry.largestTimestamp = loadHalves(words, start + 6);
    return entry;
  }
}
