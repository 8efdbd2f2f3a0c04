/**
 * Computations that a native or wasm package does better than our own code, and text conversion, which the
 * language itself does not have. Pure functions of their arguments; shared memory is accepted everywhere.
 */
export interface Kernels {
  /** CRC-32C (Castagnoli) of `bytes[start, end)`, continued from `seed` (0 to begin), as an unsigned integer. */
  crc32c(bytes: Uint8Array, start: number, end: number, seed?: number): number;
  /** xxHash64 of `bytes[start, end)` with seed 0, folded to its low 32 bits as an unsigned integer. */
  xxhash(bytes: Uint8Array, start: number, end: number): number;
  /** UTF-8 to text; malformed sequences become U+FFFD. */
  decodeText(bytes: Uint8Array, start: number, end: number): string;
  /** Text to UTF-8. */
  encodeText(text: string): Uint8Array<ArrayBuffer>;
}
