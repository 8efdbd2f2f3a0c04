import { CodecFailure } from '../../port/codecs.ts';

/**
 * Memory of one thread that what is unpacked lies in until the next is unpacked. Memory of its own for each batch is dear:
 * it is zeroed, taken from and given back to the operating system, and makes the garbage collector run (lz4 batches of
 * 64 KiB: a quarter of the whole request).
 */
export class UnpackingMemory {
  #kept = new Uint8Array(0);
  /** Handed out and too large to be kept. */
  #large: Uint8Array<ArrayBuffer> | null = null;

  /** At least `bytes` long. What it held is void. */
  take(bytes: number): Uint8Array<ArrayBuffer> {
    this.release();
    if (this.#kept.byteLength < bytes) return this.#made(2 ** Math.ceil(Math.log2(Math.max(bytes, TAKEN_BYTES_MIN))));
    return this.#kept;
  }

  /** A copy of memory that was taken, at least `bytes` long. The old is void. */
  grow(old: Uint8Array<ArrayBuffer>, bytes: number): Uint8Array<ArrayBuffer> {
    const grown = this.#made(bytes, old);
    if (old !== this.#kept && old.byteLength > KEPT_BYTES_MAX) old.buffer.transfer(0);
    return grown;
  }

  /** Large memory goes back at once, not when the garbage collector finds it: views of it are empty from now on. */
  release(): void {
    this.#large?.buffer.transfer(0);
    this.#large = null;
  }

  /** Memory is kept for the next, unless it is very large. */
  #made(bytes: number, old: Uint8Array | null = null): Uint8Array<ArrayBuffer> {
    const made = new Uint8Array(bytes);
    if (old !== null) made.set(old);
    if (bytes <= KEPT_BYTES_MAX) this.#kept = made;
    else this.#large = made;
    return made;
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
    const wanted = Math.min(this.bytesMax, Math.max(needed, this.bytes.byteLength * 2));
    this.bytes = this.#memory.grow(this.bytes, wanted);
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

/** As `Codecs.decompressInPieces` has it: says whether it wants more. */
export type TakePiece = (piece: Uint8Array) => boolean;

/** What comes out of a decompression is given on at once, never more than `bytesMax` in all. */
export class BoundedPieces {
  readonly bytesMax: number;
  /** Memory for a piece. */
  readonly room: Uint8Array<ArrayBuffer>;
  #length = 0;
  readonly #take: TakePiece;

  constructor(bytesMax: number, memory: UnpackingMemory, take: TakePiece) {
    this.bytesMax = bytesMax;
    this.room = memory.take(PIECE_BYTES);
    this.#take = take;
  }

  /** What may still come. */
  get left(): number {
    return Math.max(0, this.bytesMax - this.#length);
  }

  /** False: no more is wanted, or it is too much. */
  take(piece: Uint8Array): boolean {
    this.#length += piece.byteLength;
    return this.#length <= this.bytesMax && this.#take(piece);
  }

  /** What to say where `take` was false. */
  ending(): CodecFailure | null {
    return this.#length > this.bytesMax ? tooLarge(this.bytesMax) : null;
  }
}

const PIECE_BYTES = 256 * 1024;

export const malformed = (detail: string): CodecFailure => new CodecFailure('malformed', detail);
export const tooLarge = (bytesMax: number): CodecFailure =>
  new CodecFailure('too large', `more than ${bytesMax} bytes come out`);
