import { createRequire } from 'node:module';

import { CodecFailure, type Codecs } from '../port/codecs.ts';
import type { Log } from '../port/log.ts';
import { compressGzip, decompressGzip } from './compression/gzip.ts';
import { compressLz4, decompressLz4, javascriptLz4Blocks, type Lz4Blocks } from './compression/lz4.ts';
import { compressSnappy, decompressSnappy } from './compression/snappy.ts';
import { UnpackingMemory } from './compression/output.ts';
import { compressZstd, ZstdDecompression } from './compression/zstd.ts';

const GZIP = 1;
const SNAPPY = 2;
const LZ4 = 3;
const ZSTD = 4;

/**
 * The codecs of the calling thread. Control gives its log, shards null: one says what is missing. The native package is
 * loaded with the first batch that needs it.
 */
export function createCodecs(log: Log | null, loadLz4: () => Lz4Blocks = requireLz4): Codecs {
  let lz4: Lz4Blocks | null = null;
  const memory = new UnpackingMemory();
  const zstd = new ZstdDecompression();
  const lz4Blocks = (): Lz4Blocks => {
    if (lz4 !== null) return lz4;
    try {
      lz4 = loadLz4();
    } catch (error) {
      lz4 = javascriptLz4Blocks;
      sayOnce(log, error);
    }
    return lz4;
  };
  return {
    decompress(codec, bytes, start, end, bytesMax) {
      switch (codec) {
        case GZIP:
          return decompressGzip(bytes, start, end, bytesMax, memory);
        case SNAPPY:
          return decompressSnappy(bytes, start, end, bytesMax, memory);
        case LZ4:
          return decompressLz4(bytes, start, end, bytesMax, lz4Blocks(), memory);
        case ZSTD:
          return zstd.decompress(bytes, start, end, bytesMax, memory);
        default:
          return new CodecFailure('malformed', `no codec ${codec}`);
      }
    },
    compress(codec, bytes, start, end, level) {
      const plain = bytes.subarray(start, end);
      switch (codec) {
        case GZIP:
          return compressGzip(plain, level);
        case SNAPPY:
          return compressSnappy(plain);
        case LZ4:
          return compressLz4(plain, lz4Blocks());
        case ZSTD:
          return compressZstd(plain, level);
        default:
          throw new RangeError(`no codec ${codec}`);
      }
    },
  };
}

/** The package's blocks begin with their output's length, for which it takes any upper bound. */
const PREFIX_BYTES = 4;
const INPUT_BYTES_MIN = 64 * 1024;
const INPUT_BYTES_KEPT = 2 * 1024 * 1024;

function requireLz4(): Lz4Blocks {
  const { compressSync, uncompressSync } = createRequire(import.meta.url)('lz4-napi') as typeof import('lz4-napi');
  // The package takes plain memory alone, and each copy in memory of its own would cost more than the copying.
  let input = Buffer.alloc(0);
  return {
    decompress(bytes, start, end, outputBytesMax) {
      const length = PREFIX_BYTES + end - start;
      if (input.byteLength < length || input.byteLength > INPUT_BYTES_KEPT)
        input = Buffer.alloc(Math.max(length, INPUT_BYTES_MIN));
      input.writeUInt32LE(outputBytesMax, 0);
      input.set(bytes.subarray(start, end), PREFIX_BYTES);
      try {
        return uncompressSync(input.subarray(0, length));
      } catch {
        return null;
      }
    },
    compress: (bytes) => compressSync(Buffer.from(bytes)).subarray(PREFIX_BYTES),
  };
}

let lz4MissingSaid = false;

function sayOnce(log: Log | null, error: unknown): void {
  if (lz4MissingSaid) return;
  lz4MissingSaid = true;
  log?.warn(
    'no native LZ4 for this platform: batches are decompressed in JavaScript, and stored where LZ4 is asked for',
    {
      reason: error instanceof Error ? error.message : String(error),
    },
  );
}
