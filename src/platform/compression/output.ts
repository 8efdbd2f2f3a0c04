import { CodecFailure } from '../../port/codecs.ts';

/** Bytes that come out of a decompression, one piece behind the other, never more than `bytesMax`. */
export class BoundedOutput {
  bytes: Uint8Array;
  length: number;
  readonly bytesMax: number;

  constructor(bytesMax: number, expected: number) {
    this.bytesMax = bytesMax;
    this.bytes = new Uint8Array(Math.min(bytesMax, expected));
    this.length = 0;
  }

  /** Makes room for `more` bytes behind those there are. False if that is too much. */
  reserve(more: number): boolean {
    const needed = this.length + more;
    if (needed <= this.bytes.byteLength) return true;
    if (needed > this.bytesMax) return false;
    const grown = new Uint8Array(Math.min(this.bytesMax, Math.max(needed, this.bytes.byteLength * 2)));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
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
