import type { Kernels } from '../port/kernels.ts';
import { ErrorCode } from './errors.ts';
import { checkRecords, RecordFacts } from './records.ts';

/**
 * A record batch of format 2 ("magic 2", KIP-98), the unit that is produced, stored, replicated and fetched. All
 * integers are big-endian:
 *
 *     at  bytes  field
 *      0    8    base offset             ─┐ assigned by the leader: outside the checksum
 *      8    4    length of what follows   │
 *     12    4    partition leader epoch  ─┘
 *     16    1    magic, at this place in all three formats
 *     17    4    CRC-32C of everything behind it
 *     21    2    attributes: codec (bits 0-2), log-append time (3), transactional (4), control (5), delete horizon (6)
 *     23    4    offset of the last record, relative to the base offset; stays when compaction removes that record
 *     27    8    base timestamp, or the delete horizon if bit 6 is set
 *     35    8    largest timestamp
 *     43    8    producer id, -1 for none
 *     51    2    producer epoch
 *     53    4    base sequence, -1 for none
 *     57    4    number of records
 *     61    …    records, compressed as a whole if the codec says so
 */
export const BASE_OFFSET_AT = 0;
export const LENGTH_AT = 8;
export const LEADER_EPOCH_AT = 12;
export const MAGIC_AT = 16;
export const CRC_AT = 17;
export const ATTRIBUTES_AT = 21;
export const LAST_OFFSET_DELTA_AT = 23;
export const BASE_TIMESTAMP_AT = 27;
export const MAX_TIMESTAMP_AT = 35;
export const PRODUCER_ID_AT = 43;
export const PRODUCER_EPOCH_AT = 51;
export const BASE_SEQUENCE_AT = 53;
export const RECORD_COUNT_AT = 57;
export const RECORDS_AT = 61;

/** Base offset and length: what stands before the bytes that the length counts, in all formats. */
export const LOG_OVERHEAD = 12;
/** What must be there to know the format of a batch. */
export const HEADER_UP_TO_MAGIC = 17;
/** The least that the length field may say: the overhead of a message of format 0. */
export const LENGTH_MIN = 14;
/** The most: sizes are int32. */
const LENGTH_MAX = 0x7fff_ffff - LOG_OVERHEAD;

export const CURRENT_MAGIC = 2;

export const CODEC_MASK = 0x07;
export const LOG_APPEND_TIME_BIT = 0x08;
export const TRANSACTIONAL_BIT = 0x10;
export const CONTROL_BIT = 0x20;
export const DELETE_HORIZON_BIT = 0x40;

export const NO_PRODUCER_ID = -1;
export const NO_PRODUCER_EPOCH = -1;
export const NO_SEQUENCE = -1;
export const NO_TIMESTAMP = -1;
export const NO_PARTITION_LEADER_EPOCH = -1;

/** Codec numbers of the attributes. */
export const CODEC_NONE = 0;
export const CODEC_GZIP = 1;
export const CODEC_SNAPPY = 2;
export const CODEC_LZ4 = 3;
export const CODEC_ZSTD = 4;

const TWO_32 = 0x1_0000_0000;

/**
 * A 64-bit field as a number. Beyond ±2^53 it is rounded: good enough to compare with a bound, and everything that was
 * accepted by a leader is exact.
 */
export function int64At(view: DataView, at: number): number {
  return view.getInt32(at) * TWO_32 + view.getUint32(at + 4);
}

function setInt64At(view: DataView, at: number, value: number): void {
  view.setInt32(at, Math.floor(value / TWO_32));
  view.setInt32(at + 4, value | 0);
}

// Accessors. `batch` is the position of the batch's first byte in the view.

