import { assert } from './assert.ts';
import { uuidText, writeUuid, ZERO_UUID, type Uuid } from './uuid.ts';

/** UTF-8 to text; malformed sequences become U+FFFD. */
export type DecodeText = (bytes: Uint8Array, start: number, end: number) => string;
/** Text to UTF-8. */
export type EncodeText = (text: string) => Uint8Array;

/**
 * How many array elements one message may have in all. Bytes alone do not bound what a decoded message costs: an
 * element of three bytes becomes an object of a hundred.
 */
export const ELEMENTS_MAX = 2_000_000;

const TWO_32 = 0x1_0000_0000;
/** The high half of a 64-bit integer that a number holds exactly lies in [-2^21, 2^21). */
const SAFE_HIGH_HALF = 0x20_0000;

/**
 * Reads big-endian fields in place and never throws for what the bytes say. It is sticky: after the first field that
 * does not fit, `failed` is set, nothing is left to read and every call returns zero, null or the empty value; callers
 * ask once, at the end. Counts are held against the bytes left before anybody loops or allocates for them.
 *
 * Keep one reader on one kind of memory (plain or shared): one that sees both is half as fast.
 */
export class ByteReader {
  view: DataView;
  bytes: Uint8Array;
  position: number;
  end: number;
  failed: boolean;
  /** Array elements that may still come in this message. */
  elementsLeft: number;
  readonly decodeText: DecodeText;

  constructor(decodeText: DecodeText) {
    this.bytes = new Uint8Array(0);
    this.view = new DataView(this.bytes.buffer);
    this.position = 0;
    this.end = 0;
    this.failed = false;
    this.elementsLeft = ELEMENTS_MAX;
    this.decodeText = decodeText;
  }

  /** Goes to `[start, end)`. `view` and `bytes` are the same memory; the bytes must stay while fields are read. */
  reset(view: DataView, bytes: Uint8Array, start: number, end: number): this {
    this.view = view;
    this.bytes = bytes;
    this.position = start;
    this.end = end;
    this.failed = false;
    this.elementsLeft = ELEMENTS_MAX;
    return this;
  }

