import { createRequire } from 'node:module';

import { CodecFailure, type Codecs } from '../port/codecs.ts';
import type { Log } from '../port/log.ts';
import { compressGzip, decompressGzip, decompressGzipInPieces } from './compression/gzip.ts';
import { compressLz4, Lz4Decompression, type Lz4Compress } from './compression/lz4.ts';
import { compressSnappy, decompressSnappy, decompressSnappyInPieces } from './compression/snappy.ts';
import { BoundedPieces, UnpackingMemory } from './compression/output.ts';
import { compressZstd, ZstdDecompression } from './compression/zstd.ts';

const GZIP = 1;
const SNAPPY = 2;
const LZ4 = 3;
const ZSTD = 4;

/**
 * The codecs of the calling thread. Control gives its log, shards null: one says what is missing. The native package is
 * loaded with the first batch that is to be compressed by it.
 */
export function createCodecs(log: Log | null, loadLz4: () => Lz4Compress = requireLz4): Codecs {
  const memory = new UnpackingMemory();
  const lz4 = new Lz4Decompression();
  const zstd = new ZstdDecompression();
  let lz4Compress: Lz4Compress | null = null;
  const nativeLz4 = (): Lz4Compress => {
    if (lz4Compress !== null) return lz4Compress;
    try {
      lz4Compress = loadLz4();
    } catch (error) {
      lz4Compress = () => null;
      sayOnce(log, error);
    }
    return lz4Compress;
  };
  return {
    decompress(codec, bytes, start, end, bytesMax) {
      switch (codec) {
        case GZIP:
          return decompressGzip(bytes, start, end, bytesMax, memory);
        case SNAPPY:
          return decompressSnappy(bytes, start, end, bytesMax, memory);
        case LZ4:
          return lz4.decompress(bytes, start, end, bytesMax);
        case ZSTD:
          return zstd.decompress(bytes, start, end, bytesMax, memory);
        default:
          return new CodecFailure('malformed', `no codec ${codec}`);
      }
    },
    decompressInPieces(codec, bytes, start, end, bytesMax, take) {
      if (codec === SNAPPY) return decompressSnappyInPieces(bytes, start, end, bytesMax, memory, take);
      const pieces = new BoundedPieces(bytesMax, memory, take);
      switch (codec) {
        case GZIP:
          return decompressGzipInPieces(bytes, start, end, pieces, memory);
        case LZ4:
          return lz4.decompressInPieces(bytes, start, end, pieces);
        case ZSTD:
          return zstd.decompressInPieces(bytes, start, end, pieces);
        default:
          return new CodecFailure('malformed', `no codec ${codec}`);
      }
    },
    release() {
      memory.release();
      lz4.release();
    },
    compress(codec, bytes, start, end, level) {
      const plain = bytes.subarray(start, end);
      switch (codec) {
        case GZIP:
          return compressGzip(plain, level);
        case SNAPPY:
          return compressSnappy(plain);
        case LZ4:
          return compressLz4(plain, nativeLz4());
        case ZSTD:
          return compressZstd(plain, level);
        default:
          throw new RangeError(`no codec ${codec}`);
      }
    },
  };
}

/** The package's blocks begin with their length. */
const PREFIX_BYTES = 4;

function requireLz4(): Lz4Compress {
  const { compressSync } = createRequire(import.meta.url)('lz4-napi') as typeof import('lz4-napi');
  return (bytes) => compressSync(Buffer.from(bytes)).subarray(PREFIX_BYTES);
}

let lz4MissingSaid = false;

function sayOnce(log: Log | null, error: unknown): void {
  if (lz4MissingSaid) return;
  lz4MissingSaid = true;
  log?.warn('no native LZ4 for this platform: batches are stored where LZ4 is asked for', {
    reason: error instanceof Error ? error.message : String(error),
  });
}