export const baseOffsetOf = (view: DataView, batch: number): number => int64At(view, batch + BASE_OFFSET_AT);
/** Bytes of the whole batch, the overhead included. */
export const sizeOf = (view: DataView, batch: number): number => view.getInt32(batch + LENGTH_AT) + LOG_OVERHEAD;
export const leaderEpochOf = (view: DataView, batch: number): number => view.getInt32(batch + LEADER_EPOCH_AT);
export const magicOf = (view: DataView, batch: number): number => view.getInt8(batch + MAGIC_AT);
export const crcOf = (view: DataView, batch: number): number => view.getUint32(batch + CRC_AT);
export const attributesOf = (view: DataView, batch: number): number => view.getInt16(batch + ATTRIBUTES_AT);
export const codecOf = (view: DataView, batch: number): number => attributesOf(view, batch) & CODEC_MASK;
export const isLogAppendTime = (view: DataView, batch: number): boolean =>
  (attributesOf(view, batch) & LOG_APPEND_TIME_BIT) !== 0;
export const isTransactional = (view: DataView, batch: number): boolean =>
  (attributesOf(view, batch) & TRANSACTIONAL_BIT) !== 0;
export const isControl = (view: DataView, batch: number): boolean => (attributesOf(view, batch) & CONTROL_BIT) !== 0;
export const hasDeleteHorizon = (view: DataView, batch: number): boolean =>
  (attributesOf(view, batch) & DELETE_HORIZON_BIT) !== 0;
export const lastOffsetDeltaOf = (view: DataView, batch: number): number => view.getInt32(batch + LAST_OFFSET_DELTA_AT);
export const lastOffsetOf = (view: DataView, batch: number): number =>
  baseOffsetOf(view, batch) + lastOffsetDeltaOf(view, batch);
export const baseTimestampOf = (view: DataView, batch: number): number => int64At(view, batch + BASE_TIMESTAMP_AT);
export const maxTimestampOf = (view: DataView, batch: number): number => int64At(view, batch + MAX_TIMESTAMP_AT);
export const producerIdOf = (view: DataView, batch: number): number => int64At(view, batch + PRODUCER_ID_AT);
export const producerEpochOf = (view: DataView, batch: number): number => view.getInt16(batch + PRODUCER_EPOCH_AT);
export const baseSequenceOf = (view: DataView, batch: number): number => view.getInt32(batch + BASE_SEQUENCE_AT);
export const recordCountOf = (view: DataView, batch: number): number => view.getInt32(batch + RECORD_COUNT_AT);

/** The sequence number that lies `increment` behind `sequence`: after 2^31-1 comes 0. */
export function sequenceAfter(sequence: number, increment: number): number {
  return (sequence + increment) % 0x8000_0000;
}

/** Sequence of the last record, -1 when the batch has none. */
export function lastSequenceOf(view: DataView, batch: number): number {
  const base = baseSequenceOf(view, batch);
  return base < 0 ? NO_SEQUENCE : sequenceAfter(base, lastOffsetDeltaOf(view, batch));
}

/** The checksum that the bytes of a batch should carry. */
export function computeCrc(bytes: Uint8Array, batch: number, size: number, kernels: Kernels): number {
  return kernels.crc32c(bytes, batch + ATTRIBUTES_AT, batch + size);
}

// Patches. Only the owner of the bytes calls these.

export function patchBaseOffset(view: DataView, batch: number, offset: number): void {
  setInt64At(view, batch + BASE_OFFSET_AT, offset);
}

export function patchLeaderEpoch(view: DataView, batch: number, leaderEpoch: number): void {
  view.setInt32(batch + LEADER_EPOCH_AT, leaderEpoch);
}

/**
 * Sets the kind of timestamp and the largest one, and computes the checksum anew if either changed. For a topic with
 * log-append time every record then has `maxTimestamp`; for one with create time it is the largest that the records say.
 */
