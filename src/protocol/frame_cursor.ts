const TWO_32 = 0x1_0000_0000;

/**
 * What the walkers of hot requests have in common: sticky reading in place of a frame in the arena. It does what
 * `ByteReader` does, in code of its own, because code that sees both the arena's shared memory and the plain memory of
 * everything else runs at half the speed. Use walkers on arenas only (a test may do otherwise).
 */
export class FrameCursor {
  view: DataView;
  bytes: Uint8Array;
  failed: boolean;
  /** Of the request that is walked. */
  version: number;
  /** Compact lengths and tagged fields. */
  protected flexible: boolean;
  protected position: number;
  protected end: number;

  constructor() {
    this.bytes = new Uint8Array(0);
    this.view = new DataView(this.bytes.buffer);
    this.failed = false;
    this.version = 0;
    this.flexible = false;
    this.position = 0;
    this.end = 0;
  }

  protected open(
    view: DataView,
    bytes: Uint8Array,
    start: number,
    end: number,
    version: number,
    flexibleFrom: number,
  ): void {
    this.view = view;
    this.bytes = bytes;
    this.position = start;
    this.end = end;
    this.version = version;
    this.flexible = version >= flexibleFrom;
    this.failed = false;
  }

  protected fail(): void {
    this.failed = true;
    this.position = this.end;
  }

  /** The position of `length` bytes that are then behind; -1 if they are not there. */
  protected take(length: number): number {
    const at = this.position;
    if (length < 0 || length > this.end - at) {
      this.fail();
      return -1;
    }
    this.position = at + length;
    return at;
  }

  protected int8(): number {
    const at = this.take(1);
    return at < 0 ? 0 : this.view.getInt8(at);
  }

  protected int16(): number {
    const at = this.take(2);
    return at < 0 ? 0 : this.view.getInt16(at);
  }

  protected int32(): number {
    const at = this.take(4);
    return at < 0 ? 0 : this.view.getInt32(at);
  }

  /** Rounded beyond ±2^53: such offsets lie outside every log, and are answered so. */
  protected int64(): number {
    const at = this.take(8);
    return at < 0 ? 0 : this.view.getInt32(at) * TWO_32 + this.view.getUint32(at + 4);
  }

  protected unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const at = this.take(1);
      if (at < 0) return 0;
      const byte = this.bytes[at]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    this.fail();
    return 0;
  }

  /** Length of a string, -1 for null, held against what is left. In compact form too it takes no more than 15 bits. */
  protected stringLength(): number {
    const length = this.#held(this.flexible ? this.unsignedVarint() - 1 : this.int16());
    if (length > 0x7fff) this.fail();
    return length;
  }

  /** Length of bytes or records, -1 for null, held against what is left. */
  protected bytesLength(): number {
    return this.#held(this.flexible ? this.unsignedVarint() - 1 : this.int32());
  }

  /** Count of an array that may not be null; an element takes at least `elementBytesMin`. */
  protected count(elementBytesMin: number): number {
    const count = this.flexible ? this.unsignedVarint() - 1 : this.int32();
    if (count >= 0 && count * elementBytesMin <= this.end - this.position) return count;
    this.fail();
    return 0;
  }

  /** Steps over tagged fields that nobody here wants. Tags ascend. */
  protected skipTags(): void {
    if (!this.flexible) return;
    const count = this.unsignedVarint();
    if (count === 0) return;
    if (count * 2 > this.end - this.position) return this.fail();
    let previous = -1;
    for (let index = 0; index < count && !this.failed; index++) {
      const tag = this.unsignedVarint();
      if (tag <= previous) return this.fail();
      previous = tag;
      this.take(this.unsignedVarint());
    }
  }

  #held(length: number): number {
    if (length >= -1 && length <= this.end - this.position) return length;
    this.fail();
    return -1;
  }
}
