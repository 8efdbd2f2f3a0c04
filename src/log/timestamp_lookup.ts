import { CodecFailure } from '../port/codecs.ts';
import type { File } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import type { RowSnapshot } from '../shared-memory/partition_table.ts';
import { SegmentEntry } from '../shared-memory/segment_lists.ts';
import { BatchFinder, copyRow } from './batch_finder.ts';
import type { FindStatus, ReaderContext } from './batch_finder.ts';
import type { Decompressor } from './decompressor.ts';
import type { DiskOperation } from './disk_operation.ts';
import { IndexSearch } from './index_search.ts';
import { LogFailure } from './log_failure.ts';
import { firstRecordByTime, largestTimestampFrom } from './records_by_time.ts';

/** Later than every timestamp. */
const endOfTime = Number.MAX_VALUE;

/** What the read that is under way is for. */
type Phase =
  | 'firstBatch'
  | 'firstRecords'
  | 'firstRest'
  | 'largestEntry'
  | 'largestRest'
  | 'entry'
  | 'verify'
  | 'batch'
  | 'records';

/**
 * Finds the first record, by offset, that is not older than a timestamp; or the first of those that have the largest
 * timestamp of the log.
 *
 *     segment whose largest timestamp is not below it
 *       ─► time index entry at or below it ─► the batch that it names (verified) ─► heads ─► records of a batch
 *
 * The active segment's largest timestamp is not published: its last time entry tells it up to its last offset entry, and
 * the batches behind that are looked at. What is told of the segment in which the log begins may speak of records below
 * the start: its largest timestamp is looked for from there on.
 */
export class TimestampLookup implements DiskOperation {
  status: FindStatus = 'exhausted';
  failure: LogFailure | null = null;
  /** The record found. */
  offset = -1;
  timestamp = -1;
  leaderEpoch = -1;

  readonly #context: ReaderContext;
  readonly #finder: BatchFinder;
  readonly #search = new IndexSearch();
  readonly #entry = new SegmentEntry();
  #decompressor: Decompressor = noDecompressor;
  #phase: Phase = 'batch';
  #target = 0;
  #isForLargest = false;
  #segmentIndex = 0;
  /** The largest timestamp so far, and the first segment that has it. */
  #largest = -1;
  #largestIndex = 0;
  /** What the last time entry said, and the end of the batch that it names. */
  #lastEntryTimestamp = -1;
  #anchor = -1;
  #records = noBytes;

  constructor(context: ReaderContext) {
    this.#context = context;
    this.#finder = new BatchFinder(context);
  }

