/**
 * What is used of packages with native or wasm code, and no more. Each is loaded by one file of `src/platform/`,
 * which has a fall-back for the native ones and says so once when it is taken.
 */
declare module '@node-rs/crc32' {
  /** CRC-32C, continued from `initialState` (a finished CRC, not its complement). Takes shared memory. */
  export function crc32c(input: Uint8Array, initialState?: number): number;
}

declare module 'xxhash-wasm' {
  interface XxHash {
    /** xxHash64 as an unsigned BigInt; `input` is copied into the module's memory and may be shared memory. */
    h64Raw(input: Uint8Array, seed?: bigint): bigint;
  }
  export default function xxhash(): Promise<XxHash>;
}

declare module 'lz4-napi' {
  /** One LZ4 block behind the length of its input (uint32, little-endian). */
  export function compressSync(data: Buffer): Buffer;
}

declare module 'snappyjs' {
  /** One raw block. */
  export function compress(plain: Uint8Array): Uint8Array;
}

/** Node has it; its types leave it to those of a browser. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module);
    readonly exports: Readonly<Record<string, unknown>>;
  }
  interface Memory {
    readonly buffer: ArrayBuffer;
    /** By pages of 64 KiB. The buffer is another one afterwards, and views of the old one are empty. */
    grow(pages: number): number;
  }
}
