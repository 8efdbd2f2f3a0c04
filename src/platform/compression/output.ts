import { CodecFailure } from '../../port/codecs.ts';

/**
 * Memory of one thread that what is unpacked lies in until the next is unpacked. Memory of its own for each batch is dear:
 * it is zeroed, taken from and given back to the operating system, and makes the garbage collector run (lz4 batches of
 * 64 KiB: a quarter of the whole request).
 */
export class UnpackingMemory {
  #kept = new Uint8Array(0);

  /** At least `bytes` long. What it held is void. */
  take(bytes: number): Uint8Array<ArrayBuffer> {
    if (this.#kept.byteLength < bytes)
      this.keep(new Uint8Array(2 ** Math.ceil(Math.log2(Math.max(bytes, TAKEN_BYTES_MIN)))));
    return this.#kept.byteLength < bytes ? new Uint8Array(bytes) : this.#kept;
  }

  /** Memory that was grown is kept for the next, unless it is very large. */
  keep(bytes: Uint8Array<ArrayBuffer>): void {
    if (bytes.byteLength <= KEPT_BYTES_MAX) this.#kept = bytes;
  }
}

const TAKEN_BYTES_MIN = 64 * 1024;
/** Batches of the usual limit of 1 MiB come out of this even when they unpack to twice of it. */
const KEPT_BYTES_MAX = 2 * 1024 * 1024;

/** Bytes that come out of a decompression, one piece behind the other, never more than `bytesMax`. */
export class BoundedOutput {
  bytes: Uint8Array<ArrayBuffer>;
  length = 0;
  readonly bytesMax: number;
  readonly #memory: UnpackingMemory;

  constructor(bytesMax: number, expected: number, memory: UnpackingMemory) {
    this.bytesMax = bytesMax;
    this.bytes = memory.take(Math.min(bytesMax, expected));
    this.#memory = memory;
  }

  /** Makes room for `more` bytes behind those there are. False if that is too much. */
  reserve(more: number): boolean {
    const needed = this.length + more;
    if (needed > this.bytesMax) return false;
    if (needed <= this.bytes.byteLength) return true;
    const grown = new Uint8Array(Math.min(this.bytesMax, Math.max(needed, this.bytes.byteLength * 2)));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.#memory.keep(grown);
    return true;
  }

  append(piece: Uint8Array): boolean {
    if (!this.reserve(piece.byteLength)) return false;
    this.bytes.set(piece, this.length);
    this.length += piece.byteLength;
    return true;
  }

  result(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}

export const malformed = (detail: string): CodecFailure => new CodecFailure('malformed', detail);
export const tooLarge = (bytesMax: number): CodecFailure =>
  new CodecFailure('too large', `more than ${bytesMax} bytes come out`);