  /** The same over all of `bytes`; makes a view, so not for the byte path. */
  resetTo(bytes: Uint8Array): this {
    return this.reset(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), bytes, 0, bytes.byteLength);
  }

  get remaining(): number {
    return this.end - this.position;
  }

  fail(): void {
    this.failed = true;
    this.position = this.end;
  }

  /** The position of the next `length` bytes, which are then behind; -1 if they are not there. */
  take(length: number): number {
    const start = this.position;
    if (length < 0 || length > this.end - start) {
      this.fail();
      return -1;
    }
    this.position = start + length;
    return start;
  }

  int8(): number {
    const at = this.take(1);
    return at < 0 ? 0 : this.view.getInt8(at);
  }

  uint8(): number {
    const at = this.take(1);
    return at < 0 ? 0 : this.view.getUint8(at);
  }

  /** Any byte but 0 is true. */
  boolean(): boolean {
    return this.int8() !== 0;
  }

  int16(): number {
    const at = this.take(2);
    return at < 0 ? 0 : this.view.getInt16(at);
  }

  uint16(): number {
    const at = this.take(2);
    return at < 0 ? 0 : this.view.getUint16(at);
  }

  int32(): number {
    const at = this.take(4);
    return at < 0 ? 0 : this.view.getInt32(at);
  }

  uint32(): number {
    const at = this.take(4);
    return at < 0 ? 0 : this.view.getUint32(at);
  }

  /** A 64-bit integer as a number; one outside ±2^53 fails. */
  int64(): number {
    const at = this.take(8);
    if (at < 0) return 0;
    const high = this.view.getInt32(at);
    if (high < -SAFE_HIGH_HALF || high >= SAFE_HIGH_HALF) {
      this.fail();
      return 0;
    }
    return high * TWO_32 + this.view.getUint32(at + 4);
  }

  bigInt64(): bigint {
    const at = this.take(8);
    return at < 0 ? 0n : this.view.getBigInt64(at);
  }

  float64(): number {
    const at = this.take(8);
    return at < 0 ? 0 : this.view.getFloat64(at);
  }

  /** Base 128, least significant first, at most five bytes; bits beyond the 32nd are dropped, as Kafka does. */
  unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.uint8();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    this.fail();
    return 0;
  }

  /** Zigzag varint. */
  varint(): number {
    const raw = this.unsignedVarint();
    return (raw >>> 1) ^ -(raw & 1);
  }

  /** Zigzag varint of up to ten bytes as a number; one outside ±2^53 fails. */
  varlong(): number {
    const value = this.bigVarlong();
    if (value >= 9007199254740992n || value < -9007199254740992n) {
      this.fail();
      return 0;
    }
    return Number(value);
  }

  bigVarlong(): bigint {
    let low = 0;
    let high = 0;
    for (let index = 0; index < 10; index++) {
      const byte = this.uint8();
      const bits = byte & 0x7f;
      if (index < 4) low |= bits << (7 * index);
      else if (index === 4) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (7 * index - 32);
      if (byte < 0x80) {
        const raw = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
        return BigInt.asIntN(64, (raw >> 1n) ^ -(raw & 1n));
      }
    }
    this.fail();
    return 0n;
  }

  uuid(): Uuid {
    const at = this.take(16);
    return at < 0 ? ZERO_UUID : uuidText(this.view, at);
  }

  /** The length of a classic string that may be null: -1 for null. Held against what is left. */
  nullableStringLength(): number {
    return this.#length(this.int16());
  }

  /** The length of a compact string or of compact bytes that may be null: -1 for null. Held against what is left. */
  compactNullableLength(): number {
    return this.#length(this.unsignedVarint() - 1);
  }

  /** The length of classic bytes that may be null: -1 for null. Held against what is left. */
  nullableBytesLength(): number {
    return this.#length(this.int32());
  }

  string(): string {
    return this.#text(this.#notNull(this.nullableStringLength()));
  }

  nullableString(): string | null {
    const length = this.nullableStringLength();
    return length < 0 ? null : this.#text(length);
  }

  compactString(): string {
    return this.#text(this.#notNull(this.compactNullableLength()));
  }

  compactNullableString(): string | null {
    const length = this.compactNullableLength();
    return length < 0 ? null : this.#text(length);
  }

  /** `length` bytes of UTF-8. */
  text(length: number): string {
    return this.#text(length);
  }

  /** A copy of classic bytes: the caller owns it. */
  bytesField(): Uint8Array {
    return this.copy(this.#notNull(this.nullableBytesLength()));
  }

  nullableBytesField(): Uint8Array | null {
    const length = this.nullableBytesLength();
    return length < 0 ? null : this.copy(length);
  }

  compactBytesField(): Uint8Array {
    return this.copy(this.#notNull(this.compactNullableLength()));
  }

  compactNullableBytesField(): Uint8Array | null {
    const length = this.compactNullableLength();
    return length < 0 ? null : this.copy(length);
  }

  /** A copy of the next `length` bytes, in plain memory. */
  copy(length: number): Uint8Array {
    const at = this.take(length);
    return at < 0 ? new Uint8Array(0) : this.bytes.slice(at, at + length);
  }

  /**
   * The count of a classic array, -1 for null. `elementBytesMin` (≥ 1) is the least that an element takes on the
   * wire: a count that the bytes left cannot hold fails here, before anybody loops.
   */
  arrayCount(elementBytesMin: number): number {
    return this.#count(this.int32(), elementBytesMin);
  }

  /** The same for a compact array. */
  compactArrayCount(elementBytesMin: number): number {
    return this.#count(this.unsignedVarint() - 1, elementBytesMin);
  }

  /**
   * Steps over a section of tagged fields. Tags must ascend, as the protocol demands; what they hold is not kept, so
   * a million of them cost nothing but the walk.
   */
  skipTaggedFields(): void {
    const count = this.unsignedVarint();
    if (count === 0) return;
    if (count * 2 > this.remaining) return this.fail();
    let previous = -1;
    for (let index = 0; index < count; index++) {
      const tag = this.unsignedVarint();
      if (tag <= previous) return this.fail();
      previous = tag;
      if (this.take(this.unsignedVarint()) < 0) return;
    }
  }

  #length(length: number): number {
    if (length < -1 || length > this.end - this.position) {
      this.fail();
      return 0;
    }
    return this.failed ? 0 : length;
  }

  #notNull(length: number): number {
    if (length >= 0) return length;
    this.fail();
    return 0;
  }

  #count(count: number, elementBytesMin: number): number {
    if (this.failed) return 0;
    if (count < -1 || count * elementBytesMin > this.end - this.position || count > this.elementsLeft) {
      this.fail();
      return 0;
    }
    if (count > 0) this.elementsLeft -= count;
    return count;
  }

  #text(length: number): string {
    if (length === 0) return '';
    const at = this.take(length);
    return at < 0 ? '' : this.decodeText(this.bytes, at, at + length);
  }
}

