/**
 * Compression of record batches. Inputs come from clients: whatever they hold, output is bounded before it is
 * allocated, and failure is a value. Synchronous, and long for large batches: a shard hands those to the background.
 */
export interface Codecs {
  /**
   * Decompresses `bytes[start, end)`, all of it. The result is plain memory, the caller's until this is called again.
   *
   * @param codec number of the codec in a batch's attributes, 1 to 4
   * @param outputBytesMax what would become more is 'too large'. No bound on the ratio: zeros compress by any.
   */
  decompress(
    codec: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    outputBytesMax: number,
  ): Uint8Array | CodecFailure;
  /**
   * As `decompress`, for what becomes large: `take` is given one piece after the other, each good until it returns, and
   * says whether it wants more. Memory is that of a piece, but for snappy: there a piece is a block, of up to 22 times
   * the bytes of its compressed form. Null: all was given that was wanted.
   */
  decompressInPieces(
    codec: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    outputBytesMax: number,
    take: (piece: Uint8Array) => boolean,
  ): CodecFailure | null;
  /** What `decompress` gave last is not needed any more: if it is large, its memory goes back at once. */
  release(): void;
  /**
   * Compresses `bytes[start, end)` in the framing that Kafka's clients use. The result is plain memory that the caller
   * owns. A level that the codec does not have is taken as the nearest; snappy has none, LZ4 its fastest only.
   */
  compress(codec: number, bytes: Uint8Array, start: number, end: number, level: number): Uint8Array;
}

export class CodecFailure {
  readonly reason: 'malformed' | 'too large';
  /** For the log: what the codec said. */
  readonly detail: string;

  constructor(reason: 'malformed' | 'too large', detail: string) {
    this.reason = reason;
    this.detail = detail;
  }
}
