/**
 * The few primitives of the Kafka protocol that the load generator needs, in the flexible encoding only (KIP-482).
 * They are the generator's own on purpose: a mistake in the broker's codecs must not hide behind the same mistake here.
 */

const TWO_32 = 0x1_0000_0000;

/** Writes big-endian fields into plain memory that grows as needed. Not for the time of a run: frames are built before. */
export class WireWriter {
  #bytes = Buffer.alloc(1024);
  position = 0;

  int8(value: number): this {
    const at = this.#take(1);
    this.#bytes.writeInt8(value, at);
    return this;
  }

  int16(value: number): this {
    const at = this.#take(2);
    this.#bytes.writeInt16BE(value, at);
    return this;
  }

  int32(value: number): this {
    const at = this.#take(4);
    this.#bytes.writeInt32BE(value, at);
    return this;
  }

  uint32(value: number): this {
    const at = this.#take(4);
    this.#bytes.writeUInt32BE(value, at);
    return this;
  }

  /** A whole number within ±2^53. */
  int64(value: number): this {
    return this.int32(Math.floor(value / TWO_32)).uint32(value - Math.floor(value / TWO_32) * TWO_32);
  }

  unsignedVarint(value: number): this {
    let rest = value;
    while (rest >= 0x80) {
      this.int8(((rest & 0x7f) | 0x80) - 0x100);
      rest >>>= 7;
    }
    return this.int8(rest);
  }

  /** Zigzag. */
  varint(value: number): this {
    return this.unsignedVarint(((value << 1) ^ (value >> 31)) >>> 0);
  }

  compactString(value: string | null): this {
    if (value === null) return this.unsignedVarint(0);
    const text = Buffer.from(value, 'utf8');
    return this.unsignedVarint(text.length + 1).raw(text);
  }

  raw(value: Uint8Array): this {
    const at = this.#take(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** An empty section of tagged fields. */
  noTags(): this {
    return this.int8(0);
  }

  setInt32(position: number, value: number): this {
    this.#bytes.writeInt32BE(value, position);
    return this;
  }

  /** A copy of what was written. */
  finish(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.position));
  }

  /** May replace `#bytes`: take first, then write. */
  #take(length: number): number {
    const at = this.position;
    this.position += length;
    while (this.position > this.#bytes.length) {
      const grown = Buffer.alloc(this.#bytes.length * 2);
      this.#bytes.copy(grown);
      this.#bytes = grown;
    }
    return at;
  }
}

/** Reads answers of the requests before a run; throws RangeError past the end. */
export class WireReader {
  readonly bytes: Buffer;
  position: number;

  constructor(bytes: Buffer, position = 0) {
    this.bytes = bytes;
    this.position = position;
  }

  int8(): number {
    return this.bytes.readInt8(this.#take(1));
  }

  int16(): number {
    return this.bytes.readInt16BE(this.#take(2));
  }

  int32(): number {
    return this.bytes.readInt32BE(this.#take(4));
  }

  int64(): number {
    const at = this.#take(8);
    return this.bytes.readInt32BE(at) * TWO_32 + this.bytes.readUInt32BE(at + 4);
  }

  unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes.readUInt8(this.#take(1));
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new RangeError('a varint of more than five bytes');
  }

  compactString(): string | null {
    const length = this.unsignedVarint() - 1;
    return length < 0 ? null : this.raw(length).toString('utf8');
  }

  /** A view of the next bytes. */
  raw(length: number): Buffer {
    const at = this.#take(length);
    if (this.position > this.bytes.length) throw new RangeError(`an answer of ${this.bytes.length} bytes is too short`);
    return this.bytes.subarray(at, at + length);
  }

  skipTags(): void {
    for (let left = this.unsignedVarint(); left > 0; left--) {
      this.unsignedVarint();
      this.raw(this.unsignedVarint());
    }
  }

  #take(length: number): number {
    const at = this.position;
    this.position += length;
    return at;
  }
}
