import { createRequire } from 'node:module';

import type { CodecFailure } from '../../port/codecs.ts';
import { BoundedOutput, malformed, tooLarge } from './output.ts';
import type { TakePiece, UnpackingMemory } from './output.ts';

/**
 * Snappy as Kafka's clients send it: either one raw block, or the stream of snappy-java, which is a header of 16 bytes
 * (magic, version, oldest compatible version) and blocks, each behind its length as an int32. Streams may follow each
 * other.
 *
 * Raw blocks are decompressed here, because snappyjs takes a literal of a negative length for a step back and never
 * ends; it is good for compressing.
 */
const MAGIC = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00];
/** The first four bytes of the magic, where the length of a block would stand. */
const MAGIC_AS_LENGTH = 0x82534e41 | 0;
const HEADER_BYTES = 16;
const VERSION_AT = 8;
const VERSION_MIN = 1;
/** snappy-java's size of a block. */
const BLOCK_BYTES = 32 * 1024;

export function decompressSnappy(
  bytes: Uint8Array,
  start: number,
  end: number,
  bytesMax: number,
  memory: UnpackingMemory,
): Uint8Array | CodecFailure {
  const output = new BoundedOutput(bytesMax, (end - start) * 3, memory);
  return decompressBlocks(bytes, start, end, output, () => true) ?? output.result();
}

/**
 * A piece for a block: what a block copies may lie anywhere before in the block. For each of its bytes there are 22 at
 * most.
 */
export function decompressSnappyInPieces(
  bytes: Uint8Array,
  start: number,
  end: number,
  bytesMax: number,
  memory: UnpackingMemory,
  take: TakePiece,
): CodecFailure | null {
  const output = new BoundedOutput(bytesMax, 0, memory);
  let given = 0;
  const failure = decompressBlocks(bytes, start, end, output, () => {
    given += output.length;
    if (given > bytesMax || !take(output.result())) return false;
    output.length = 0;
    return true;
  });
  return given > bytesMax ? tooLarge(bytesMax) : failure;
}

/** `behindBlock` says whether to go on. */
function decompressBlocks(
  bytes: Uint8Array,
  start: number,
  end: number,
  output: BoundedOutput,
  behindBlock: () => boolean,
): CodecFailure | null {
  if (start === end) return malformed('snappy: nothing');
  if (!hasMagic(bytes, start, end)) {
    const failure = decompressBlock(bytes, start, end, output);
    if (failure === null) behindBlock();
    return failure;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // As snappy-java does: the first header's version says nothing, those of the streams behind it do.
  let at = start + HEADER_BYTES;
  while (at < end) {
    // As with Kafka, what is no length ends it.
    if (end - at < 4) return null;
    const length = view.getInt32(at);
    if (length === MAGIC_AS_LENGTH) {
      if (end - at < HEADER_BYTES) return malformed('snappy: header of a stream');
      // What only begins like one ends it, too.
      if (!hasMagic(bytes, at, end)) return null;
      if (view.getInt32(at + VERSION_AT) < VERSION_MIN) return malformed('snappy: version of a stream');
      at += HEADER_BYTES;
      continue;
    }
    at += 4;
    if (length < 0 || length > end - at) return malformed('snappy: length of a block');
    const failure = decompressBlock(bytes, at, at + length, output);
    if (failure !== null) return failure;
    at += length;
    if (!behindBlock()) return null;
  }
  return null;
}

export function compressSnappy(bytes: Uint8Array): Uint8Array {
  const { compress } = createRequire(import.meta.url)('snappyjs') as typeof import('snappyjs');
  const parts: Uint8Array[] = [Uint8Array.from([...MAGIC, 0, 0, 0, 1, 0, 0, 0, 1])];
  for (let at = 0; at < bytes.byteLength; at += BLOCK_BYTES) {
    const block = compress(new Uint8Array(bytes.slice(at, at + BLOCK_BYTES)));
    const length = new Uint8Array(4);
    new DataView(length.buffer).setInt32(0, block.byteLength);
    parts.push(length, block);
  }
  return new Uint8Array(Buffer.concat(parts));
}

function hasMagic(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < HEADER_BYTES) return false;
  for (let index = 0; index < MAGIC.length; index++) if (bytes[start + index] !== MAGIC[index]) return false;
  return true;
}

/** Appends what a raw block holds: the length as a varint, then literals and copies of what came out before. */
function decompressBlock(bytes: Uint8Array, start: number, end: number, output: BoundedOutput): CodecFailure | null {
  let at = start;
  let declared = 0;
  for (let shift = 0; ; shift += 7) {
    if (at >= end || shift > 28) return malformed('snappy: length');
    const byte = bytes[at++]!;
    declared += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  // A tag of 3 bytes gives 64 bytes at most: a declared length beyond that is a lie, for which nothing is allocated.
  if (declared > (end - at) * 22) return malformed('snappy: length');
  if (!output.reserve(declared)) return tooLarge(output.bytesMax);
  const out = output.bytes;
  const base = output.length;
  const outEnd = base + declared;
  let to = base;
  while (at < end) {
    const tag = bytes[at++]!;
    const kind = tag & 3;
    if (kind === 0) {
      let length = (tag >>> 2) + 1;
      if (length > 60) {
        const lengthBytes = length - 60;
        if (lengthBytes > end - at) return malformed('snappy: literal');
        length = 1;
        for (let index = 0; index < lengthBytes; index++) length += bytes[at++]! * 2 ** (8 * index);
      }
      if (length > end - at || length > outEnd - to) return malformed('snappy: literal');
      if (length < 32) for (let index = 0; index < length; index++) out[to + index] = bytes[at + index]!;
      else out.set(bytes.subarray(at, at + length), to);
      at += length;
      to += length;
      continue;
    }
    const offsetBytes = kind === 1 ? 1 : kind === 2 ? 2 : 4;
    if (offsetBytes > end - at) return malformed('snappy: copy');
    let length = (tag >>> 2) + 1;
    let offset = bytes[at]!;
    if (kind === 1) {
      length = ((tag >>> 2) & 7) + 4;
      offset += (tag >>> 5) << 8;
    } else {
      offset += bytes[at + 1]! << 8;
      if (kind === 3) offset += (bytes[at + 2]! << 16) + bytes[at + 3]! * 2 ** 24;
    }
    at += offsetBytes;
    if (offset === 0 || offset > to - base || length > outEnd - to) return malformed('snappy: copy');
    for (const stop = to + length; to < stop; to++) out[to] = out[to - offset]!;
  }
  if (to !== outEnd) return malformed('snappy: length');
  output.length = outEnd;
  return null;
}
