import type { Codecs } from '../port/codecs.ts';

/** Makes plain bytes of the records of compressed batches. */
export type Decompressor = Pick<Codecs, 'decompress' | 'decompressInPieces'>;

/** Records that unpack to more are looked at in pieces, so that memory for one batch is the same whatever it unpacks to. */
export const WHOLE_BYTES_MAX = 2 * 1024 * 1024;

/**
 * What a batch may unpack to: a bound of the time that it takes. Apache Kafka has none; zeros compress by ten thousands,
 * and what is larger than this for the 1 MB that a batch may have is no record that anyone sends.
 */
export const UNPACKED_BYTES_MAX = 256 * 1024 * 1024;
