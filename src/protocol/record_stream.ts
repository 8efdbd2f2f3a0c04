import { ErrorCode } from './errors.ts';
import type { RecordFacts } from './records.ts';

/**
 * What a record says, for whoever looks at each. `key` tells whether it has one.
 *
 * @returns whether more are wanted
 */
export type RecordVisitor = (index: number, offsetDelta: number, timestamp: number, key: boolean) => boolean;

/** What the next byte belongs to, in the order of a record. Texts of keys, values and headers are stepped over. */
const LENGTH = 0;
const ATTRIBUTES = 1;
const TIMESTAMP = 2;
const OFFSET = 3;
const KEY = 4;
const VALUE = 5;
const HEADERS = 6;
const HEADER_KEY = 7;
const HEADER_VALUE = 8;

const RECORD_BODY_MIN = 6;
const INT32_BYTES = 5;
const INT64_BYTES = 10;

/**
 * Records of format 2 that come in pieces, cut anywhere: for those that are too large to be held whole. Says of them what
 * `checkRecords` says; that is the faster one where all bytes are there.
 *
 *     stream.reset(count, baseTimestamp, areLengthsHeld, visitor);
 *     … stream.take(piece) … until it wants no more
 *     stream.verdict(facts)
 */
export class RecordStream {
  /** Bytes taken. */
  length = 0;
  #state = LENGTH;
  #failed = false;
  #count = 0;
  #index = 0;
  #baseTimestamp = 0;
  #areLengthsHeld = true;
  #visitor: RecordVisitor | null = null;
  /** Of the varint that is read: bytes so far, and the halves of its value. */
  #bytes = 0;
  #low = 0;
  #high = 0;
  /** Bytes to step over before the next field, perhaps in pieces to come. */
  #skipped = 0;
  #recordEnd = 0;
  #timestampDelta = 0;
  #offsetDelta = 0;
  #hasKey = false;
  #headersLeft = 0;
  #minDelta = 0;
  #maxDelta = 0;
  #maxDeltaAt = 0;
  #nullKeys = false;
  #consecutive = true;

  /** @param areLengthsHeld as for `checkRecords` */
  reset(count: number, baseTimestamp: number, areLengthsHeld: boolean, visitor: RecordVisitor | null = null): this {
    this.length = 0;
    this.#state = LENGTH;
    this.#failed = count < 0;
    this.#count = count;
    this.#index = 0;
    this.#baseTimestamp = baseTimestamp;
    this.#areLengthsHeld = areLengthsHeld;
    this.#visitor = visitor;
    this.#bytes = 0;
    this.#low = 0;
    this.#high = 0;
    this.#skipped = 0;
    this.#minDelta = 0;
    this.#maxDelta = 0;
    this.#maxDeltaAt = 0;
    this.#nullKeys = false;
    this.#consecutive = true;
    return this;
  }

  /** False: no more is wanted, because the records are malformed or the visitor has what it looked for. */
  take(piece: Uint8Array): boolean {
    const before = this.length;
    const end = piece.length;
    let at = 0;
    for (;;) {
      if (this.#skipped > 0) {
        const step = Math.min(this.#skipped, end - at);
        this.#skipped -= step;
        at += step;
      }
      if (this.#failed || at >= end) break;
      const byte = piece[at++]!;
      if (this.#state === ATTRIBUTES) {
        this.#state = TIMESTAMP;
        continue;
      }
      if (this.#state === LENGTH && this.#index === this.#count) this.#failed = true;
      if (!this.#addByte(byte)) continue;
      this.length = before + at;
      if (!this.#field()) return false;
    }
    this.length = before + at;
    return !this.#failed;
  }

  /** What was taken are exactly the records. */
  get isWhole(): boolean {
    if (this.#failed || this.#state !== LENGTH || this.#bytes !== 0) return false;
    return this.#skipped === 0 && this.#index === this.#count;
  }

  /** NONE if what was taken are exactly the records; only then are the facts told. */
  verdict(facts: RecordFacts): ErrorCode {
    if (!this.isWhole) return ErrorCode.INVALID_RECORD;
    facts.timestampMin = this.#baseTimestamp + this.#minDelta;
    facts.timestampMax = this.#baseTimestamp + this.#maxDelta;
    facts.timestampMaxDelta = this.#maxDeltaAt;
    facts.nullKeys = this.#nullKeys;
    facts.offsetsConsecutive = this.#consecutive;
    return ErrorCode.NONE;
  }

  /** True when the varint is whole. */
  #addByte(byte: number): boolean {
    const bits = byte & 0x7f;
    const index = this.#bytes++;
    if (index < 4) this.#low |= bits << (7 * index);
    else if (index === 4) {
      this.#low |= bits << 28;
      this.#high = bits >>> 4;
    } else this.#high |= bits << (7 * index - 32);
    if (byte < 0x80) return true;
    if (this.#bytes === (this.#state === TIMESTAMP ? INT64_BYTES : INT32_BYTES)) this.#failed = true;
    return false;
  }

  /** The field whose number was read; the bytes up to here are counted. False: no more is wanted. */
  #field(): boolean {
    const low = this.#low;
    const high = this.#high;
    this.#bytes = 0;
    this.#low = 0;
    this.#high = 0;
    const value = (low >>> 1) ^ -(low & 1);
    switch (this.#state) {
      case LENGTH:
        this.#recordEnd = this.length + value;
        if (this.#areLengthsHeld && value < RECORD_BODY_MIN) this.#failed = true;
        this.#state = ATTRIBUTES;
        break;
      case TIMESTAMP: {
        const magnitude = (high >>> 1) * 0x1_0000_0000 + (((low >>> 1) | (high << 31)) >>> 0);
        this.#timestampDelta = (low & 1) === 0 ? magnitude : -magnitude - 1;
        this.#state = OFFSET;
        break;
      }
      case OFFSET:
        this.#offsetDelta = value;
        this.#state = KEY;
        break;
      case KEY:
        this.#hasKey = value >= 0;
        this.#skipped = Math.max(0, value);
        this.#state = VALUE;
        break;
      case VALUE:
        this.#skipped = Math.max(0, value);
        this.#state = HEADERS;
        break;
      case HEADERS:
        if (value < 0) this.#failed = true;
        this.#headersLeft = value;
        if (value === 0) return this.#endRecord();
        this.#state = HEADER_KEY;
        break;
      case HEADER_KEY:
        if (value < 0) this.#failed = true;
        this.#skipped = Math.max(0, value);
        this.#state = HEADER_VALUE;
        break;
      default:
        this.#skipped = Math.max(0, value);
        if (--this.#headersLeft === 0) return this.#endRecord();
        this.#state = HEADER_KEY;
    }
    return !this.#failed;
  }

  #endRecord(): boolean {
    const index = this.#index++;
    const delta = this.#timestampDelta;
    if (this.#areLengthsHeld && this.length + this.#skipped !== this.#recordEnd) this.#failed = true;
    if (this.#offsetDelta !== index) this.#consecutive = false;
    if (index === 0 || delta > this.#maxDelta) {
      this.#maxDelta = delta;
      this.#maxDeltaAt = this.#offsetDelta;
    }
    if (index === 0 || delta < this.#minDelta) this.#minDelta = delta;
    if (!this.#hasKey) this.#nullKeys = true;
    this.#state = LENGTH;
    if (this.#failed) return false;
    return this.#visitor === null || this.#visitor(index, this.#offsetDelta, this.#baseTimestamp + delta, this.#hasKey);
  }
}
