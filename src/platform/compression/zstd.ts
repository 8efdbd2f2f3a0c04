import type { CodecFailure } from '../../port/codecs.ts';
import { lateZlib } from '../late_modules.ts';
import { BoundedOutput, malformed, tooLarge } from './output.ts';
import type { UnpackingMemory } from './output.ts';

/** What node:zlib gives with `info`: the types do not have it. */
interface Decompressed {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

/**
 * The inside of a stream of node:zlib: one call of the library. `state` is what that left of the room for output and of
 * the input.
 */
interface Engine {
  readonly handle: {
    writeSync(
      flush: number,
      input: Uint8Array,
      inputAt: number,
      inputBytes: number,
      output: Uint8Array,
      outputAt: number,
      outputRoom: number,
    ): void;
    reset(): void;
    onerror: (message: string) => void;
  };
  readonly state: Uint32Array;
}

/**
 * Zstandard frames, one behind the other. The window is allocated before the first byte comes out, and is never more than
 * what Kafka's clients read (128 MiB): that is the library's own bound.
 *
 * A batch of 64 KiB costs 40 µs by way of the engine that a stream of node:zlib holds, into memory that is there; the
 * documented function makes an engine, a stream and memory for each call, and costs 97. What is taken from Node's inside
 * are the properties `_handle` and `_writeState`; where a Node has them no more, the documented function does it.
 */
export class ZstdDecompression {
  #engine: Engine | null = null;
  #isLoaded = false;
  #error = '';

  decompress(
    bytes: Uint8Array,
    start: number,
    end: number,
    bytesMax: number,
    memory: UnpackingMemory,
  ): Uint8Array | CodecFailure {
    if (!this.#isLoaded) {
      this.#isLoaded = true;
      this.#engine = this.#load();
    }
    if (this.#engine === null) return decompressAsDocumented(bytes, start, end, bytesMax);
    return this.#decompress(this.#engine, bytes, start, end, new BoundedOutput(bytesMax, (end - start) * 3, memory));
  }

  #decompress(
    engine: Engine,
    bytes: Uint8Array,
    start: number,
    end: number,
    output: BoundedOutput,
  ): Uint8Array | CodecFailure {
    engine.handle.reset();
    this.#error = '';
    let at = start;
    for (;;) {
      const room = Math.min(output.bytes.byteLength, output.bytesMax) - output.length;
      const made = this.#call(engine, bytes, at, end, output.bytes, output.length, room);
      if (made < 0) return malformed(`zstd: ${this.#error}`);
      output.length += made;
      at = end - engine.state[1]!;
      if (made < room) {
        if (at === end) return output.result();
      } else if (!output.reserve(1)) {
        // All that may come out is there. Whether it was all there is, is seen by one byte more.
        const more = this.#call(engine, bytes, at, end, new Uint8Array(1), 0, 1);
        if (more < 0) return malformed(`zstd: ${this.#error}`);
        return more === 0 && engine.state[1] === 0 ? output.result() : tooLarge(output.bytesMax);
      }
    }
  }

  /** Bytes that came out; -1 for an error. Always moves on: a call that takes and makes nothing fails. */
  #call(
    { handle, state }: Engine,
    bytes: Uint8Array,
    at: number,
    end: number,
    output: Uint8Array,
    outputAt: number,
    room: number,
  ): number {
    handle.writeSync(END, bytes, at, end - at, output, outputAt, room);
    if (this.#error !== '') return -1;
    const made = room - state[0]!;
    if (made > 0 || state[1]! < end - at || at === end) return made;
    this.#error = 'bytes behind the frame';
    return -1;
  }

  #load(): Engine | null {
    const stream = lateZlib().createZstdDecompress() as unknown as {
      readonly _handle?: Partial<Engine['handle']> | null;
      readonly _writeState?: unknown;
    };
    const { _handle: handle, _writeState: state } = stream;
    if (!(state instanceof Uint32Array) || state.length < 2 || handle === null || handle === undefined) return null;
    if (typeof handle.writeSync !== 'function' || typeof handle.reset !== 'function') return null;
    handle.onerror = (message) => (this.#error = message);
    return { handle: handle as Engine['handle'], state };
  }
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
