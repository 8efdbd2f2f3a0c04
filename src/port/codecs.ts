/**
 * Compression of record batches. Inputs come from clients: whatever they hold, output is bounded before it is
 * allocated, and failure is a value. Synchronous, and long for large batches: a shard hands those to the background.
 */
export interface Codecs {
  /**
   * Decompresses `bytes[start, end)`, all of it. The result is plain memory that the caller owns.
   *
   * @param codec number of the codec in a batch's attributes, 1 to 4
   */
  decompress(
    codec: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    limits: DecompressionLimits,
  ): Uint8Array | CodecFailure;
  /**
   * Compresses `bytes[start, end)` in the framing that Kafka's clients use. The result is plain memory that the caller
   * owns. A level that the codec does not have is taken as the nearest; snappy has none, LZ4 its fastest only.
   */
  compress(codec: number, bytes: Uint8Array, start: number, end: number, level: number): Uint8Array;
}

export interface DecompressionLimits {
  readonly outputBytesMax: number;
  /** Output may be so many times the input. Outputs up to RATIO_FREE_BYTES are not held to it. */
  readonly ratioMax: number;
}

/** Zeros compress by any ratio; what is small does no harm. */
export const RATIO_FREE_BYTES = 1024 * 1024;

export class CodecFailure {
  readonly reason: 'malformed' | 'too large';
  /** For the log: what the codec said. */
  readonly detail: string;

  constructor(reason: 'malformed' | 'too large', detail: string) {
    this.reason = reason;
    this.detail = detail;
  }
}

/** How many bytes may come out of `inputBytes`. */
export function outputBytesAllowed(inputBytes: number, limits: DecompressionLimits): number {
  return Math.min(limits.outputBytesMax, Math.max(RATIO_FREE_BYTES, inputBytes * limits.ratioMax));
}
