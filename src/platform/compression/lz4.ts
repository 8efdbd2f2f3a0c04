import type { CodecFailure } from '../../port/codecs.ts';
import { newLz4BlockModule, type Lz4BlockModule } from './lz4_block.ts';
import { malformed, tooLarge } from './output.ts';
import type { BoundedPieces } from './output.ts';
import { xxh32 } from './xxh32.ts';

/**
 * The LZ4 frame format, as far as Kafka uses it: independent blocks, one frame; what follows the frame is ignored, and
 * so are the size and the checksum of the content.
 *
 *     magic (4) · FLG (1) · BD (1) · [content size (8)] · header checksum (1)
 *     block: length (4, high bit: stored) · bytes · [checksum (4)] … · length 0 · [content checksum (4)]
 *
 * All little-endian.
 */
const MAGIC = 0x184d2204;
const VERSION = 1;
const STORED = 0x8000_0000;
const RESERVED_FLAGS = 0x03;
const RESERVED_BITS = 0x8f;

/** Compresses a block by a native package. Null: stored is as good, or there is no such package. */
export type Lz4Compress = (bytes: Uint8Array) => Uint8Array | null;

/** Frames, into memory that is the caller's until the next. */
export class Lz4Decompression {
  #module: Lz4BlockModule | null = null;
  #touchedBytes = 0;
  /** Of the frame whose header was read last. */
  #blocksAt = 0;
  #blockBytesMax = 0;
  #checksums = false;
  /** Behind the last block. */
  #endBytes = 0;

