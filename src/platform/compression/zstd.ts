import type { CodecFailure } from '../../port/codecs.ts';
import { lateZlib } from '../late_modules.ts';
import { malformed, tooLarge } from './output.ts';

/**
 * The window is allocated before the first byte comes out, so it is bounded like the output: by the output's bound, but
 * by no less than what the levels up to 19 write (8 MiB), and never more than Kafka's clients read (128 MiB).
 */
const WINDOW_LOG_MIN = 23;
const WINDOW_LOG_MAX = 27;

/** What node:zlib gives with `info`: the types do not have it. */
interface Decompressed {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

export function decompressZstd(
  bytes: Uint8Array,
  start: number,
  end: number,
  bytesMax: number,
): Uint8Array | CodecFailure {
  const { constants, zstdDecompressSync } = lateZlib();
  const windowLog = Math.min(WINDOW_LOG_MAX, Math.max(WINDOW_LOG_MIN, Math.ceil(Math.log2(bytesMax))));
  try {
    const { buffer, engine } = zstdDecompressSync(bytes.subarray(start, end), {
      info: true,
      maxOutputLength: bytesMax,
      params: { [constants.ZSTD_d_windowLogMax]: windowLog },
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
