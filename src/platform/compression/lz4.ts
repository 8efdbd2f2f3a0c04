import type { CodecFailure } from '../../port/codecs.ts';
import { BoundedOutput, malformed, tooLarge } from './output.ts';
import type { UnpackingMemory } from './output.ts';
import { xxh32 } from './xxh32.ts';

/**
 * The LZ4 frame format, as far as Kafka uses it: independent blocks, one frame; what follows the frame is ignored.
 *
 *     magic (4) · FLG (1) · BD (1) · [content size (8)] · header checksum (1)
 *     block: length (4, high bit: stored) · bytes · [checksum (4)] … · length 0 · [content checksum (4)]
 *
 * All little-endian. Old clients computed the header's checksum over the magic too; both are taken.
 */
const MAGIC = 0x184d2204;
const VERSION = 1;
const STORED = 0x8000_0000;

/** The kernel for single blocks: a native package, or the functions below. */
export interface Lz4Blocks {
  /** Decompresses a block that gives at most `outputBytesMax`; null if it is malformed. */
  decompress(bytes: Uint8Array, start: number, end: number, outputBytesMax: number): Uint8Array | null;
  /** Null: stored is as good. */
  compress(bytes: Uint8Array): Uint8Array | null;
}

export function decompressLz4(
  bytes: Uint8Array,
  start: number,
  end: number,
  bytesMax: number,
  blocks: Lz4Blocks,
  memory: UnpackingMemory,
): Uint8Array | CodecFailure {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (end - start < 7 || view.getUint32(start, true) !== MAGIC) return malformed('lz4: no frame');
  const flags = bytes[start + 4]!;
  const independent = (flags & 0x20) !== 0;
  const checksums = (flags & 0x10) !== 0;
  const blockBytesMax = blockBytesOf(bytes[start + 5]!);
  if (flags >>> 6 !== VERSION || !independent || blockBytesMax === 0) return malformed('lz4: kind of frame');
  let at = start + ((flags & 0x08) !== 0 ? 14 : 6);
  if (at >= end) return malformed('lz4: cut off');
  const checksum = bytes[at]!;
  if (checksum !== headerChecksum(bytes, start + 4, at) && checksum !== headerChecksum(bytes, start, at)) {
    return malformed('lz4: checksum of the header');
  }
  at++;

  const output = new BoundedOutput(bytesMax, (end - start) * 3, memory);
  for (;;) {
    if (end - at < 4) return malformed('lz4: cut off');
    const word = view.getUint32(at, true);
    at += 4;
    if (word === 0) return output.result();
    const length = word % STORED;
    if (length > blockBytesMax || length > end - at) return malformed('lz4: length of a block');
    if (word >= STORED) {
      if (!output.append(bytes.subarray(at, at + length))) return tooLarge(bytesMax);
    } else {
      const room = Math.min(blockBytesMax, bytesMax - output.length);
      const block = blocks.decompress(bytes, at, at + length, room);
      if (block === null) return room < blockBytesMax ? tooLarge(bytesMax) : malformed('lz4: block');
      // Most batches are one block, which needs no other memory than its own.
      const isAll =
        output.length === 0 && !checksums && end - at - length >= 4 && view.getUint32(at + length, true) === 0;
      if (isAll) return block;
      if (!output.append(block)) return tooLarge(bytesMax);
    }
    at += length;
    if (checksums) {
      if (end - at < 4) return malformed('lz4: cut off');
      if (view.getUint32(at, true) !== xxh32(bytes, at - length, at)) return malformed('lz4: checksum of a block');
      at += 4;
    }
  }
}

/** Blocks of 64 KiB, as Kafka's clients write them. */
const WRITTEN_BLOCK_BYTES = 64 * 1024;
const WRITTEN_HEADER = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40];

export function compressLz4(bytes: Uint8Array, blocks: Lz4Blocks): Uint8Array {
  const header = Uint8Array.from([...WRITTEN_HEADER, 0]);
  header[6] = headerChecksum(header, 4, 6);
  const parts: Uint8Array[] = [header];
  for (let at = 0; at < bytes.byteLength; at += WRITTEN_BLOCK_BYTES) {
    const plain = bytes.subarray(at, at + WRITTEN_BLOCK_BYTES);
    const compressed = blocks.compress(plain);
    const stored = compressed === null || compressed.byteLength >= plain.byteLength;
    const length = new Uint8Array(4);
    const word = stored ? plain.byteLength + STORED : compressed.byteLength;
    new DataView(length.buffer).setUint32(0, word, true);
    parts.push(length, stored ? plain : compressed);
  }
  parts.push(new Uint8Array(4));
  return new Uint8Array(Buffer.concat(parts));
}

/** Blocks in JavaScript, for platforms without the native package: decompression at half its speed, no compression. */
export const javascriptLz4Blocks: Lz4Blocks = {
  decompress(bytes, start, end, outputBytesMax) {
    const output = new Uint8Array(outputBytesMax);
    const length = decompressBlock(bytes, start, end, output);
    return length < 0 ? null : output.subarray(0, length);
  },
  compress: () => null,
};

/** The length of what came out, -1 if the block is malformed or there is no room. */
function decompressBlock(bytes: Uint8Array, start: number, end: number, out: Uint8Array): number {
  let at = start;
  let to = 0;
  while (at < end) {
    const token = bytes[at++]!;
    let literals = token >>> 4;
    if (literals === 15) {
      let byte = 255;
      while (byte === 255 && at < end) {
        byte = bytes[at++]!;
        literals += byte;
      }
    }
    if (literals > end - at || literals > out.byteLength - to) return -1;
    for (const stop = at + literals; at < stop;) out[to++] = bytes[at++]!;
    if (at === end) return to;
    if (end - at < 2) return -1;
    const offset = bytes[at]! | (bytes[at + 1]! << 8);
    at += 2;
    let length = (token & 15) + 4;
    if (length === 19) {
      let byte = 255;
      while (byte === 255 && at < end) {
        byte = bytes[at++]!;
        length += byte;
      }
    }
    if (offset === 0 || offset > to || length > out.byteLength - to) return -1;
    for (const stop = to + length; to < stop; to++) out[to] = out[to - offset]!;
  }
  return -1;
}

function headerChecksum(bytes: Uint8Array, from: number, to: number): number {
  return (xxh32(bytes, from, to) >>> 8) & 0xff;
}

/** 64 KiB, 256 KiB, 1 MiB or 4 MiB; 0 for codes that are not defined. */
function blockBytesOf(descriptor: number): number {
  const code = (descriptor >>> 4) & 7;
  return code < 4 ? 0 : 1 << (8 + 2 * code);
}
