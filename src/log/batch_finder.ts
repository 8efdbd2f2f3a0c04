import type { File } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import { int64At, sizeOf } from '../protocol/record_batch.ts';
import type { IndexTailReader } from '../shared-memory/index_tail.ts';
import { RowSnapshot } from '../shared-memory/partition_table.ts';
import type { PartitionTable } from '../shared-memory/partition_table.ts';
import { SegmentEntry } from '../shared-memory/segment_lists.ts';
import type { SegmentListReader } from '../shared-memory/segment_lists.ts';
import {
  batchLastOffset,
  batchLeaderEpoch,
  batchMaxTimestamp,
  headerBytesMax,
  isPlausibleHeader,
} from './batch_header.ts';
import type { DiskOperation } from './disk_operation.ts';
import { IndexSearch } from './index_search.ts';
import { relativeOffsetLimit } from './log_config.ts';
import { LogFailure } from './log_failure.ts';
import type { OpenSegment, OpenSegments } from './open_segments.ts';

/** What the readers of a thread share. */
export interface ReaderContext {
  readonly table: PartitionTable;
  readonly indexTails: IndexTailReader;
  readonly segmentLists: SegmentListReader;
  readonly segments: OpenSegments;
}

/**
 * How a search ended: `found`; `exhausted`, the segments that were to be looked at hold no such batch; `changed`, the
 * row moved on and nothing was learned; `failed`.
 */
export type FindStatus = 'found' | 'exhausted' | 'changed' | 'failed';

const scanBytes = 8 * 1024;

/**
 * Finds a batch in the segments of one row: the first that ends at or above `targetOffset` and has a record of
 * `targetTimestamp` or later.
 *
 *     enter segment ─► index page ─► … ─► heads from there on ─┬─► found
 *           ▲                                 │  not in here   │  not a batch: the index was wrong, from the start
 *           └─────────────────────────────────┘                └─► failed, when it is from the start already
 */
export class BatchFinder implements DiskOperation {
  status: FindStatus = 'exhausted';
  failure: LogFailure | null = null;
  /** The batch found. */
  batchPosition = 0;
  batchBytes = 0;
  batchBaseOffset = 0;
  batchLastOffset = 0;
  batchMaxTimestamp = -1;
  batchLeaderEpoch = -1;
  /** Of the batches that the search has passed, and that begin at or above the log start. */
  largestTimestamp = -1;
  /** The segment it lies in, pinned until the next search or `end`. */
  open: OpenSegment | null = null;
  readonly entry = new SegmentEntry();
  segmentIndex = 0;
  /** Bytes of the segment that may be looked at. */
  limit = 0;
  isActive = false;

  file!: File;
  memory: Uint8Array;
  readonly at = 0;
  length = 0;
  position = 0;

  readonly row = new RowSnapshot();
  readonly #context: ReaderContext;
  readonly #search = new IndexSearch();
  readonly #heads = new Uint8Array(scanBytes);
  readonly #view = new DataView(this.#heads.buffer);
  #isInIndex = false;
  /** What the index is asked for. */
  #anchor = 0;
  #targetOffset = 0;
  #targetTimestamp = -Infinity;
  #spansSegments = true;
  #startedAt = 0;
  /** Where the next head lies, and the least offset that it may have. */
  #next = 0;
  #offsetMin = 0;

  constructor(context: ReaderContext) {
    this.#context = context;
    this.memory = this.#heads;
  }

  /** For the segment that `offset` belongs to, and those behind it. True: a read is needed. */
  beginOffset(row: RowSnapshot, offset: number): boolean {
    copyRow(row, this.row);
    const segmentIndex = Math.max(0, this.#context.segmentLists.floor(this.row, offset));
    return this.enter(segmentIndex) && this.#begin(offset, offset, -Infinity, true);
  }

  /** In one segment of the row that is set: by its index to `anchor`, which lies at or below what is looked for. */
  beginIn(segmentIndex: number, anchor: number, offset: number, timestamp: number): boolean {
    return this.enter(segmentIndex) && this.#begin(anchor, offset, timestamp, false);
  }

  /** In the segment that was entered, from the beginning of a batch that an earlier search has come by. */
  beginAt(position: number, offset: number, timestamp: number): boolean {
    this.#targetOffset = offset;
    this.#targetTimestamp = timestamp;
    this.#spansSegments = false;
    this.largestTimestamp = -1;
    return this.#scanFrom(position, true);
  }

  /** Opens a segment of the row's list. False: `status` says why. */
  enter(segmentIndex: number): boolean {
    this.end();
    const { table, segmentLists, segments } = this.#context;
    const { row, entry } = this;
    if (segmentIndex >= row.segmentCount) return this.#over('exhausted');
    segmentLists.read(row, segmentIndex, entry);
    if (!table.hasSameSegments(row)) return this.#over('changed');
    this.segmentIndex = segmentIndex;
    this.isActive = segmentIndex === row.segmentCount - 1;
    this.limit = this.isActive ? row.activeSegmentBytes : entry.bytes;
    const opened = segments.acquire(row, entry);
    if (opened instanceof DiskError) return this.#diskError(opened);
    this.open = opened;
    return true;
  }

  advance(got: number): boolean {
    if (!this.#isInIndex) return this.#scan(got);
    if (this.#search.advance(got)) return this.#readIndexPage();
    return this.#indexDone();
  }

  failed(error: DiskError): void {
    this.#over('failed');
    this.failure = LogFailure.ofDisk(error);
  }

  /** Lets go of the segment. */
  end(): void {
    if (this.open !== null) this.#context.segments.release(this.open);
    this.open = null;
  }

  #begin(anchor: number, offset: number, timestamp: number, spansSegments: boolean): boolean {
    this.#anchor = anchor;
    this.#targetOffset = offset;
    this.#targetTimestamp = timestamp;
    this.#spansSegments = spansSegments;
    this.largestTimestamp = -1;
    return this.#byIndex();
  }

  #byIndex(): boolean {
    const { indexTails, segments } = this.#context;
    const relativeOffset = Math.min(this.#anchor - this.entry.baseOffset, relativeOffsetLimit);
    if (relativeOffset <= 0) return this.#scanFrom(0);
    let filed = -1;
    if (this.isActive) {
      const inTail = indexTails.floorOffset(this.row.slot, relativeOffset);
      if (indexTails.baseOffset === this.entry.baseOffset) {
        if (inTail) return this.#scanFrom(indexTails.position);
        filed = indexTails.offsetEntriesFiled;
        if (filed === 0) return this.#scanFrom(0);
      }
    }
    const index = segments.index(this.open!, '.index');
    // Without an index the whole segment is walked: slow, and right.
    if (index instanceof DiskError) return this.#scanFrom(0);
    if (!this.#search.beginOffset(index, filed < 0 ? index.entries : filed, relativeOffset)) return this.#indexDone();
    return this.#readIndexPage();
  }

  #readIndexPage(): boolean {
    this.#isInIndex = true;
    this.file = this.#search.file;
    this.memory = this.#search.memory;
    this.position = this.#search.readFrom;
    this.length = this.#search.readLength;
    return true;
  }

  #indexDone(): boolean {
    const isEntry = this.#search.relativeOffset > 0 && this.#search.position > 0;
    return this.#scanFrom(isEntry ? this.#search.position : 0);
  }

  #scanFrom(position: number, isKnown = false): boolean {
    this.#isInIndex = false;
    this.file = this.open!.log;
    this.memory = this.#heads;
    this.#startedAt = isKnown ? 0 : position;
    this.#next = position;
    this.#offsetMin = this.entry.baseOffset;
    return this.#readHeads();
  }

