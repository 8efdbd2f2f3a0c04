import type { Clock } from '../port/clock.ts';
import type { Disk } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import type { IndexTailReader } from '../shared-memory/index_tail.ts';
import { RowSnapshot } from '../shared-memory/partition_table.ts';
import type { PartitionTable } from '../shared-memory/partition_table.ts';
import { SegmentEntry } from '../shared-memory/segment_lists.ts';
import type { SegmentListReader } from '../shared-memory/segment_lists.ts';
import { BatchFinder } from './batch_finder.ts';
import type { ReaderContext } from './batch_finder.ts';
import type { Decompressor } from './decompressor.ts';
import { driveLater, driveNow } from './disk_operation.ts';
import { LogFailure } from './log_failure.ts';
import { OpenSegments } from './open_segments.ts';
import type { OpenSegment } from './open_segments.ts';
import type { ReadPolicy } from './read_policy.ts';
import { listOffsetsTimestamp, ReadPosition } from './read_position.ts';
import type { ReadResult, ReadStatus, TimestampResult } from './read_position.ts';
import { trimToBatches } from './read_trim.ts';
import { TimestampLookup } from './timestamp_lookup.ts';

/** Memory that a read fills: plain, never shared. */
export interface ReadMemory {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

export interface LogReaderOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly table: PartitionTable;
  readonly indexTails: IndexTailReader;
  readonly segmentLists: SegmentListReader;
  readonly policy: ReadPolicy;
  /** The directory of the replica in that row. Asked when a file is opened. */
  readonly directoryOf: (slot: number) => string;
  /** A read failed although the owner has not changed the log: what it says about the disk may concern others. */
  readonly failed?: (slot: number, failure: LogFailure) => void;
  /** Open segments kept at most; each has one to three files. */
  readonly segmentsMax: number;
}

/**
 * Reads the logs of all partitions of the node, for one thread, with descriptors of its own. It knows nothing of the
 * owner but what is published. The caller takes a row snapshot before, and again after: if incarnation or readEpoch
 * changed in between, it throws the bytes away.
 *
 * Calls without `Later` block for as long as the page cache needs; where the policy thinks that it does not have the
 * bytes they answer `later`, and have done nothing.
 */
export class LogReader {
  /** Why the last call that answered `failed` did so. */
  failure: LogFailure | null = null;

  readonly #options: LogReaderOptions;
  readonly #context: ReaderContext;
  readonly #segments: OpenSegments;
  readonly #finder: BatchFinder;
  readonly #lookup: TimestampLookup;
  readonly #entry = new SegmentEntry();
  readonly #activeEntry = new SegmentEntry();
  readonly #rowNow = new RowSnapshot();
  readonly #end = new ReadPosition();

  constructor(options: LogReaderOptions) {
    this.#options = options;
    this.#segments = new OpenSegments(options.disk, options.directoryOf, options.segmentsMax);
    const { table, indexTails, segmentLists } = options;
    this.#context = { table, indexTails, segmentLists, segments: this.#segments };
    this.#finder = new BatchFinder(this.#context);
    this.#lookup = new TimestampLookup(this.#context);
  }

  get openSegments(): number {
    return this.#segments.count;
  }

