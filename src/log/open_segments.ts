import type { Disk, File } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import type { RowSnapshot } from '../shared-memory/partition_table.ts';
import type { SegmentEntry } from '../shared-memory/segment_lists.ts';
import { offsetEntryBytes, timeEntryBytes } from './index_entries.ts';
import { segmentPath } from './segment_names.ts';

/** One index file of a segment as a reader has it open. */
export interface OpenIndex {
  readonly file: File;
  /** Whole entries when it was opened. Of the active segment the tail tells how many there are. */
  readonly entries: number;
}

/** A segment that this thread has open for reading, under the identity that its owner published. */
export class OpenSegment {
  readonly slot: number;
  readonly incarnation: number;
  readonly baseOffset: number;
  readonly generation: number;
  readonly log: File;
  offsetIndex: OpenIndex | null = null;
  timeIndex: OpenIndex | null = null;
  /** Operations that go on using it; it is closed when there are none. */
  pins = 0;
  isDoomed = false;
  /** Neighbours in the order of use. */
  older: OpenSegment | null = null;
  newer: OpenSegment | null = null;

  constructor(slot: number, incarnation: number, baseOffset: number, generation: number, log: File) {
    this.slot = slot;
    this.incarnation = incarnation;
    this.baseOffset = baseOffset;
    this.generation = generation;
    this.log = log;
  }
}

/** The open segments of one thread, least recently used first to go. A descriptor serves this thread only. */
export class OpenSegments {
  readonly #disk: Disk;
  readonly #directoryOf: (slot: number) => string;
  readonly #filesMax: number;
  readonly #bySlot = new Map<number, OpenSegment[]>();
  #oldest: OpenSegment | null = null;
  #newest: OpenSegment | null = null;
  #count = 0;

  constructor(disk: Disk, directoryOf: (slot: number) => string, filesMax: number) {
    this.#disk = disk;
    this.#directoryOf = directoryOf;
    this.#filesMax = filesMax;
  }

  get count(): number {
    return this.#count;
  }

  /** The segment, pinned: every `acquire` is followed by a `release`. */
  acquire(row: RowSnapshot, entry: SegmentEntry): OpenSegment | DiskError {
    let segment = this.#find(row, entry);
    if (segment === null) {
      const opened = this.#open(row, entry);
      if (opened instanceof DiskError) return opened;
      segment = opened;
    } else this.#unlink(segment);
    this.#append(segment);
    segment.pins++;
    return segment;
  }

  release(segment: OpenSegment): void {
    segment.pins--;
    if (segment.isDoomed && segment.pins === 0) closeFiles(segment);
  }

  /** One of the index files, opened when first asked for. */
  index(segment: OpenSegment, suffix: '.index' | '.timeindex'): OpenIndex | DiskError {
    const open = suffix === '.index' ? segment.offsetIndex : segment.timeIndex;
    if (open !== null) return open;
    const path = segmentPath(this.#directoryOf(segment.slot), segment.baseOffset, suffix);
    const file = this.#disk.open(path, 'read');
    if (file instanceof DiskError) return file;
    const size = file.size();
    if (size instanceof DiskError) {
      file.close();
      return size;
    }
    const entryBytes = suffix === '.index' ? offsetEntryBytes : timeEntryBytes;
    const index = { file, entries: Math.floor(size / entryBytes) };
    if (suffix === '.index') segment.offsetIndex = index;
    else segment.timeIndex = index;
    return index;
  }

  closeSlot(slot: number): void {
    for (const segment of this.#bySlot.get(slot) ?? []) this.#drop(segment);
    this.#bySlot.delete(slot);
  }

  close(): void {
    for (const slot of this.#bySlot.keys()) this.closeSlot(slot);
  }

  #find(row: RowSnapshot, entry: SegmentEntry): OpenSegment | null {
    const segments = this.#bySlot.get(row.slot);
    if (segments === undefined) return null;
    for (const segment of segments) {
      if (segment.baseOffset !== entry.baseOffset) continue;
      if (segment.generation === entry.generation && segment.incarnation === row.incarnation) return segment;
      // Another file has taken its place.
      this.#drop(segment);
      segments.splice(segments.indexOf(segment), 1);
      return null;
    }
    return null;
  }

  #open(row: RowSnapshot, entry: SegmentEntry): OpenSegment | DiskError {
    const log = this.#disk.open(segmentPath(this.#directoryOf(row.slot), entry.baseOffset, '.log'), 'read');
    if (log instanceof DiskError) return log;
    const segment = new OpenSegment(row.slot, row.incarnation, entry.baseOffset, entry.generation, log);
    const segments = this.#bySlot.get(row.slot);
    if (segments === undefined) this.#bySlot.set(row.slot, [segment]);
    else segments.push(segment);
    this.#count++;
    this.#evict();
    return segment;
  }

  #evict(): void {
    let candidate = this.#oldest;
    while (this.#count > this.#filesMax && candidate !== null) {
      const next = candidate.newer;
      if (candidate.pins === 0) {
        const segments = this.#bySlot.get(candidate.slot)!;
        segments.splice(segments.indexOf(candidate), 1);
        if (segments.length === 0) this.#bySlot.delete(candidate.slot);
        this.#drop(candidate);
      }
      candidate = next;
    }
  }

  #drop(segment: OpenSegment): void {
    this.#unlink(segment);
    this.#count--;
    segment.isDoomed = true;
    if (segment.pins === 0) closeFiles(segment);
  }

  #append(segment: OpenSegment): void {
    segment.older = this.#newest;
    segment.newer = null;
    if (this.#newest === null) this.#oldest = segment;
    else this.#newest.newer = segment;
    this.#newest = segment;
  }

  #unlink(segment: OpenSegment): void {
    if (segment.older === null && this.#oldest !== segment) return;
    if (segment.older === null) this.#oldest = segment.newer;
    else segment.older.newer = segment.newer;
    if (segment.newer === null) this.#newest = segment.older;
    else segment.newer.older = segment.older;
    segment.older = null;
    segment.newer = null;
  }
}

function closeFiles(segment: OpenSegment): void {
  segment.log.close();
  segment.offsetIndex?.file.close();
  segment.timeIndex?.file.close();
}