  #readHeads(): boolean {
    if (this.#next >= this.limit) return this.#next > this.limit ? this.#notABatch() : this.#segmentDone();
    this.position = this.#next;
    this.length = Math.min(scanBytes, this.limit - this.#next);
    return true;
  }

  #scan(got: number): boolean {
    const loaded = this.position;
    const end = loaded + got;
    while (this.#next < this.limit) {
      const at = this.#next - loaded;
      const known = Math.min(headerBytesMax, this.limit - this.#next);
      if (this.#next + known > end) return this.#next === loaded ? this.#notABatch() : this.#readHeads();
      if (!isPlausibleHeader(this.#view, at, known, this.limit - this.#next, this.#offsetMin)) return this.#notABatch();
      const lastOffset = batchLastOffset(this.#view, at);
      const baseOffset = int64At(this.#view, at);
      // The batch of an index entry ends at or below the key; one that begins above it has been missed.
      if (this.#next === this.#startedAt && this.#next > 0 && baseOffset > this.#anchor) return this.#notABatch();
      const bytes = sizeOf(this.#view, at);
      const maxTimestamp = batchMaxTimestamp(this.#view, at);
      if (lastOffset >= this.#targetOffset && maxTimestamp >= this.#targetTimestamp) {
        this.batchPosition = this.#next;
        this.batchBytes = bytes;
        this.batchBaseOffset = baseOffset;
        this.batchLastOffset = lastOffset;
        this.batchMaxTimestamp = maxTimestamp;
        this.batchLeaderEpoch = batchLeaderEpoch(this.#view, at);
        return this.#over('found');
      }
      if (maxTimestamp > this.largestTimestamp && baseOffset >= this.row.logStartOffset) {
        this.largestTimestamp = maxTimestamp;
      }
      this.#offsetMin = lastOffset + 1;
      this.#next += bytes;
    }
    return this.#readHeads();
  }

  #segmentDone(): boolean {
    if (!this.#spansSegments) return this.#over('exhausted');
    return this.enter(this.segmentIndex + 1) && this.#scanFrom(0);
  }

  /** What is no batch is either not where the index said, or damage. */
  #notABatch(): boolean {
    if (this.#startedAt > 0) return this.#scanFrom(0);
    this.failure = new LogFailure('corrupt', this.open!.log.path, `no batch at ${this.#next}`);
    return this.#over('failed');
  }

  #diskError(error: DiskError): false {
    // Its name is gone: the list was published anew, or it will be.
    const isGone = error.code === 'ENOENT' && !this.#context.table.hasSameSegments(this.row);
    if (isGone) return this.#over('changed');
    this.failure = LogFailure.ofDisk(error);
    return this.#over('failed');
  }

  #over(status: FindStatus): false {
    this.status = status;
    return false;
  }
}

/** What a search needs of a row, kept while the caller's snapshot moves on. */
export function copyRow(from: RowSnapshot, into: RowSnapshot): void {
  into.slot = from.slot;
  into.version = from.version;
  into.incarnation = from.incarnation;
  into.state = from.state;
  into.owner = from.owner;
  into.ownerEpoch = from.ownerEpoch;
  into.leaderEpoch = from.leaderEpoch;
  into.readEpoch = from.readEpoch;
  into.logDirectory = from.logDirectory;
  into.segmentCount = from.segmentCount;
  into.segmentsPlace = from.segmentsPlace;
  into.segmentsGeneration = from.segmentsGeneration;
  into.activeSegmentBytes = from.activeSegmentBytes;
  into.logEndOffset = from.logEndOffset;
  into.logStartOffset = from.logStartOffset;
  into.localLogStartOffset = from.localLogStartOffset;
}