  get file(): File {
    if (this.#isSearching) return this.#search.file;
    return this.#isLoading ? this.#finder.open!.log : this.#finder.file;
  }

  get memory(): Uint8Array {
    if (this.#isSearching) return this.#search.memory;
    return this.#isLoading ? this.#records : this.#finder.memory;
  }

  get at(): number {
    return 0;
  }

  get length(): number {
    if (this.#isSearching) return this.#search.readLength;
    return this.#isLoading ? this.#records.length : this.#finder.length;
  }

  get position(): number {
    if (this.#isSearching) return this.#search.readFrom;
    return this.#isLoading ? this.#finder.batchPosition : this.#finder.position;
  }

  /** True: a read is needed. */
  begin(row: RowSnapshot, timestamp: number, decompressor: Decompressor): boolean {
    this.#prepare(row, decompressor);
    this.#isForLargest = false;
    this.#target = timestamp;
    return this.#lookIn(Math.max(0, this.#context.segmentLists.floor(row, row.logStartOffset)));
  }

  /** For the largest timestamp of the log. */
  beginLargest(row: RowSnapshot, decompressor: Decompressor): boolean {
    this.#prepare(row, decompressor);
    this.#isForLargest = true;
    this.#target = endOfTime;
    const first = Math.max(0, this.#context.segmentLists.floor(row, row.logStartOffset));
    this.#segmentIndex = first;
    if (!this.#finder.enter(first)) return this.#foundNothing();
    const beginsInside = this.#finder.entry.baseOffset < row.logStartOffset;
    this.#largest = -1;
    this.#largestIndex = first;
    for (let index = beginsInside ? first + 1 : first; index + 1 < row.segmentCount; index++) {
      this.#context.segmentLists.read(row, index, this.#entry);
      this.#noteLargest(this.#entry.largestTimestamp, index);
    }
    if (!beginsInside) return this.#largestOfActive();
    this.#phase = 'firstBatch';
    const start = row.logStartOffset;
    return this.#finder.beginIn(first, start, start, -Infinity) || this.#foundBatch();
  }

  advance(got: number): boolean {
    switch (this.#phase) {
      case 'largestEntry':
        return this.#search.advance(got) || this.#lastEntryKnown(this.#search.timestamp);
      case 'entry':
        return this.#search.advance(got) || this.#entryKnown(this.#search.timestamp, this.#search.relativeOffset);
      case 'records':
        return this.#recordsRead(got);
      case 'firstRecords':
        return this.#firstRecordsRead(got);
      default:
        return this.#finder.advance(got) || this.#foundBatch();
    }
  }

  failed(error: DiskError): void {
    this.failure = LogFailure.ofDisk(error);
    this.#over('failed');
  }

  /** Lets go of what is pinned. */
  end(): void {
    this.#finder.end();
    this.#records = noBytes;
  }

  get #isSearching(): boolean {
    return this.#phase === 'entry' || this.#phase === 'largestEntry';
  }

  get #isLoading(): boolean {
    return this.#phase === 'records' || this.#phase === 'firstRecords';
  }

  #prepare(row: RowSnapshot, decompressor: Decompressor): void {
    copyRow(row, this.#finder.row);
    this.#decompressor = decompressor;
    this.offset = -1;
    this.timestamp = -1;
    this.leaderEpoch = -1;
    this.failure = null;
  }

  /** The segments from this one on. */
  #lookIn(first: number): boolean {
    const finder = this.#finder;
    const { row } = finder;
    let index = first;
    while (index + 1 < row.segmentCount) {
      this.#context.segmentLists.read(row, index, this.#entry);
      if (this.#entry.largestTimestamp >= this.#target) break;
      index++;
    }
    this.#segmentIndex = index;
    if (!finder.enter(index)) return this.#foundNothing();
    // Of a closed segment the list tells that it has what is looked for.
    return finder.isActive
      ? this.#entryAtOrBelow(endOfTime, 'largestEntry')
      : this.#entryAtOrBelow(this.#target, 'entry');
  }

  /** Asks tail and file of the entered segment for a time entry. */
  #entryAtOrBelow(timestamp: number, phase: 'entry' | 'largestEntry'): boolean {
    const finder = this.#finder;
    const { indexTails, segments } = this.#context;
    let filed = -1;
    if (finder.isActive) {
      const inTail = indexTails.floorTime(finder.row.slot, timestamp);
      if (indexTails.baseOffset === finder.entry.baseOffset) {
        if (inTail) return this.#known(phase, indexTails.timestamp, indexTails.relativeOffset);
        filed = indexTails.timeEntriesFiled;
        if (filed === 0) return this.#known(phase, -1, -1);
      }
    }
    const index = segments.index(finder.open!, '.timeindex');
    if (index instanceof DiskError) return this.#known(phase, -1, -1);
    this.#phase = phase;
    const needsRead = this.#search.beginTime(index, filed < 0 ? index.entries : filed, timestamp);
    return needsRead || this.#known(phase, this.#search.timestamp, this.#search.relativeOffset);
  }

  #known(phase: 'entry' | 'largestEntry', timestamp: number, relativeOffset: number): boolean {
    return phase === 'entry' ? this.#entryKnown(timestamp, relativeOffset) : this.#lastEntryKnown(timestamp);
  }

  /** Of the active segment. Nothing up to its last offset entry is later than `timestamp`. */
  #lastEntryKnown(timestamp: number): boolean {
    this.#lastEntryTimestamp = timestamp;
    if (timestamp >= this.#target) return this.#entryAtOrBelow(this.#target, 'entry');
    this.#phase = this.#isForLargest ? 'largestRest' : 'batch';
    const finder = this.#finder;
    const { logEndOffset, logStartOffset } = finder.row;
    // Without an end the walk passes every batch behind the last entry.
    const offset = this.#isForLargest ? Infinity : logStartOffset;
    this.#noteLargest(timestamp, this.#segmentIndex);
    const needsRead = finder.beginIn(this.#segmentIndex, logEndOffset, offset, this.#target);
    return needsRead || this.#foundBatch();
  }

  #entryKnown(timestamp: number, relativeOffset: number): boolean {
    const finder = this.#finder;
    const anchor = finder.entry.baseOffset + relativeOffset;
    if (relativeOffset < 0 || anchor <= finder.row.logStartOffset) return this.#walkFrom(finder.row.logStartOffset);
    this.#lastEntryTimestamp = timestamp;
    this.#anchor = anchor;
    this.#phase = 'verify';
    return finder.beginIn(this.#segmentIndex, anchor, anchor, -Infinity) || this.#foundBatch();
  }

  /** Heads of the segment, from where its offset index puts `offset`. */
  #walkFrom(offset: number): boolean {
    this.#phase = 'batch';
    const anchor = Math.max(offset, this.#finder.entry.baseOffset);
    return this.#finder.beginIn(this.#segmentIndex, anchor, offset, this.#target) || this.#foundBatch();
  }

  /** The lookup ends as its search did. */
  #foundNothing(): false {
    this.failure = this.#finder.failure;
    return this.#over(this.#finder.status);
  }

  #foundBatch(): boolean {
    const finder = this.#finder;
    const { logStartOffset } = finder.row;
    if (finder.status === 'failed' || finder.status === 'changed') return this.#foundNothing();
    if (this.#phase === 'firstBatch') return this.#firstBatchFound();
    if (this.#phase === 'firstRest') {
      this.#noteLargest(finder.largestTimestamp, this.#segmentIndex);
      return finder.isActive ? this.#largestKnown() : this.#largestOfActive();
    }
    if (this.#phase === 'largestRest') {
      this.#noteLargest(finder.largestTimestamp, this.#segmentIndex);
      return this.#largestKnown();
    }
    if (this.#phase === 'verify') {
      const isTrue =
        finder.status === 'found' &&
        finder.batchMaxTimestamp === this.#lastEntryTimestamp &&
        finder.batchLastOffset === this.#anchor;
      if (!isTrue) return this.#walkFrom(logStartOffset);
      this.#phase = 'batch';
      return finder.beginAt(finder.batchPosition, logStartOffset, this.#target) || this.#foundBatch();
    }
    if (finder.status === 'exhausted') {
      if (this.#segmentIndex + 1 >= finder.row.segmentCount) return this.#over('exhausted');
      return this.#lookIn(this.#segmentIndex + 1);
    }
    return this.#load('records');
  }

  #load(phase: 'records' | 'firstRecords'): true {
    const { batchBytes } = this.#finder;
    this.#phase = phase;
    if (this.#records.length !== batchBytes) this.#records = new Uint8Array(batchBytes);
    return true;
  }

  /** The log begins in this batch; where it begins inside, its records tell what is left of it. */
  #firstBatchFound(): boolean {
    const finder = this.#finder;
    if (finder.status === 'exhausted') return finder.isActive ? this.#largestKnown() : this.#largestOfActive();
    if (finder.batchBaseOffset < finder.row.logStartOffset) return this.#load('firstRecords');
    return this.#restOfFirst(finder.batchPosition);
  }

  #firstRecordsRead(got: number): boolean {
    const bytes = this.#records;
    const { row, batchPosition, batchBytes } = this.#finder;
    const view = new DataView(bytes.buffer);
    const largest =
      got < bytes.length ? null : largestTimestampFrom(view, bytes, 0, row.logStartOffset, this.#decompressor);
    if (largest === null) return this.#corruptRecords();
    this.#noteLargest(largest, this.#segmentIndex);
    return this.#restOfFirst(batchPosition + batchBytes);
  }

  #restOfFirst(position: number): boolean {
    this.#phase = 'firstRest';
    return this.#finder.beginAt(position, Infinity, endOfTime) || this.#foundBatch();
  }

  #largestOfActive(): boolean {
    return this.#lookIn(this.#finder.row.segmentCount - 1);
  }

  #noteLargest(timestamp: number, segmentIndex: number): void {
    const isLarger = timestamp > this.#largest || (timestamp === this.#largest && segmentIndex < this.#largestIndex);
    if (!isLarger) return;
    this.#largest = timestamp;
    this.#largestIndex = segmentIndex;
  }

