import { ErrorCode } from './errors.ts';

/**
 * Records of format 2, as they lie behind a batch's header or come out of its decompression:
 *
 *     length (varint, of what follows) · attributes (1) · timestamp delta (varlong) · offset delta (varint)
 *     key length (varint, -1 null) · key · value length (varint, -1 null) · value
 *     header count (varint) · for each: key length (varint) · key · value length (varint, -1 null) · value
 *
 * All varints are zigzag. Everything here works in place and allocates nothing.
 */

/** What a walk over all records of a batch found. */
export class RecordFacts {
  /** Of the records' own timestamps; 0 and 0 without records. Rounded beyond ±2^53. */
  timestampMin = 0;
  timestampMax = 0;
  /** Offset delta of the first record that has `timestampMax`. */
  timestampMaxDelta = 0;
  /** Some record has no key: not for a compacted topic. */
  nullKeys = false;
  /** Offset deltas count 0, 1, 2, … */
  offsetsConsecutive = true;
}

/** Attributes, timestamp delta, offset delta, key length, value length, header count: a byte each. */
const RECORD_BODY_MIN = 6;

/**
 * Whether `bytes[start, end)` are exactly `count` well-formed records. NONE or INVALID_RECORD. `view` is over the same
 * memory.
 *
 * Nearly all records have no headers, and numbers of one or two bytes: those are read by words of four bytes (13 ns a record
 * of 100 B against 26), all others byte by byte.
 *
 * The bytes may be those of a client. Lengths are held against the record's end, so work is bounded by the bytes.
 *
 * @param areLengthsHeld whether the length of a whole record must be right. Apache Kafka steps over it in compressed
 *   batches that it stores as they are: only what is in the record counts.
 */
export function checkRecords(
  view: DataView,
  bytes: Uint8Array,
  start: number,
  end: number,
  count: number,
  baseTimestamp: number,
  facts: RecordFacts,
  areLengthsHeld = true,
): ErrorCode {
  let minDelta = 0;
  let maxDelta = 0;
  let maxDeltaAt = 0;
  let nullKeys = false;
  let consecutive = true;
  let at = start;
  for (let index = 0; index < count; index++) {
    const usualEnd = areLengthsHeld ? usualRecordAt(view, at, end) : 0;
    at = usualEnd > 0 ? usualEnd : recordAt(bytes, at, end, areLengthsHeld);
    if (at === 0) return ErrorCode.INVALID_RECORD;
    const { timestampDelta, offsetDelta } = found;
    if (offsetDelta !== index) consecutive = false;
    if (index === 0 || timestampDelta > maxDelta) {
      maxDelta = timestampDelta;
      maxDeltaAt = offsetDelta;
    }
    if (index === 0 || timestampDelta < minDelta) minDelta = timestampDelta;
    if (!found.hasKey) nullKeys = true;
  }
  if (at !== end) return ErrorCode.INVALID_RECORD;
  facts.timestampMin = baseTimestamp + minDelta;
  facts.timestampMax = baseTimestamp + maxDelta;
  facts.timestampMaxDelta = maxDeltaAt;
  facts.nullKeys = nullKeys;
  facts.offsetsConsecutive = consecutive;
  return ErrorCode.NONE;
}

/** What `usualRecordAt` and `recordAt` found in their record. */
const found = { timestampDelta: 0, offsetDelta: 0, hasKey: false };

/** The end of a well-formed record at `at` that has no headers and only short numbers; 0: it is to be read byte by byte. */
function usualRecordAt(view: DataView, at: number, end: number): number {
  if (at + 12 > end) return 0;
  const head = view.getUint32(at, true);
  const lengthBytes = shortBytes(head);
  if (lengthBytes === 0) return 0;
  const attributesAt = at + lengthBytes;
  const recordEnd = attributesAt + shortVarint(head, lengthBytes);
  if (recordEnd > end) return 0;
  const deltas = view.getUint32(attributesAt + 1, true);
  const timestampBytes = shortBytes(deltas);
  if (timestampBytes === 0) return 0;
  const offset = deltas >>> (8 * timestampBytes);
  const offsetBytes = shortBytes(offset);
  if (offsetBytes === 0) return 0;
  // Key and value are stepped over alike; a function for both costs 6 ns a record.
  let next = attributesAt + 1 + timestampBytes + offsetBytes;
  if (next + 4 > end) return 0;
  const key = view.getUint32(next, true);
  const keyBytes = shortBytes(key);
  if (keyBytes === 0) return 0;
  const keyLength = shortVarint(key, keyBytes);
  next += keyLength > 0 ? keyBytes + keyLength : keyBytes;
  if (next + 4 > end) return 0;
  const value = view.getUint32(next, true);
  const valueBytes = shortBytes(value);
  if (valueBytes === 0) return 0;
  const valueLength = shortVarint(value, valueBytes);
  next += valueLength > 0 ? valueBytes + valueLength : valueBytes;
  // A byte 0 says that there are no headers.
  if (next + 1 !== recordEnd || view.getUint8(next) !== 0) return 0;
  found.timestampDelta = shortVarint(deltas, timestampBytes);
  found.offsetDelta = shortVarint(offset, offsetBytes);
  found.hasKey = keyLength >= 0;
  return recordEnd;
}

