import {
  CRC_AT,
  CURRENT_MAGIC,
  HEADER_UP_TO_MAGIC,
  int64At,
  LAST_OFFSET_DELTA_AT,
  leaderEpochOf,
  magicOf,
  MAX_TIMESTAMP_AT,
  RECORDS_AT,
  sizeOf,
} from '../protocol/record_batch.ts';

/**
 * The head of a batch as it lies in a segment, of any magic: magic 2 as protocol/record_batch.ts draws it, and before it
 *
 *     0 and 1  0 offset of the last record 8 | 8 length 4 (of what follows) | 12 crc 4 | 16 magic 1 | 17 attributes 1
 *     magic 1  18 timestamp 8 | 26 key, value
 *     magic 0  18 key, value
 *
 * Where a compressed batch of magic 0 or 1 begins is not known without a look inside: its last offset stands for both.
 */
export const legacyCrcAt = 12;
export const legacyCrcStart = 16;
const legacyAttributesAt = 17;
const legacyTimestampAt = 18;
/** The largest fixed head of any magic. */
export const headerBytesMax = RECORDS_AT;

/** The smallest batch of a magic; -1 for an unknown one. */
export function minimumBatchBytes(magic: number): number {
  if (magic === CURRENT_MAGIC) return RECORDS_AT;
  return magic === 0 ? 26 : magic === 1 ? 34 : -1;
}

export function batchIsLegacy(view: DataView, at: number): boolean {
  return magicOf(view, at) !== CURRENT_MAGIC;
}

export function writeInt64(view: DataView, at: number, value: number): void {
  view.setInt32(at, Math.floor(value / 0x1_0000_0000));
  view.setUint32(at + 4, value >>> 0);
}

/** Offset of the last record. */
export function batchLastOffset(view: DataView, at: number): number {
  const offset = int64At(view, at);
  return batchIsLegacy(view, at) ? offset : offset + view.getInt32(at + LAST_OFFSET_DELTA_AT);
}

/** -1 where there is none (magic 0, or a batch without records). */
export function batchMaxTimestamp(view: DataView, at: number): number {
  const magic = magicOf(view, at);
  if (magic === CURRENT_MAGIC) return int64At(view, at + MAX_TIMESTAMP_AT);
  return magic === 1 ? int64At(view, at + legacyTimestampAt) : -1;
}

/** -1 for the magics that have none. */
export function batchLeaderEpoch(view: DataView, at: number): number {
  return batchIsLegacy(view, at) ? -1 : leaderEpochOf(view, at);
}

/** Codec and kind of timestamp of a batch of magic 0 or 1. */
export function legacyAttributes(view: DataView, at: number): number {
  return view.getUint8(at + legacyAttributesAt);
}

export function storedCrc(view: DataView, at: number): number {
  return view.getUint32(at + (batchIsLegacy(view, at) ? legacyCrcAt : CRC_AT));
}

/**
 * Whether `known` bytes at `at` can be the head of a batch that begins at or above `offsetMin`, of at most
 * `bytesMax` bytes: the check of a walk, which costs no look at the records.
 */
export function isPlausibleHeader(
  view: DataView,
  at: number,
  known: number,
  bytesMax: number,
  offsetMin: number,
): boolean {
  if (known < HEADER_UP_TO_MAGIC) return false;
  const minimum = minimumBatchBytes(magicOf(view, at));
  const bytes = sizeOf(view, at);
  if (minimum < 0 || bytes < minimum || bytes > bytesMax || known < minimum) return false;
  const offset = int64At(view, at);
  if (!(offset >= offsetMin) || !Number.isSafeInteger(offset)) return false;
  return minimum !== RECORDS_AT || view.getInt32(at + LAST_OFFSET_DELTA_AT) >= 0;
}

/** Where the value of a batch of magic 1 begins (it ends with the batch); -1 when there is none. */
export function legacyValueAt(view: DataView, at: number, end: number): number {
  const keyAt = at + 26;
  const keyBytes = Math.max(0, view.getInt32(keyAt));
  const valueAt = keyAt + 4 + keyBytes + 4;
  return valueAt <= end && view.getInt32(valueAt - 4) === end - valueAt ? valueAt : -1;
}