export function patchTimestamp(
  view: DataView,
  bytes: Uint8Array,
  batch: number,
  logAppendTime: boolean,
  maxTimestamp: number,
  kernels: Kernels,
): void {
  if (isLogAppendTime(view, batch) === logAppendTime && maxTimestampOf(view, batch) === maxTimestamp) return;
  const attributes = attributesOf(view, batch) & ~LOG_APPEND_TIME_BIT;
  view.setInt16(batch + ATTRIBUTES_AT, logAppendTime ? attributes | LOG_APPEND_TIME_BIT : attributes);
  setInt64At(view, batch + MAX_TIMESTAMP_AT, maxTimestamp);
  patchCrc(view, bytes, batch, kernels);
}

/** Computes the checksum of a batch that was changed behind the checksum's field. */
export function patchCrc(view: DataView, bytes: Uint8Array, batch: number, kernels: Kernels): void {
  view.setInt32(batch + CRC_AT, computeCrc(bytes, batch, sizeOf(view, batch), kernels) | 0);
}

/** What a check found out about a batch. Reused: `checkBatch` overwrites all of it. */
export class BatchFacts {
  /** The batch is `[start, end)`. Bytes behind `end` are the beginning of something and are not part of it. */
  start = 0;
  end = 0;
  attributes = 0;
  codec = CODEC_NONE;
  isTransactional = false;
  isControl = false;
  baseOffset = 0;
  lastOffsetDelta = 0;
  recordCount = 0;
  leaderEpoch = 0;
  /** As the header says; `records.timestampMax` is what uncompressed records say. */
  maxTimestamp = 0;
  baseTimestamp = 0;
  hasProducerId = false;
  producerId = NO_PRODUCER_ID;
  producerEpoch = NO_PRODUCER_EPOCH;
  baseSequence = NO_SEQUENCE;
  /** What the walk over the records found; meaningless for a compressed batch. */
  readonly records = new RecordFacts();

  /** A client that claims to know the time of the append: all records have it. */
  get claimsAppendTime(): boolean {
    return (this.attributes & LOG_APPEND_TIME_BIT) !== 0;
  }

  /** After the walk over the records. */
  applyClaimedAppendTime(): void {
    if (!this.claimsAppendTime) return;
    this.records.timestampMin = this.maxTimestamp;
    this.records.timestampMax = this.maxTimestamp;
  }
}

/**
 * Whether `[start, end)` holds what a producer may send to one partition: a single sound batch of format 2. `NONE` fills
 * `facts`; other codes are the answer for the partition, the same that Apache Kafka's log validator gives (where that
 * one stumbles over an exception of its own, INVALID_RECORD). The caller checks what depends on the topic, the version
 * and the clock: timestamps, null keys, zstd before version 7, authorisation, sequence numbers.
 *
 * Compressed records are not looked into: the caller who decompresses them gives the result to `checkRecords`. A batch of
 * more than `bytesMax` is MESSAGE_TOO_LARGE before its checksum counts.
 *
 * As in Kafka, an incomplete batch behind the first is ignored (`facts.end` is before it), and offsets of uncompressed
 * records that do not count up are accepted: `facts.records.offsetsConsecutive` tells.
 */
export function checkBatch(
  view: DataView,
  bytes: Uint8Array,
  start: number,
  end: number,
  kernels: Kernels,
  facts: BatchFacts,
  bytesMax = Infinity,
): ErrorCode {
  const framed = frameAt(view, start, end);
  if (framed === MALFORMED) return ErrorCode.CORRUPT_MESSAGE;
  if (framed === INCOMPLETE || magicOf(view, start) !== CURRENT_MAGIC) return ErrorCode.INVALID_RECORD;
  const second = frameAt(view, start + framed, end);
  if (second === MALFORMED) return ErrorCode.CORRUPT_MESSAGE;
  if (second !== INCOMPLETE) return ErrorCode.INVALID_RECORD;
  if (view.getInt32(start) !== 0 || view.getInt32(start + 4) !== 0) return ErrorCode.INVALID_RECORD;
  if (framed > bytesMax) return ErrorCode.MESSAGE_TOO_LARGE;

  const sound = checkStoredBatch(view, bytes, start, end, kernels, facts);
  if (sound !== ErrorCode.NONE) return sound;
  if (facts.codec > CODEC_ZSTD || facts.isControl) return ErrorCode.INVALID_RECORD;
  if (facts.recordCount <= 0 || facts.lastOffsetDelta !== facts.recordCount - 1) return ErrorCode.INVALID_RECORD;
  if (facts.hasProducerId && facts.baseSequence < 0) return ErrorCode.INVALID_RECORD;
  if (facts.codec !== CODEC_NONE) return ErrorCode.NONE;
  const { records } = facts;
  const verdict = checkRecords(
    view,
    bytes,
    start + RECORDS_AT,
    facts.end,
    facts.recordCount,
    facts.baseTimestamp,
    records,
  );
  facts.applyClaimedAppendTime();
  return verdict;
}

