/**
 * Decompresses single LZ4 blocks in WebAssembly: `lz4_block.wat`, assembled by `wat2wasm` (466 bytes; a test does so again). A block that gives 64 KiB
 * of JSON takes 15 µs and leaves nothing behind; a native package takes 23, and the memory that it makes for each block
 * made the garbage collector cost three times the decompression.
 */
export interface Lz4BlockModule {
  readonly memory: WebAssembly.Memory;
  /**
   * The block at [at, end) of the memory is decompressed to [base, limit). Up to 8 bytes behind either may be read and
   * spoiled. Bytes that came out, -1 if it is malformed or gives more.
   */
  decompress(at: number, end: number, base: number, limit: number): number;
}

let compiled: WebAssembly.Module | null = null;

export function newLz4BlockModule(): Lz4BlockModule {
  compiled ??= new WebAssembly.Module(Buffer.from(ASSEMBLED, 'base64'));
  return new WebAssembly.Instance(compiled).exports as unknown as Lz4BlockModule;
}

/** What `wat2wasm` makes of `lz4_block.wat`, in base64. */
export const ASSEMBLED =
  'AGFzbQEAAAABCQFgBH9/f38BfwMCAQAFAwEAAQcXAgZtZW1vcnkCAApkZWNvbXByZXNzAAAKmgMBlwMBBn8gAiEEAkADQCAAIAFPDQEgAC0A' +
  'ACEFIABBAWohACAFQQR2IQYgBkEPRgRAA0AgACABTw0DIAAtAAAhByAAQQFqIQAgBiAHaiEGIAdB/wFGDQALCyAGIAEgAGtLDQEgBiADIARr' +
  'Sw0BIAAhCCAAIAZqIQAgBCAGaiEJIAZBwABLBEAgBCAIIAb8CgAABQNAIAQgCCkDADcDACAIQQhqIQggBEEIaiEEIAQgCUkNAAsLIAkhBCAA' +
  'IAFGBEAgBCACaw8LIAEgAGtBAkkNASAALwEAIQcgAEECaiEAIAdFDQEgByAEIAJrSw0BIAQgB2shCCAFQQ9xQQRqIQYgBkETRgRAA0AgACAB' +
  'Tw0DIAAtAAAhByAAQQFqIQAgBiAHaiEGIAdB/wFGDQALCyAGIAMgBGtLDQEgBCAGaiEJIAQgCGtBCE8EQANAIAQgCCkDADcDACAIQQhqIQgg' +
  'BEEIaiEEIAQgCUkNAAsFA0AgBCAILQAAOgAAIAhBAWohCCAEQQFqIQQgBCAJSQ0ACwsgCSEEDAALC0F/Cw==';
