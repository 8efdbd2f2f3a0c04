import type { LogFailure } from './log_failure.ts';

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

  copyFrom(other: ReadPosition): void {
    this.incarnation = other.incarnation;
    this.readEpoch = other.readEpoch;
    this.offset = other.offset;
    this.segmentBaseOffset = other.segmentBaseOffset;
    this.generation = other.generation;
    this.position = other.position;
    this.batchBytes = other.batchBytes;
  }

  /** It is not believed any more. */
  clear(): void {
    this.incarnation = -1;
    this.offset = -1;
  }
}

/**
 * `found`, or: `atEnd` the offset is the end, nothing to read; `outOfRange` below the start or above the end;
 * `changed` the row moved on, take a new snapshot; `later` the disk is needed, call the …Later form; `failed` see the
 * failure.
 */
export type ReadStatus = 'found' | 'atEnd' | 'outOfRange' | 'changed' | 'later' | 'failed';

/** Outcome of a read. Reused by its caller. */
export class ReadResult {
  status: ReadStatus = 'atEnd';
  /** Bytes in the memory: whole batches, or, when the first alone is larger than the room, a part of it. */
  bytes = 0;
  /** True when `bytes` ends inside a batch: the first. `next.batchBytes` says how much room it needs. */
  isPartial = false;
  /** Where the next read goes on. */
  readonly next = new ReadPosition();
  failure: LogFailure | null = null;
}

/** Answer of a timestamp query. Reused. */
export class TimestampResult {
  status: ReadStatus = 'atEnd';
  /** -1 when no record matches. */
  offset = -1;
  timestamp = -1;
  /** Of the batch that the record lies in, -1 when there is none. */
  leaderEpoch = -1;
  failure: LogFailure | null = null;
}

/** Special timestamps of ListOffsets. */
export const listOffsetsTimestamp = {
  latest: -1,
  earliest: -2,
  max: -3,
  earliestLocal: -4,
} as const;