  #largestKnown(): boolean {
    if (this.#largest < 0) return this.#over('exhausted');
    this.#isForLargest = false;
    this.#target = this.#largest;
    return this.#lookIn(this.#largestIndex);
  }

  #recordsRead(got: number): boolean {
    const finder = this.#finder;
    const bytes = this.#records;
    const view = new DataView(bytes.buffer);
    const { logStartOffset } = finder.row;
    const result =
      got < bytes.length
        ? 'corrupt'
        : firstRecordByTime(view, bytes, 0, logStartOffset, this.#target, this.#decompressor, this);
    if (result === 'corrupt') {
      this.offset = -1;
      this.timestamp = -1;
      this.failure = new LogFailure(
        'corrupt',
        finder.open!.log.path,
        `records of the batch at ${finder.batchPosition}`,
      );
      return this.#over('failed');
    }
    if (result === 'found') {
      this.leaderEpoch = finder.batchLeaderEpoch;
      return this.#over('found');
    }
    // The head may promise what compaction has taken away, or what lies below the start.
    this.offset = -1;
    this.timestamp = -1;
    this.#phase = 'batch';
    const next = finder.batchPosition + finder.batchBytes;
    return finder.beginAt(next, logStartOffset, this.#target) || this.#foundBatch();
  }

  #corruptRecords(): false {
    const finder = this.#finder;
    this.offset = -1;
    this.timestamp = -1;
    this.failure = new LogFailure('corrupt', finder.open!.log.path, `records of the batch at ${finder.batchPosition}`);
    return this.#over('failed');
  }

  #over(status: FindStatus): false {
    this.status = status;
    return false;
  }
}

const noBytes = new Uint8Array(0);
const noCodec = new CodecFailure('malformed', 'none');
const noDecompressor: Decompressor = { decompress: () => noCodec, decompressInPieces: () => noCodec };
