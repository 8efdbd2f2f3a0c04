import { viewOf } from '../base/bytes.ts';
import { CodecFailure } from '../port/codecs.ts';
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
import { RecordStream, type RecordVisitor } from '../protocol/record_stream.ts';
import { RecordWalker } from '../protocol/records.ts';
import { batchIsLegacy, batchLastOffset, batchMaxTimestamp, legacyAttributes, legacyValueAt } from './batch_header.ts';
import { type Decompressor, UNPACKED_BYTES_MAX, WHOLE_BYTES_MAX } from './decompressor.ts';

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
  let isFound = false;
  const isSound = visitRecords(view, bytes, batch, decompressor, (recordOffset, recordTimestamp) => {
    if (recordOffset < offset || recordTimestamp < timestamp) return true;
    into.offset = recordOffset;
    into.timestamp = recordTimestamp;
    isFound = true;
    return false;
  });
  if (isFound) return 'found';
  return isSound ? 'none' : 'corrupt';
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
  let largest = -1;
  const isSound = visitRecords(view, bytes, batch, decompressor, (recordOffset, timestamp) => {
    if (recordOffset >= offset) largest = Math.max(largest, timestamp);
    return true;
  });
  return isSound ? largest : null;
}

/** Shows offset and timestamp of each record, until no more is wanted. False if the records cannot be walked. */
function visitRecords(
  view: DataView,
  bytes: Uint8Array,
  batch: number,
  decompressor: Decompressor,
  visit: (offset: number, timestamp: number) => boolean,
): boolean {
  const codec = attributesOf(view, batch) & CODEC_MASK;
  const start = batch + RECORDS_AT;
  const end = batch + sizeOf(view, batch);
  const count = recordCountOf(view, batch);
  const base = baseOffsetOf(view, batch);
  const baseTimestamp = baseTimestampOf(view, batch);
  const appendTime = isLogAppendTime(view, batch) ? maxTimestampOf(view, batch) : -1;
  const walker = new RecordWalker(false);
  if (codec === CODEC_NONE) walker.reset(bytes, start, end, count, base, baseTimestamp, appendTime);
  else {
    const records = decompressor.decompress(codec, bytes, start, end, WHOLE_BYTES_MAX);
    if (records instanceof CodecFailure) {
      if (records.reason === 'malformed') return false;
      const visitor: RecordVisitor = (_, delta, timestamp) =>
        visit(base + delta, appendTime < 0 ? timestamp : appendTime);
      return visitInPieces(codec, bytes, start, end, decompressor, count, baseTimestamp, visitor);
    }
    walker.reset(records, 0, records.length, count, base, baseTimestamp, appendTime);
  }
  while (walker.next()) if (!visit(walker.offset, walker.timestamp)) return true;
  return !walker.failed;
}

function visitInPieces(
  codec: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  decompressor: Decompressor,
  count: number,
  baseTimestamp: number,
  visitor: RecordVisitor,
): boolean {
  let isWanted = true;
  const stream = new RecordStream().reset(count, baseTimestamp, false, (index, delta, timestamp, key) => {
    isWanted = visitor(index, delta, timestamp, key);
    return isWanted;
  });
  const failure = decompressor.decompressInPieces(codec, bytes, start, end, UNPACKED_BYTES_MAX, (piece) =>
    stream.take(piece),
  );
  return !isWanted || (failure === null && stream.isWhole);
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
  if (start < 0) return 'corrupt';
  const inner = decompressor.decompress(codec, bytes, start, end, UNPACKED_BYTES_MAX);
  if (inner instanceof CodecFailure) return 'corrupt';
  const innerView = viewOf(inner);
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
