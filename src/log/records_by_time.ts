import {
  attributesOf,
  baseOffsetOf,
  baseTimestampOf,
  CODEC_MASK,
  CODEC_NONE,
  int64At,
  isLogAppendTime,
  LOG_APPEND_TIME_BIT,
  magicOf,
  maxTimestampOf,
  recordCountOf,
  RECORDS_AT,
  sizeOf,
} from '../protocol/record_batch.ts';
import { RecordWalker } from '../protocol/records.ts';
import { batchIsLegacy, batchLastOffset, batchMaxTimestamp, legacyAttributes, legacyValueAt } from './batch_header.ts';

/** Makes plain bytes of the records of a compressed batch; null when they are not what the codec says. */
export interface Decompressor {
  decompress(codec: number, bytes: Uint8Array, start: number, end: number): Uint8Array | null;
}

/** The record found. Reused. */
export interface RecordByTime {
  offset: number;
  timestamp: number;
}

/**
 * The first record of a batch at or above `offset` that is not older than `timestamp`. 'corrupt' when the records
 * cannot be walked.
 */
export function firstRecordByTime(
  view: DataView,
  bytes: Uint8Array,
  batch: number,
  offset: number,
  timestamp: number,
  decompressor: Decompressor,
  into: RecordByTime,
): 'found' | 'none' | 'corrupt' {
  if (batchIsLegacy(view, batch)) return firstLegacyRecord(view, bytes, batch, offset, timestamp, decompressor, into);
  const walker = walkerOf(view, bytes, batch, decompressor);
  if (walker === null) return 'corrupt';
  while (walker.next()) {
    if (walker.offset < offset || walker.timestamp < timestamp) continue;
    into.offset = walker.offset;
    into.timestamp = walker.timestamp;
    return 'found';
  }
  return walker.failed ? 'corrupt' : 'none';
}

/**
 * The largest timestamp of the records of a batch at or above `offset`; -1 when there is none, null when the records cannot
 * be walked. Of a batch of magic 0 or 1 the head is believed.
 */
export function largestTimestampFrom(
  view: DataView,
  bytes: Uint8Array,
  batch: number,
  offset: number,
  decompressor: Decompressor,
): number | null {
  if (batchIsLegacy(view, batch)) return batchMaxTimestamp(view, batch);
  const walker = walkerOf(view, bytes, batch, decompressor);
  if (walker === null) return null;
  let largest = -1;
  while (walker.next()) if (walker.offset >= offset) largest = Math.max(largest, walker.timestamp);
  return walker.failed ? null : largest;
}

function walkerOf(view: DataView, bytes: Uint8Array, batch: number, decompressor: Decompressor): RecordWalker | null {
  const codec = attributesOf(view, batch) & CODEC_MASK;
  const end = batch + sizeOf(view, batch);
  const records = codec === CODEC_NONE ? bytes : decompressor.decompress(codec, bytes, batch + RECORDS_AT, end);
  if (records === null) return null;
  return new RecordWalker(false).reset(
    records,
    codec === CODEC_NONE ? batch + RECORDS_AT : 0,
    codec === CODEC_NONE ? end : records.length,
    recordCountOf(view, batch),
    baseOffsetOf(view, batch),
    baseTimestampOf(view, batch),
    isLogAppendTime(view, batch) ? maxTimestampOf(view, batch) : -1,
  );
}

/**
 * A message of magic 0 or 1. A compressed one holds messages whose offsets count from 0 (magic 1; the wrapper has the
 * last) or are absolute (magic 0, which has no timestamps to be found by).
 */
function firstLegacyRecord(
  view: DataView,
  bytes: Uint8Array,
  batch: number,
  offset: number,
  timestamp: number,
  decompressor: Decompressor,
  into: RecordByTime,
): 'found' | 'none' | 'corrupt' {
  if (magicOf(view, batch) === 0) return 'none';
  const attributes = legacyAttributes(view, batch);
  const codec = attributes & CODEC_MASK;
  const lastOffset = batchLastOffset(view, batch);
  if (codec === CODEC_NONE) {
    into.offset = lastOffset;
    into.timestamp = batchMaxTimestamp(view, batch);
    return lastOffset >= offset && into.timestamp >= timestamp ? 'found' : 'none';
  }
  const end = batch + sizeOf(view, batch);
  const start = legacyValueAt(view, batch, end);
  const inner = start < 0 ? null : decompressor.decompress(codec, bytes, start, end);
  if (inner === null) return 'corrupt';
  const innerView = new DataView(inner.buffer, inner.byteOffset, inner.byteLength);
  const last = lastInnerMessage(innerView);
  if (last < 0) return 'corrupt';
  const base = lastOffset - int64At(innerView, last);
  for (let at = 0; at <= last; at += sizeOf(innerView, at)) {
    into.offset = base + int64At(innerView, at);
    // With log append time the wrapper's timestamp is that of all.
    const isAppendTime = (attributes & LOG_APPEND_TIME_BIT) !== 0;
    into.timestamp = batchMaxTimestamp(isAppendTime ? view : innerView, isAppendTime ? batch : at);
    if (into.offset >= offset && into.timestamp >= timestamp) return 'found';
  }
  return 'none';
}

/** Where the last of a run of messages begins; -1 when they are not whole. */
function lastInnerMessage(view: DataView): number {
  let last = -1;
  let at = 0;
  while (at + 34 <= view.byteLength) {
    const bytes = sizeOf(view, at);
    if (magicOf(view, at) !== 1 || bytes < 34 || at + bytes > view.byteLength) return -1;
    last = at;
    at += bytes;
  }
  return at === view.byteLength ? last : -1;
}
