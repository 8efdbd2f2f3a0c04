import { CodecFailure } from '../../port/codecs.ts';
import { lateZlib } from '../late_modules.ts';
import { BoundedOutput, malformed, tooLarge } from './output.ts';
import type { BoundedPieces, UnpackingMemory } from './output.ts';
import { StreamEngine } from './stream_engine.ts';

/**
 * gzip: members one behind the other. As with Kafka (and unlike node:zlib's own), bytes behind the last member that are
 * no member are ignored.
 */
const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
const FLAG_HEADER_CRC = 2;
const FLAG_EXTRA = 4;
const FLAG_NAME = 8;
const FLAG_COMMENT = 16;

/** What node:zlib gives with `info`: the types do not have it. */
interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

export function decompressGzip(
  bytes: Uint8Array,
  start: number,
  end: number,
  bytesMax: number,
  memory: UnpackingMemory,
): Uint8Array | CodecFailure {
  let at = dataStart(bytes, start, end);
  if (at < 0) return malformed('gzip: header');
  const { crc32, inflateRawSync } = lateZlib();
  const output = new BoundedOutput(bytesMax, 0, memory);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  while (at >= 0) {
    let inflated: Inflated;
    try {
      inflated = inflateRawSync(bytes.subarray(at, end), {
        info: true,
        maxOutputLength: Math.max(1, bytesMax - output.length),
      }) as unknown as Inflated;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      return code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge(bytesMax) : malformed(`gzip: ${message}`);
    }
    at += inflated.engine.bytesWritten;
    if (end - at < TRAILER_BYTES) return malformed('gzip: cut off');
    if (view.getUint32(at, true) !== crc32(inflated.buffer)) return malformed('gzip: checksum');
    if (view.getUint32(at + 4, true) !== inflated.buffer.byteLength) return malformed('gzip: length');
    at += TRAILER_BYTES;
    const next = dataStart(bytes, at, end);
    if (next < 0 && output.length === 0)
      return new Uint8Array(inflated.buffer.buffer, inflated.buffer.byteOffset, inflated.buffer.byteLength);
    if (!output.append(inflated.buffer)) return tooLarge(bytesMax);
    at = next;
  }
  return output.result();
}

export function decompressGzipInPieces(
  bytes: Uint8Array,
  start: number,
  end: number,
  pieces: BoundedPieces,
  memory: UnpackingMemory,
): CodecFailure | null {
  const { constants, createInflateRaw } = lateZlib();
  const engine = StreamEngine.of(createInflateRaw(), constants.Z_FINISH);
  if (engine === null) {
    const whole = decompressGzip(bytes, start, end, pieces.bytesMax, memory);
    if (whole instanceof CodecFailure) return whole;
    pieces.take(whole);
    return null;
  }
  const failure = inflateMembers(engine, bytes, start, end, pieces);
  engine.close();
  return failure;
}

function inflateMembers(
  engine: StreamEngine,
  bytes: Uint8Array,
  start: number,
  end: number,
  pieces: BoundedPieces,
): CodecFailure | null {
  const { crc32 } = lateZlib();
  const { room } = pieces;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = dataStart(bytes, start, end);
  if (at < 0) return malformed('gzip: header');
  while (at >= 0) {
    engine.reset();
    let checksum = 0;
    let length = 0;
    for (let made = room.byteLength; made === room.byteLength;) {
      made = engine.call(bytes, at, end, room, 0, room.byteLength);
      if (made < 0) return malformed(`gzip: ${engine.error}`);
      const piece = room.subarray(0, made);
      if (!pieces.take(piece)) return pieces.ending();
      at = end - engine.left;
      checksum = crc32(piece, checksum);
      length += made;
    }
    if (end - at < TRAILER_BYTES) return malformed('gzip: cut off');
    if (view.getUint32(at, true) !== checksum) return malformed('gzip: checksum');
    if (view.getUint32(at + 4, true) !== length % 2 ** 32) return malformed('gzip: length');
    at = dataStart(bytes, at + TRAILER_BYTES, end);
  }
  return null;
}

export function compressGzip(bytes: Uint8Array, level: number): Uint8Array {
  const { constants, gzipSync } = lateZlib();
  const wanted = level < 1 || level > 9 ? constants.Z_DEFAULT_COMPRESSION : level;
  return new Uint8Array(gzipSync(bytes, { level: wanted }));
}

/** Where the deflated data of a member begins whose header is at `start`; -1 if there is no such header. */
function dataStart(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < HEADER_BYTES) return -1;
  if (bytes[start] !== 0x1f || bytes[start + 1] !== 0x8b || bytes[start + 2] !== 8) return -1;
  const flags = bytes[start + 3]!;
  let at = start + HEADER_BYTES;
  if ((flags & FLAG_EXTRA) !== 0) {
    if (end - at < 2) return -1;
    at += 2 + (bytes[at]! | (bytes[at + 1]! << 8));
  }
  if ((flags & FLAG_NAME) !== 0) at = behindZero(bytes, at, end);
  if ((flags & FLAG_COMMENT) !== 0) at = behindZero(bytes, at, end);
  if ((flags & FLAG_HEADER_CRC) === 0) return at > end ? -1 : at;
  if (end - at < 2) return -1;
  const checksum = lateZlib().crc32(bytes.slice(start, at)) & 0xffff;
  return (bytes[at]! | (bytes[at + 1]! << 8)) === checksum ? at + 2 : -1;
}

function behindZero(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== 0) at++;
  return at + 1;
}
