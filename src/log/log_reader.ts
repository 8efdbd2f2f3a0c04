import type { Disk } from '../port/disk.ts';
import type { Kernels } from '../port/kernels.ts';
import type { IndexTailReader } from '../shared-memory/index_tail.ts';
import type { PartitionTable, RowSnapshot } from '../shared-memory/partition_table.ts';
import type { SegmentListReader } from '../shared-memory/segment_lists.ts';
import type { LogFailure } from './log_failure.ts';

/** Memory that a read fills: plain, never shared. */
export interface ReadMemory {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/**
 * Where a batch lies. Serves as the hint of a fetch session: it is believed only for the same incarnation, readEpoch
 * and offset.
 */
export class ReadPosition {
  incarnation = -1;
  readEpoch = -1;
  /** The offset that was asked for (locate), or that follows what was read (read). */
  offset = -1;
  segmentBaseOffset = -1;
  generation = -1;
  /** Of the batch that holds `offset`, in bytes of the segment's file. */
  position = 0;
  /** Size of that batch, 0 when it is not known yet. */
  batchBytes = 0;

  copyFrom(_other: ReadPosition): void {
    throw new Error('not built');
  }

  clear(): void {
    this.incarnation = -1;
  }
}

/**
 * `found`, or: `atEnd` the offset is the end, nothing to read; `outOfRange` below the start or above the end;
 * `changed` the row moved on, take a new snapshot; `later` the disk is needed, call the …Later form; `failed` see
 * `LogReader.failure`.
 */
export type ReadStatus = 'found' | 'atEnd' | 'outOfRange' | 'changed' | 'later' | 'failed';

/** Outcome of a read. Reused by its caller. */
export class ReadResult {
  status: ReadStatus = 'atEnd';
  /** Bytes in the memory: whole batches, or, when the first alone is larger than the room, a part of it. */
  bytes = 0;
  /** True when `bytes` ends inside a batch. */
  isPartial = false;
  /** Where the next read goes on. */
  readonly next = new ReadPosition();
  failure: LogFailure | null = null;
}

/** Decides which reads may block. Told of what is written and read so that it can guess what the page cache has. */
export interface ReadPolicy {
  mayBlock(slot: number, segmentBaseOffset: number, position: number, length: number, activeEnd: number): boolean;
  wasRead(slot: number, segmentBaseOffset: number, position: number, length: number): void;
  closeSlot(slot: number): void;
}

export interface LogReaderOptions {
  readonly disk: Disk;
  readonly kernels: Kernels;
  readonly table: PartitionTable;
  readonly indexTails: IndexTailReader;
  readonly segmentLists: SegmentListReader;
  readonly policy: ReadPolicy;
  /** The directory of the replica in that row. Asked when a file is opened. */
  readonly directoryOf: (slot: number) => string;
  /** Open files kept at most. */
  readonly filesMax: number;
}

/** Makes plain bytes of the records of a compressed batch; null when they are not what the codec says. */
export interface Decompressor {
  decompress(codec: number, bytes: Uint8Array, start: number, end: number): Uint8Array | null;
}

/** Special timestamps of ListOffsets. */
export const listOffsetsTimestamp = {
  latest: -1,
  earliest: -2,
  max: -3,
  earliestLocal: -4,
} as const;

/** Answer of a timestamp query. Reused. */
export class TimestampResult {
  status: ReadStatus = 'atEnd';
  /** -1 when no record matches. */
  offset = -1;
  timestamp = -1;
  leaderEpoch = -1;
  failure: LogFailure | null = null;
}

/**
 * Reads the logs of all partitions of the node, for one thread, with descriptors of its own. It knows nothing of the
 * owner but what is published. The caller takes a row snapshot before, and again after: if incarnation or readEpoch
 * changed in between, it throws the bytes away.
 */
export class LogReader {
  constructor(_options: LogReaderOptions) {
    throw new Error('not built');
  }

  /**
   * Finds the batch that holds `offset` (or the first one after it, where offsets are missing). `hint` may be `out`.
   */
  locate(_row: RowSnapshot, _offset: number, _hint: ReadPosition | null, _out: ReadPosition): ReadStatus {
    throw new Error('not built');
  }

  /** The form that never blocks; `done` comes in a later event. `row` may be reused meanwhile, `out` not. */
  locateLater(_row: RowSnapshot, _offset: number, _out: ReadPosition, _done: (status: ReadStatus) => void): void {
    throw new Error('not built');
  }

  /**
   * Reads batches from a located position into `memory.bytes[at, at + room)`, as many whole ones as fit and begin
   * below `endOffset` (the watermark, the last stable offset or the log end offset of the same snapshot). The first is
   * read whole when `room` allows; the caller who must deliver it gives room for `position.batchBytes`.
   */
  read(
    _row: RowSnapshot,
    _from: ReadPosition,
    _endOffset: number,
    _memory: ReadMemory,
    _at: number,
    _room: number,
    _out: ReadResult,
  ): ReadStatus {
    throw new Error('not built');
  }

  readLater(
    _row: RowSnapshot,
    _from: ReadPosition,
    _endOffset: number,
    _memory: ReadMemory,
    _at: number,
    _room: number,
    _out: ReadResult,
    _done: () => void,
  ): void {
    throw new Error('not built');
  }

  /**
   * ListOffsets: the first record at or above the log start and below `endOffset` whose timestamp is at least
   * `timestamp`; or one of the special timestamps.
   */
  offsetForTimestamp(
    _row: RowSnapshot,
    _timestamp: number,
    _endOffset: number,
    _decompressor: Decompressor,
    _out: TimestampResult,
  ): ReadStatus {
    throw new Error('not built');
  }

  offsetForTimestampLater(
    _row: RowSnapshot,
    _timestamp: number,
    _endOffset: number,
    _decompressor: Decompressor,
    _out: TimestampResult,
    _done: () => void,
  ): void {
    throw new Error('not built');
  }

  /** Closes what is open of a row: it was freed, moved or truncated. */
  closeSlot(_slot: number): void {
    throw new Error('not built');
  }

  close(): void {
    throw new Error('not built');
  }

  /** Why the last call of this thread answered `failed`. */
  get failure(): LogFailure | null {
    throw new Error('not built');
  }
}