  decompress(bytes: Uint8Array, start: number, end: number, bytesMax: number): Uint8Array | CodecFailure {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const refusal = this.#readHeader(bytes, view, start, end);
    if (refusal !== null) return refusal;
    const blockBytesMax = this.#blockBytesMax;
    const checksums = this.#checksums;

    this.release();
    const module = (this.#module ??= newLz4BlockModule());
    // The frame lies at the front, what comes out of it behind. Shared memory is copied by whole words only where both
    // ends lie alike: a tenth of the time.
    const front = (bytes.byteOffset + start) % 8;
    const base = front + end - start + SPOILED_BYTES;
    this.#touchedBytes = base;
    let memory = memoryOf(module, base);
    memory.set(bytes.subarray(start, end), front);
    let length = 0;
    for (let at = this.#blocksAt; ;) {
      if (end - at < 4) return malformed('lz4: cut off');
      const word = view.getUint32(at, true);
      at += 4;
      if (word === 0) {
        return end - at < this.#endBytes ? malformed('lz4: cut off') : memory.subarray(base, base + length);
      }
      const blockBytes = word % STORED;
      if (blockBytes > blockBytesMax || blockBytes > end - at) return malformed('lz4: length of a block');
      const room = Math.min(blockBytesMax, bytesMax - length);
      const to = base + length;
      const from = front + at - start;
      if (word >= STORED) {
        if (blockBytes > room) return tooLarge(bytesMax);
        memory = memoryOf(module, to + blockBytes);
        memory.copyWithin(to, from, from + blockBytes);
        length += blockBytes;
      } else {
        const limit = to + Math.min(room, blockBytes * RATIO_MAX);
        memory = memoryOf(module, limit + SPOILED_BYTES);
        const made = module.decompress(from, from + blockBytes, to, limit);
        if (made < 0) return room < blockBytesMax ? tooLarge(bytesMax) : malformed('lz4: block');
        length += made;
      }
      this.#touchedBytes = base + length;
      at += blockBytes;
      if (checksums) {
        if (end - at < 4) return malformed('lz4: cut off');
        if (view.getUint32(at, true) !== xxh32(bytes, at - blockBytes, at))
          return malformed('lz4: checksum of a block');
        at += 4;
      }
    }
  }

  /** Memory of WebAssembly never shrinks: after a very large frame another begins. */
  release(): void {
    if (this.#touchedBytes > KEPT_BYTES_MAX) this.#module = null;
    this.#touchedBytes = 0;
  }

  /** A piece for a block: blocks are independent, and memory is that of one. */
  decompressInPieces(bytes: Uint8Array, start: number, end: number, pieces: BoundedPieces): CodecFailure | null {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const refusal = this.#readHeader(bytes, view, start, end);
    if (refusal !== null) return refusal;
    this.release();
    const module = (this.#module ??= newLz4BlockModule());
    for (let at = this.#blocksAt; ;) {
      if (end - at < 4) return malformed('lz4: cut off');
      const word = view.getUint32(at, true);
      at += 4;
      if (word === 0) return end - at < this.#endBytes ? malformed('lz4: cut off') : null;
      const blockBytes = word % STORED;
      if (blockBytes > this.#blockBytesMax || blockBytes > end - at) return malformed('lz4: length of a block');
      const block = bytes.subarray(at, at + blockBytes);
      at += blockBytes;
      if (word >= STORED) {
        if (!pieces.take(block)) return pieces.ending();
      } else {
        const base = blockBytes + SPOILED_BYTES;
        const limit = base + Math.min(this.#blockBytesMax, blockBytes * RATIO_MAX);
        const memory = memoryOf(module, limit + SPOILED_BYTES);
        memory.set(block);
        this.#touchedBytes = Math.max(this.#touchedBytes, limit);
        const made = module.decompress(0, blockBytes, base, limit);
        if (made < 0) return malformed('lz4: block');
        if (!pieces.take(memory.subarray(base, base + made))) return pieces.ending();
      }
      if (!this.#checksums) continue;
      if (end - at < 4) return malformed('lz4: cut off');
      if (view.getUint32(at, true) !== xxh32(bytes, at - blockBytes, at)) return malformed('lz4: checksum of a block');
      at += 4;
    }
  }

  #readHeader(bytes: Uint8Array, view: DataView, start: number, end: number): CodecFailure | null {
    if (end - start < 7 || view.getUint32(start, true) !== MAGIC) return malformed('lz4: no frame');
    const flags = bytes[start + 4]!;
    const independent = (flags & 0x20) !== 0;
    const descriptor = bytes[start + 5]!;
    const blockBytesMax = blockBytesOf(descriptor);
    if (flags >>> 6 !== VERSION || !independent || blockBytesMax === 0) return malformed('lz4: kind of frame');
    if ((flags & RESERVED_FLAGS) !== 0 || (descriptor & RESERVED_BITS) !== 0) return malformed('lz4: reserved bits');
    const headerEnd = start + ((flags & 0x08) !== 0 ? 14 : 6);
    if (headerEnd >= end) return malformed('lz4: cut off');
    if (bytes[headerEnd] !== headerChecksum(bytes, start + 4, headerEnd))
      return malformed('lz4: checksum of the header');
    this.#endBytes = (flags & 0x04) !== 0 ? 4 : 0;
    this.#blocksAt = headerEnd + 1;
    this.#blockBytesMax = blockBytesMax;
    this.#checksums = (flags & 0x10) !== 0;
    return null;
  }
}

/** What a block may spoil behind its output, and read behind its input. */
const SPOILED_BYTES = 8;
/** No byte of a block stands for more. */
const RATIO_MAX = 255;
const KEPT_BYTES_MAX = 4 * 1024 * 1024;
const WASM_PAGE_BYTES = 64 * 1024;

/** The module's memory, at least `bytes` of it. A view from before is void when it had to grow. */
function memoryOf({ memory }: Lz4BlockModule, bytes: number): Uint8Array<ArrayBuffer> {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / WASM_PAGE_BYTES));
  return new Uint8Array(memory.buffer);
}

/** Blocks of 64 KiB, as Kafka's clients write them. */
const WRITTEN_BLOCK_BYTES = 64 * 1024;
const WRITTEN_HEADER = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40];

export function compressLz4(bytes: Uint8Array, compress: Lz4Compress): Uint8Array {
  const header = Uint8Array.from([...WRITTEN_HEADER, 0]);
  header[6] = headerChecksum(header, 4, 6);
  const parts: Uint8Array[] = [header];
  for (let at = 0; at < bytes.byteLength; at += WRITTEN_BLOCK_BYTES) {
    const plain = bytes.subarray(at, at + WRITTEN_BLOCK_BYTES);
    const compressed = compress(plain);
    const stored = compressed === null || compressed.byteLength >= plain.byteLength;
    const length = new Uint8Array(4);
    const word = stored ? plain.byteLength + STORED : compressed.byteLength;
    new DataView(length.buffer).setUint32(0, word, true);
    parts.push(length, stored ? plain : compressed);
  }
  parts.push(new Uint8Array(4));
  return new Uint8Array(Buffer.concat(parts));
}

function headerChecksum(bytes: Uint8Array, from: number, to: number): number {
  return (xxh32(bytes, from, to) >>> 8) & 0xff;
}

/** 64 KiB, 256 KiB, 1 MiB or 4 MiB; 0 for codes that are not defined. */
function blockBytesOf(descriptor: number): number {
  const code = (descriptor >>> 4) & 7;
  return code < 4 ? 0 : 1 << (8 + 2 * code);
}
