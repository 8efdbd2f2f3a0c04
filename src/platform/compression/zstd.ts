import { CodecFailure } from '../../port/codecs.ts';
import { lateZlib } from '../late_modules.ts';
import { BoundedOutput, malformed, tooLarge } from './output.ts';
import type { BoundedPieces, UnpackingMemory } from './output.ts';
import { StreamEngine } from './stream_engine.ts';

/** What node:zlib gives with `info`: the types do not have it. */
interface Decompressed {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

/**
 * Zstandard frames, one behind the other. The window is allocated before the first byte comes out, and is never more than
 * what Kafka's clients read (128 MiB): that is the library's own bound.
 *
 * A batch of 64 KiB costs 40 µs by way of the engine that a stream of node:zlib holds, into memory that is there; the
 * documented function makes an engine, a stream and memory for each call, and costs 97. Where a Node
 * has no such inside any more, the documented function does it.
 */
export class ZstdDecompression {
  #engine: StreamEngine | null = null;
  #isLoaded = false;

  decompress(
    bytes: Uint8Array,
    start: number,
    end: number,
    bytesMax: number,
    memory: UnpackingMemory,
  ): Uint8Array | CodecFailure {
    const engine = this.#load();
    if (engine === null) return decompressAsDocumented(bytes, start, end, bytesMax);
    return decompressWhole(engine, bytes, start, end, new BoundedOutput(bytesMax, (end - start) * 3, memory));
  }

  decompressInPieces(bytes: Uint8Array, start: number, end: number, pieces: BoundedPieces): CodecFailure | null {
    const engine = this.#load();
    if (engine === null) {
      const whole = decompressAsDocumented(bytes, start, end, pieces.bytesMax);
      if (whole instanceof CodecFailure) return whole;
      pieces.take(whole);
      return null;
    }
    const failure = decompressPieces(engine, bytes, start, end, pieces);
    // The library keeps its window, which is as large as the frame wanted, for the next frames.
    engine.close();
    this.#engine = null;
    this.#isLoaded = false;
    return failure;
  }

  #load(): StreamEngine | null {
    if (!this.#isLoaded) {
      this.#isLoaded = true;
      this.#engine = StreamEngine.of(lateZlib().createZstdDecompress(), END);
    }
    return this.#engine;
  }
}

function decompressWhole(
  engine: StreamEngine,
  bytes: Uint8Array,
  start: number,
  end: number,
  output: BoundedOutput,
): Uint8Array | CodecFailure {
  engine.reset();
  let at = start;
  for (;;) {
    const room = Math.min(output.bytes.byteLength, output.bytesMax) - output.length;
    const made = call(engine, bytes, at, end, output.bytes, output.length, room);
    if (made < 0) return malformed(`zstd: ${engine.error}`);
    output.length += made;
    at = end - engine.left;
    if (made < room) {
      if (at === end) return output.result();
    } else if (!output.reserve(1)) {
      // All that may come out is there. Whether it was all there is, is seen by one byte more.
      const more = call(engine, bytes, at, end, new Uint8Array(1), 0, 1);
      if (more < 0) return malformed(`zstd: ${engine.error}`);
      return more === 0 && engine.left === 0 ? output.result() : tooLarge(output.bytesMax);
    }
  }
}

function decompressPieces(
  engine: StreamEngine,
  bytes: Uint8Array,
  start: number,
  end: number,
  pieces: BoundedPieces,
): CodecFailure | null {
  const { room } = pieces;
  engine.reset();
  for (let at = start; ;) {
    const made = call(engine, bytes, at, end, room, 0, room.byteLength);
    if (made < 0) return malformed(`zstd: ${engine.error}`);
    if (!pieces.take(room.subarray(0, made))) return pieces.ending();
    at = end - engine.left;
    if (made < room.byteLength && at === end) return null;
  }
}

/** Bytes that came out; -1 for an error. Always moves on: a call that takes and makes nothing fails. */
function call(
  engine: StreamEngine,
  bytes: Uint8Array,
  at: number,
  end: number,
  output: Uint8Array,
  outputAt: number,
  room: number,
): number {
  const made = engine.call(bytes, at, end, output, outputAt, room);
  if (made !== 0 || engine.left < end - at || at === end) return made;
  engine.error = 'bytes behind the frame';
  return -1;
}

/** `ZSTD_e_end`: no more input follows, so that a frame which is cut off is an error. */
const END = 2;
/** As the library has it: windows of up to 128 MiB. */
const WINDOW_LOG_MAX = 27;

/** What stands in where Node's inside has changed. */
export function decompressAsDocumented(
  bytes: Uint8Array,
  start: number,
  end: number,
  bytesMax: number,
): Uint8Array | CodecFailure {
  const { constants, zstdDecompressSync } = lateZlib();
  try {
    const { buffer, engine } = zstdDecompressSync(bytes.subarray(start, end), {
      info: true,
      maxOutputLength: bytesMax,
      params: { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG_MAX },
    }) as unknown as Decompressed;
    if (engine.bytesWritten !== end - start) return malformed('zstd: bytes behind the frame');
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge(bytesMax) : malformed(`zstd: ${message}`);
  }
}

export function compressZstd(bytes: Uint8Array, level: number): Uint8Array {
  const { constants, zstdCompressSync } = lateZlib();
  return new Uint8Array(zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } }));
}