/**
 * Writes big-endian fields one behind the other. A growing writer doubles its own plain memory when it must (then
 * `view` and `bytes` are new objects: keep positions, not views); a fixed one writes into memory that it was given and,
 * when that is full, sets `failed` and writes nothing more.
 */
export class ByteWriter {
  view: DataView;
  bytes: Uint8Array;
  /** `bytes[start, position)` are written. */
  position: number;
  /** The first position that may not be written without `reserve`. */
  limit: number;
  failed: boolean;
  readonly growing: boolean;
  readonly encodeText: EncodeText;

  /** A growing writer with `capacity` bytes to begin with, or one fixed to all of `into`. */
  constructor(encodeText: EncodeText, into: number | Uint8Array = 512) {
    this.growing = typeof into === 'number';
    this.bytes = typeof into === 'number' ? new Uint8Array(into) : into;
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    this.position = 0;
    this.limit = this.bytes.byteLength;
    this.failed = false;
    this.encodeText = encodeText;
  }

  /** Begins again. What was written is overwritten; the memory stays. */
  clear(): this {
    this.position = 0;
    this.limit = this.bytes.byteLength;
    this.failed = false;
    return this;
  }

  /** A fixed writer goes to other memory, of which it may write `[start, end)`. */
  reset(view: DataView, bytes: Uint8Array, start: number, end: number): this {
    assert(!this.growing, 'a growing writer writes to its own memory');
    this.view = view;
    this.bytes = bytes;
    this.position = start;
    this.limit = end;
    this.failed = false;
    return this;
  }

  /** A growing writer begins again with less memory: after a rare large message. */
  shrink(capacity: number): void {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
    this.clear();
  }

  /** What is written, as a view: valid until the next write. */
  written(): Uint8Array {
    return this.bytes.subarray(0, this.position);
  }