/** The end of any well-formed record at `at`; 0 where there is none. */
function recordAt(bytes: Uint8Array, at: number, end: number, areLengthsHeld: boolean): number {
  const length = varintAt(bytes, at, end);
  if (areLengthsHeld && (length < RECORD_BODY_MIN || length > end - next)) return 0;
  const recordEnd = areLengthsHeld ? next + length : end;
  found.timestampDelta = varlongAt(bytes, next + 1, recordEnd);
  found.offsetDelta = varintAt(bytes, next, recordEnd);
  const keyLength = varintAt(bytes, next, recordEnd);
  found.hasKey = keyLength >= 0;
  if (keyLength > 0) next += keyLength;
  const valueLength = varintAt(bytes, next, recordEnd);
  if (valueLength > 0) next += valueLength;
  const headers = varintAt(bytes, next, recordEnd);
  if (headers !== 0 && !skipHeaders(bytes, headers, recordEnd)) return 0;
  return next > recordEnd || (areLengthsHeld && next < recordEnd) ? 0 : next;
}

/** How many of the low bytes of a word are a varint: 1 or 2; 0: more. */
function shortBytes(word: number): number {
  return (word & 0x80) === 0 ? 1 : (word & 0x8000) === 0 ? 2 : 0;
}

/** The zigzag varint in the low one or two bytes. */
function shortVarint(word: number, bytes: number): number {
  const raw = bytes === 1 ? word & 0x7f : (word & 0x7f) | ((word >>> 1) & 0x3f80);
  return (raw >>> 1) ^ -(raw & 1);
}

/**
 * Walks the records of one batch.
 *
 *     walker.reset(bytes, start, end, count, baseOffset, baseTimestamp);
 *     while (walker.next()) …
 *     if (walker.failed) …
 *
 * It trusts nothing: a malformed record ends the walk with `failed`.
 */
export class RecordWalker {
  bytes: Uint8Array = new Uint8Array(0);
  failed = false;
  /** Bounds of the current record, its length included. */
  start = 0;
  end = 0;
  offset = 0;
  timestamp = 0;
  attributes = 0;
  /** `[keyStart, keyEnd)`; both -1 for a null key. */
  keyStart = -1;
  keyEnd = -1;
  valueStart = -1;
  valueEnd = -1;
  headerCount = 0;
  /** `[headerKeyStart, headerKeyEnd)` after `nextHeader`. */
  headerKeyStart = 0;
  headerKeyEnd = 0;
  headerValueStart = -1;
  headerValueEnd = -1;
  #position = 0;
  #limit = 0;
  #left = 0;
  #baseOffset = 0;
  #baseTimestamp = 0;
  #appendTimestamp = -1;
  #headerPosition = 0;
  #headersLeft = 0;
  readonly #areLengthsHeld: boolean;

  /** @param areLengthsHeld as in `checkRecords` */
  constructor(areLengthsHeld = true) {
    this.#areLengthsHeld = areLengthsHeld;
  }

  /**
   * Goes to `count` records in `bytes[start, end)`. `appendTimestamp` is -1, or for a batch with log-append time the
   * largest timestamp of its header, which is then that of every record.
   */
  reset(
    bytes: Uint8Array,
    start: number,
    end: number,
    count: number,
    baseOffset: number,
    baseTimestamp: number,
    appendTimestamp = -1,
  ): this {
    this.bytes = bytes;
    this.failed = count < 0;
    this.#position = start;
    this.#limit = end;
    this.#left = count;
    this.#baseOffset = baseOffset;
    this.#baseTimestamp = baseTimestamp;
    this.#appendTimestamp = appendTimestamp;
    return this;
  }

  /** Goes to the next record. False: there is none, or it is malformed (`failed`). */
  next(): boolean {
    if (this.failed) return false;
    if (this.#left === 0) {
      this.failed = this.#position !== this.#limit;
      return false;
    }
    this.#left--;
    this.failed = !this.#read();
    return !this.failed;
  }

