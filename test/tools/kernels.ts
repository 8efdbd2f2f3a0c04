import { crc32c } from '@node-rs/crc32';
import type { Kernels } from '../../src/port/kernels.ts';

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Kernels for tests: right, not fast. */
export const kernels: Kernels = {
  crc32c: (bytes, start, end, seed) => crc32c(bytes.subarray(start, end), seed),
  xxhash: () => 0,
  decodeText: (bytes, start, end) => decoder.decode(bytes.slice(start, end)),
  encodeText: (text) => encoder.encode(text),
};

/** Bytes of hexadecimal text, in memory of their own. */
export function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Uint8Array.from(Buffer.from(hex, 'hex')));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
