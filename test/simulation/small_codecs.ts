import { createCodecs } from '../../src/platform/codecs.ts';
import type { CodecFailure, Codecs } from '../../src/port/codecs.ts';

/** What a batch may become in the simulation: far below what the product allows, so that bombs are cheap. */
export const unpackedBytesMax = 1024 * 1024;

/** The real codecs under a smaller bound. */
export class SmallCodecs implements Codecs {
  readonly #codecs = createCodecs(null);

  decompress(
    codec: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    outputBytesMax: number,
  ): Uint8Array | CodecFailure {
    return this.#codecs.decompress(codec, bytes, start, end, this.bound(outputBytesMax));
  }

  decompressInPieces(
    codec: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    outputBytesMax: number,
    take: (piece: Uint8Array) => boolean,
  ): CodecFailure | null {
    return this.#codecs.decompressInPieces(codec, bytes, start, end, this.bound(outputBytesMax), take);
  }

  release(): void {
    this.#codecs.release();
  }

  compress(codec: number, bytes: Uint8Array, start: number, end: number, level: number): Uint8Array {
    return this.#codecs.compress(codec, bytes, start, end, level);
  }

  bound(outputBytesMax: number): number {
    return Math.min(outputBytesMax, unpackedBytesMax);
  }
}