  /**
   * Finds the batch that holds `offset` (or the first one after it, where offsets are missing). `hint` may be `out`; a
   * hint that fits costs no look at the disk.
   */
  locate(row: RowSnapshot, offset: number, hint: ReadPosition | null, out: ReadPosition): ReadStatus {
    const quick = this.#withoutDisk(row, offset, hint, out);
    if (quick !== null) return quick;
    const base = this.#entry.baseOffset;
    if (!this.#options.policy.mayLookUp(row.slot, base, this.#isActive(row, base))) return 'later';
    const finder = this.#finder;
    driveNow(finder, finder.beginOffset(row, offset));
    return this.#located(finder, row.readEpoch, offset, out);
  }

  /** The form that never blocks; `done` comes in a later event. `row` may be reused meanwhile, `out` not. */
  locateLater(row: RowSnapshot, offset: number, out: ReadPosition, done: (status: ReadStatus) => void): void {
    const quick = this.#withoutDisk(row, offset, null, out);
    if (quick !== null) return this.#options.clock.defer(() => done(quick));
    const finder = new BatchFinder(this.#context);
    const needsRead = finder.beginOffset(row, offset);
    driveLater(this.#options.clock, finder, needsRead, () =>
      done(this.#located(finder, finder.row.readEpoch, offset, out)),
    );
  }

  /**
   * Reads batches from a located position into `memory.bytes[at, at + room)`, as many whole ones as fit and begin
   * below `endOffset` (the watermark, the last stable offset or the log end offset of the same snapshot). Never beyond
   * the segment. When not even the first fits, a part of it is read: the caller who must deliver it gives room for
   * `from.batchBytes`.
   */
  read(
    row: RowSnapshot,
    from: ReadPosition,
    endOffset: number,
    memory: ReadMemory,
    at: number,
    room: number,
    out: ReadResult,
  ): ReadStatus {
    const limit = this.#beginRead(row, from, endOffset, out);
    if (limit < 0) return out.status;
    const length = Math.min(room, limit - from.position);
    const { policy } = this.#options;
    const isActive = this.#isActive(row, from.segmentBaseOffset);
    if (!policy.mayBlock(row.slot, from.segmentBaseOffset, from.position, length, limit, isActive)) {
      return (out.status = 'later');
    }
    const segment = this.#segments.acquire(row, this.#entry);
    if (segment instanceof DiskError) return this.#readFailed(segment, row, out);
    const got = segment.log.read(memory.bytes, at, length, from.position);
    this.#endRead(segment, row.slot, from.readEpoch, got, length, limit, endOffset, memory, at, out);
    this.#segments.release(segment);
    return out.status;
  }

  /** Bytes of all segments of a log; null when the row moved on. */
  logBytes(row: RowSnapshot): number | null {
    const { segmentLists, table } = this.#options;
    let bytes = row.segmentCount === 0 ? 0 : row.activeSegmentBytes;
    for (let index = 0; index + 1 < row.segmentCount; index++) {
      segmentLists.read(row, index, this.#entry);
      bytes += this.#entry.bytes;
    }
    return table.hasSameSegments(row) ? bytes : null;
  }

  /** Bytes of the segment from a located position on: what a read finds at the most. 0 when the row moved on. */
  bytesAhead(row: RowSnapshot, from: ReadPosition): number {
    const { segmentLists, table } = this.#options;
    const index = row.segmentCount === 0 ? -1 : segmentLists.floor(row, from.segmentBaseOffset);
    if (index < 0) return 0;
    segmentLists.read(row, index, this.#entry);
    if (this.#entry.baseOffset !== from.segmentBaseOffset || !table.hasSameSegments(row)) return 0;
    const limit = index === row.segmentCount - 1 ? row.activeSegmentBytes : this.#entry.bytes;
    return Math.max(0, limit - from.position);
  }

  /**
   * Bytes from a located position to `endOffset`, which the same snapshot says. Infinite when the end lies in a later
   * segment, so that a read never comes to it, or where only the disk knows. 0 when the row moved on.
   */
  bytesUpTo(row: RowSnapshot, from: ReadPosition, endOffset: number): number {
    const bytes = this.bytesAhead(row, from);
    if (bytes === 0) return 0;
    if (!this.#isActive(row, from.segmentBaseOffset)) return Infinity;
    if (endOffset === row.logEndOffset) return bytes;
    const end = this.#end;
    if (this.locate(row, endOffset, null, end) !== 'found') return Infinity;
    return end.segmentBaseOffset === from.segmentBaseOffset ? Math.max(0, end.position - from.position) : 0;
  }

  /** `done` comes in a later event; until then `memory` and `out` are the reader's. */
  readLater(
    row: RowSnapshot,
    from: ReadPosition,
    endOffset: number,
    memory: ReadMemory,
    at: number,
    room: number,
    out: ReadResult,
    done: () => void,
  ): void {
    const { clock } = this.#options;
    const limit = this.#beginRead(row, from, endOffset, out);
    if (limit < 0) return clock.defer(done);
    const segment = this.#segments.acquire(row, this.#entry);
    if (segment instanceof DiskError) {
      this.#readFailed(segment, row, out);
      return clock.defer(done);
    }
    const { slot } = row;
    const { readEpoch, position } = from;
    const length = Math.min(room, limit - position);
    segment.log.readLater(memory.bytes, at, length, position, (got) => {
      this.#endRead(segment, slot, readEpoch, got, length, limit, endOffset, memory, at, out);
      this.#segments.release(segment);
      done();
    });
  }

  /**
   * ListOffsets: the first record at or above the log start and below `endOffset` whose timestamp is at least
   * `timestamp`; or one of the special timestamps. `found` with offset -1: no record matches.
   */
  offsetForTimestamp(
    row: RowSnapshot,
    timestamp: number,
    endOffset: number,
    decompressor: Decompressor,
    out: TimestampResult,
  ): ReadStatus {
    if (this.#specialOffset(row, timestamp, endOffset, out)) return out.status;
    const base = this.#baseOfStart(row);
    if (!this.#options.policy.mayLookUp(row.slot, base, this.#isActive(row, base))) return (out.status = 'later');
    const lookup = this.#lookup;
    driveNow(lookup, this.#beginLookup(lookup, row, timestamp, decompressor));
    return this.#lookedUp(lookup, row.slot, row.readEpoch, endOffset, out);
  }

  offsetForTimestampLater(
    row: RowSnapshot,
    timestamp: number,
    endOffset: number,
    decompressor: Decompressor,
    out: TimestampResult,
    done: () => void,
  ): void {
    const { clock } = this.#options;
    if (this.#specialOffset(row, timestamp, endOffset, out)) return clock.defer(done);
    const lookup = new TimestampLookup(this.#context);
    const { slot, readEpoch } = row;
    driveLater(clock, lookup, this.#beginLookup(lookup, row, timestamp, decompressor), () => {
      this.#lookedUp(lookup, slot, readEpoch, endOffset, out);
      done();
    });
  }

  /** Closes what is open of a row: it was freed or moved, or its directory was renamed. */
  closeSlot(slot: number): void {
    this.#segments.closeSlot(slot);
    this.#options.policy.closeSlot(slot);
  }

  close(): void {
    this.#segments.close();
  }

  /** Bounds and hint. Null: a look at the disk is needed, and `#entry` is the segment to begin with. */
  #withoutDisk(row: RowSnapshot, offset: number, hint: ReadPosition | null, out: ReadPosition): ReadStatus | null {
    if (offset < row.logStartOffset || offset > row.logEndOffset) return 'outOfRange';
    if (offset === row.logEndOffset) return 'atEnd';
    const { segmentLists, table } = this.#options;
    if (row.segmentCount === 0) return 'changed';
    const index = Math.max(0, segmentLists.floor(row, offset));
    segmentLists.read(row, index, this.#entry);
    if (!table.hasSameSegments(row)) return 'changed';
    const isValid =
      hint !== null &&
      hint.incarnation === row.incarnation &&
      hint.readEpoch === row.readEpoch &&
      hint.offset === offset;
    if (!isValid) return null;
    const entry = this.#entry;
    if (hint.segmentBaseOffset === entry.baseOffset && hint.generation === entry.generation) {
      const limit = index === row.segmentCount - 1 ? row.activeSegmentBytes : entry.bytes;
      // At its end: what follows `offset` lies in a later segment.
      if (hint.position >= limit) return null;
      out.copyFrom(hint);
      return 'found';
    }
    // All before `offset` lies in earlier segments, so that this one begins with it.
    if (hint.segmentBaseOffset >= entry.baseOffset || offset !== entry.baseOffset) return null;
    out.copyFrom(hint);
    out.segmentBaseOffset = entry.baseOffset;
    out.generation = entry.generation;
    out.position = 0;
    out.batchBytes = 0;
    return 'found';
  }

  #located(finder: BatchFinder, readEpoch: number, offset: number, out: ReadPosition): ReadStatus {
    finder.end();
    const { row } = finder;
    if (finder.status === 'found') {
      out.incarnation = row.incarnation;
      out.readEpoch = readEpoch;
      out.offset = offset;
      out.segmentBaseOffset = finder.entry.baseOffset;
      out.generation = finder.entry.generation;
      out.position = finder.batchPosition;
      out.batchBytes = finder.batchBytes;
      return 'found';
    }
    if (finder.status === 'changed') return 'changed';
    if (finder.status === 'exhausted') return 'atEnd';
    return this.#failedOrChanged(finder.failure!, row.slot, readEpoch);
  }

  /** The end of the segment that `from` lies in, which is then `#entry`; -1 when `out.status` says it all. */
  #beginRead(row: RowSnapshot, from: ReadPosition, endOffset: number, out: ReadResult): number {
    out.bytes = 0;
    out.isPartial = false;
    out.failure = null;
    out.next.copyFrom(from);
    const { segmentLists, table } = this.#options;
    const index = row.segmentCount === 0 ? -1 : segmentLists.floor(row, from.segmentBaseOffset);
    if (index >= 0) segmentLists.read(row, index, this.#entry);
    const isThere =
      index >= 0 &&
      from.incarnation === row.incarnation &&
      from.readEpoch === row.readEpoch &&
      this.#entry.baseOffset === from.segmentBaseOffset &&
      this.#entry.generation === from.generation &&
      table.hasSameSegments(row);
    const limit = index === row.segmentCount - 1 ? row.activeSegmentBytes : this.#entry.bytes;
    if (!isThere) out.status = 'changed';
    else if (from.position >= limit || from.offset >= endOffset) out.status = 'atEnd';
    else return limit;
    return -1;
  }

  #endRead(
    segment: OpenSegment,
    slot: number,
    readEpoch: number,
    got: number | DiskError,
    length: number,
    limit: number,
    endOffset: number,
    memory: ReadMemory,
    at: number,
    out: ReadResult,
  ): void {
    const { position, segmentBaseOffset } = out.next;
    let failure: LogFailure | null = null;
    if (got instanceof DiskError) failure = LogFailure.ofDisk(got);
    else if (got < length || !trimToBatches(memory.view, at, got, limit - position, endOffset, out)) {
      failure = new LogFailure('corrupt', segment.log.path, `no batches at ${position}`);
    }
    if (failure !== null) {
      out.bytes = 0;
      out.status = this.#failedOrChanged(failure, slot, readEpoch);
      out.failure = failure;
      return;
    }
    this.#options.policy.wasRead(slot, segmentBaseOffset, position, length);
    out.status = out.bytes === 0 ? 'atEnd' : 'found';
  }

  #readFailed(error: DiskError, row: RowSnapshot, out: ReadResult): ReadStatus {
    out.failure = LogFailure.ofDisk(error);
    out.status = this.#failedOrChanged(out.failure, row.slot, row.readEpoch);
    return out.status;
  }

  /** A file that is gone, or shorter than it was, is a failure only when the owner has not changed the log. */
  #failedOrChanged(failure: LogFailure, slot: number, readEpoch: number): ReadStatus {
    const isTaken = this.#options.table.snapshot(slot, this.#rowNow);
    if (!isTaken || this.#rowNow.readEpoch !== readEpoch) return 'changed';
    this.failure = failure;
    this.#options.failed?.(slot, failure);
    return 'failed';
  }

  #specialOffset(row: RowSnapshot, timestamp: number, endOffset: number, out: TimestampResult): boolean {
    out.status = 'found';
    out.offset = -1;
    out.timestamp = -1;
    out.leaderEpoch = -1;
    out.failure = null;
    if (timestamp === listOffsetsTimestamp.latest) out.offset = endOffset;
    else if (timestamp === listOffsetsTimestamp.earliest) out.offset = row.logStartOffset;
    else if (timestamp === listOffsetsTimestamp.earliestLocal) out.offset = row.localLogStartOffset;
    else if (row.segmentCount > 0) return false;
    else out.status = 'changed';
    return true;
  }

  #beginLookup(lookup: TimestampLookup, row: RowSnapshot, timestamp: number, decompressor: Decompressor): boolean {
    return timestamp === listOffsetsTimestamp.max
      ? lookup.beginLargest(row, decompressor)
      : lookup.begin(row, timestamp, decompressor);
  }

  #lookedUp(
    lookup: TimestampLookup,
    slot: number,
    readEpoch: number,
    endOffset: number,
    out: TimestampResult,
  ): ReadStatus {
    lookup.end();
    if (lookup.status === 'failed') {
      out.failure = lookup.failure;
      out.status = this.#failedOrChanged(lookup.failure!, slot, readEpoch);
    } else if (lookup.status === 'changed') out.status = 'changed';
    else if (lookup.offset >= 0 && lookup.offset < endOffset) {
      out.offset = lookup.offset;
      out.timestamp = lookup.timestamp;
      out.leaderEpoch = lookup.leaderEpoch;
    }
    return out.status;
  }

  #baseOfStart(row: RowSnapshot): number {
    const index = Math.max(0, this.#options.segmentLists.floor(row, row.logStartOffset));
    this.#options.segmentLists.read(row, index, this.#entry);
    return this.#entry.baseOffset;
  }

  #isActive(row: RowSnapshot, segmentBaseOffset: number): boolean {
    this.#options.segmentLists.read(row, row.segmentCount - 1, this.#activeEntry);
    return this.#activeEntry.baseOffset === segmentBaseOffset;
  }
}