/**
 * Whether a whole, undamaged batch of format 2 begins at `start`: length, magic, checksum. For bytes that a leader
 * checked before: those of replication, of the log, of a snapshot. Fills `facts` but for `facts.records`. There may be
 * more batches from `facts.end` on. CORRUPT_MESSAGE also if the batch is not complete; ask `frameAt` to tell.
 */
export function checkStoredBatch(
  view: DataView,
  bytes: Uint8Array,
  start: number,
  end: number,
  kernels: Kernels,
  facts: BatchFacts,
): ErrorCode {
  const size = frameAt(view, start, end);
  if (size < RECORDS_AT || magicOf(view, start) !== CURRENT_MAGIC) return ErrorCode.CORRUPT_MESSAGE;
  if (crcOf(view, start) !== computeCrc(bytes, start, size, kernels)) return ErrorCode.CORRUPT_MESSAGE;
  readFacts(view, start, facts);
  return ErrorCode.NONE;
}

/** Nothing whole begins here: bytes are missing. */
export const INCOMPLETE = -1;
/** No batch of any format begins here. */
export const MALFORMED = -2;

/** The size of the batch (or, before format 2, message) of any format that begins at `start`, if it is all there. */
export function frameAt(view: DataView, start: number, end: number): number {
  if (end - start < LOG_OVERHEAD) return INCOMPLETE;
  const length = view.getInt32(start + LENGTH_AT);
  if (length < LENGTH_MIN || length > LENGTH_MAX) return MALFORMED;
  if (end - start < HEADER_UP_TO_MAGIC) return INCOMPLETE;
  const magic = magicOf(view, start);
  if (magic < 0 || magic > CURRENT_MAGIC) return MALFORMED;
  return length > end - start - LOG_OVERHEAD ? INCOMPLETE : length + LOG_OVERHEAD;
}

/** Reads the header of a batch of format 2 that is known to be whole. */
export function readFacts(view: DataView, start: number, facts: BatchFacts): void {
  const attributes = attributesOf(view, start);
  facts.start = start;
  facts.end = start + sizeOf(view, start);
  facts.attributes = attributes;
  facts.codec = attributes & CODEC_MASK;
  facts.isTransactional = (attributes & TRANSACTIONAL_BIT) !== 0;
  facts.isControl = (attributes & CONTROL_BIT) !== 0;
  facts.baseOffset = baseOffsetOf(view, start);
  facts.lastOffsetDelta = lastOffsetDeltaOf(view, start);
  facts.recordCount = recordCountOf(view, start);
  facts.leaderEpoch = leaderEpochOf(view, start);
  facts.maxTimestamp = maxTimestampOf(view, start);
  facts.baseTimestamp = baseTimestampOf(view, start);
  facts.producerId = producerIdOf(view, start);
  facts.hasProducerId = facts.producerId > NO_PRODUCER_ID;
  facts.producerEpoch = producerEpochOf(view, start);
  facts.baseSequence = baseSequenceOf(view, start);
}