  /** Goes to the next header of the current record. False: that was the last, or it is malformed (`failed`). */
  nextHeader(): boolean {
    if (this.#headersLeft === 0 || this.failed) return false;
    this.#headersLeft--;
    const bytes = this.bytes;
    const keyLength = varintAt(bytes, this.#headerPosition, this.end);
    this.headerKeyStart = next;
    this.headerKeyEnd = next + keyLength;
    const valueLength = varintAt(bytes, this.headerKeyEnd, this.end);
    this.headerValueStart = valueLength < 0 ? -1 : next;
    this.headerValueEnd = valueLength < 0 ? -1 : next + valueLength;
    this.#headerPosition = next + Math.max(valueLength, 0);
    return true;
  }

  #read(): boolean {
    const bytes = this.bytes;
    const length = varintAt(bytes, this.#position, this.#limit);
    const isHeld = this.#areLengthsHeld;
    if (isHeld && (length < RECORD_BODY_MIN || length > this.#limit - next)) return false;
    const end = isHeld ? next + length : this.#limit;
    if (next > end) return false;
    this.start = this.#position;
    this.attributes = bytes[next]!;
    const timestamp = this.#baseTimestamp + varlongAt(bytes, next + 1, end);
    this.timestamp = this.#appendTimestamp < 0 ? timestamp : this.#appendTimestamp;
    this.offset = this.#baseOffset + varintAt(bytes, next, end);
    const keyLength = varintAt(bytes, next, end);
    this.keyStart = keyLength < 0 ? -1 : next;
    if (keyLength > 0) next += keyLength;
    this.keyEnd = keyLength < 0 ? -1 : next;
    const valueLength = varintAt(bytes, next, end);
    this.valueStart = valueLength < 0 ? -1 : next;
    if (valueLength > 0) next += valueLength;
    this.valueEnd = valueLength < 0 ? -1 : next;
    this.headerCount = varintAt(bytes, next, end);
    this.#headerPosition = next;
    this.#headersLeft = this.headerCount;
    if (!skipHeaders(bytes, this.headerCount, end)) return false;
    this.#position = next;
    this.end = next;
    return next === end || (!isHeld && next < end);
  }
}

/** Where the last varint, or the last group of headers, ended. One for the module: nothing here is re-entered. */
let next = 0;
/** Beyond every end: makes all that follows a varint which does not fit fail as well. */
const NOWHERE = 0x7fff_ffff;

/** Zigzag varint at `at`; `next` is behind it, or NOWHERE. */
function varintAt(bytes: Uint8Array, at: number, end: number): number {
  if (at < end) {
    const byte = bytes[at]!;
    if (byte < 0x80) {
      next = at + 1;
      return (byte >>> 1) ^ -(byte & 1);
    }
  }
  return longVarintAt(bytes, at, end);
}

function longVarintAt(bytes: Uint8Array, at: number, end: number): number {
  let raw = 0;
  for (let shift = 0; shift < 35 && at < end; shift += 7) {
    const byte = bytes[at++]!;
    raw |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      next = at;
      return (raw >>> 1) ^ -(raw & 1);
    }
  }
  next = NOWHERE;
  return 0;
}

/** Zigzag varlong at `at`, rounded beyond ±2^53. */
function varlongAt(bytes: Uint8Array, at: number, end: number): number {
  if (at < end && bytes[at]! < 0x80) return varintAt(bytes, at, end);
  let low = 0;
  let high = 0;
  for (let index = 0; index < 10 && at < end; index++) {
    const byte = bytes[at++]!;
    const bits = byte & 0x7f;
    if (index < 4) low |= bits << (7 * index);
    else if (index === 4) {
      low |= bits << 28;
      high = bits >>> 4;
    } else high |= bits << (7 * index - 32);
    if (byte < 0x80) {
      next = at;
      const negative = -(low & 1);
      const magnitude = (high >>> 1) * 0x1_0000_0000 + (((low >>> 1) | (high << 31)) >>> 0);
      return negative === 0 ? magnitude : -magnitude - 1;
    }
  }
  next = NOWHERE;
  return 0;
}

/** Steps over `count` headers at `next`. False if there are not so many, or one has no key. */
function skipHeaders(bytes: Uint8Array, count: number, end: number): boolean {
  if (count < 0 || count > end - next) return false;
  for (let index = 0; index < count; index++) {
    const keyLength = varintAt(bytes, next, end);
    if (keyLength < 0 || keyLength > end - next) return false;
    const valueLength = varintAt(bytes, next + keyLength, end);
    if (valueLength > 0) next += valueLength;
  }
  return next <= end;
}