  /** What is written, copied. */
  copyWritten(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.position) as Uint8Array<ArrayBuffer>;
  }

  /** Makes room for `length` bytes at `position`. False only when a fixed writer is full. */
  reserve(length: number): boolean {
    const needed = this.position + length;
    if (needed <= this.limit) return !this.failed;
    if (!this.growing) {
      this.failed = true;
      this.limit = this.position;
      return false;
    }
    const grown = new Uint8Array(Math.max(needed, this.bytes.byteLength * 2));
    grown.set(this.bytes.subarray(0, this.position));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
    this.limit = grown.byteLength;
    return true;
  }

  /** Takes `length` bytes and returns where they begin, for the caller to fill; -1 when full. */
  take(length: number): number {
    if (!this.reserve(length)) return -1;
    const at = this.position;
    this.position = at + length;
    return at;
  }

  int8(value: number): void {
    const at = this.take(1);
    if (at >= 0) this.view.setInt8(at, value);
  }

  boolean(value: boolean): void {
    this.int8(value ? 1 : 0);
  }

  int16(value: number): void {
    const at = this.take(2);
    if (at >= 0) this.view.setInt16(at, value);
  }

  uint16(value: number): void {
    this.int16(value);
  }

  int32(value: number): void {
    const at = this.take(4);
    if (at >= 0) this.view.setInt32(at, value);
  }

  uint32(value: number): void {
    this.int32(value);
  }

  /** A whole number in ±2^53 as 64 bits. */
  int64(value: number): void {
    const at = this.take(8);
    if (at < 0) return;
    this.view.setInt32(at, Math.floor(value / TWO_32));
    this.view.setInt32(at + 4, value | 0);
  }

  bigInt64(value: bigint): void {
    const at = this.take(8);
    if (at >= 0) this.view.setBigInt64(at, value);
  }

  float64(value: number): void {
    const at = this.take(8);
    if (at >= 0) this.view.setFloat64(at, value);
  }

  unsignedVarint(value: number): void {
    let rest = value >>> 0;
    let at = this.take(unsignedVarintBytes(rest));
    if (at < 0) return;
    while (rest >= 0x80) {
      this.view.setUint8(at++, (rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.view.setUint8(at, rest);
  }

  varint(value: number): void {
    this.unsignedVarint((value << 1) ^ (value >> 31));
  }

  /** Zigzag varint of a whole number in ±2^53. */
  varlong(value: number): void {
    this.bigVarlong(BigInt(value));
  }

  bigVarlong(value: bigint): void {
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    while (rest >= 0x80n) {
      this.int8(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.int8(Number(rest));
  }

  uuid(value: Uuid): void {
    const at = this.take(16);
    if (at >= 0) writeUuid(this.view, at, value);
  }

  string(value: string): void {
    this.nullableString(value);
  }

  nullableString(value: string | null): void {
    if (value === null) return this.int16(-1);
    const text = this.#ascii(value) ? null : this.encodeText(value);
    this.int16(text === null ? value.length : text.byteLength);
    this.#putText(value, text);
  }

  compactString(value: string): void {
    this.compactNullableString(value);
  }

  compactNullableString(value: string | null): void {
    if (value === null) return this.unsignedVarint(0);
    const text = this.#ascii(value) ? null : this.encodeText(value);
    this.unsignedVarint((text === null ? value.length : text.byteLength) + 1);
    this.#putText(value, text);
  }

  /** Classic bytes, nullable. */
  bytesField(value: Uint8Array | null): void {
    if (value === null) return this.int32(-1);
    this.int32(value.byteLength);
    this.raw(value);
  }

  compactBytesField(value: Uint8Array | null): void {
    if (value === null) return this.unsignedVarint(0);
    this.unsignedVarint(value.byteLength + 1);
    this.raw(value);
  }

  /** The bytes as they are. */
  raw(value: Uint8Array): void {
    const at = this.take(value.byteLength);
    if (at >= 0) this.bytes.set(value, at);
  }

  /** The count of a classic array, null as -1. */
  arrayCount(count: number): void {
    this.int32(count);
  }

  /** The count of a compact array, null as -1. */
  compactArrayCount(count: number): void {
    this.unsignedVarint(count + 1);
  }

  /** A section of tagged fields with nothing in it. */
  noTaggedFields(): void {
    this.int8(0);
  }

  #ascii(text: string): boolean {
    for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) >= 0x80) return false;
    return true;
  }

  #putText(text: string, encoded: Uint8Array | null): void {
    if (encoded !== null) return this.raw(encoded);
    const at = this.take(text.length);
    if (at < 0) return;
    for (let index = 0; index < text.length; index++) this.bytes[at + index] = text.charCodeAt(index);
  }
}

/** A view over the same memory. */
export function viewOf<Memory extends ArrayBufferLike>(bytes: Uint8Array<Memory>): DataView<Memory> {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** How many bytes an unsigned varint of this 32-bit value takes. */
export function unsignedVarintBytes(value: number): number {
  const bits = 32 - Math.clz32(value | 1);
  return ((bits + 6) / 7) | 0;
}
