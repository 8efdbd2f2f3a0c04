import { createRequire } from 'node:module';

import xxhash from 'xxhash-wasm';

import type { Kernels } from '../port/kernels.ts';
import type { Log } from '../port/log.ts';
import { crc32cOf } from './crc32c.ts';

/**
 * From this length on the native CRC is called. A call costs about 150 ns, most of it for the view that it needs
 * (64 B: 57 ns here against 140 native; 192 B: 160 and 160; 1 KiB: 760 and 230; 4 KiB: 3,000 and 530).
 */
const nativeBytesMin = 192;

type NativeCrc = (input: Uint8Array, initialState?: number) => number;

/**
 * The native package is loaded when a thread has this much to check, or so long after its start: a start checks a few
 * kilobytes of metadata, and loading takes 5 ms in each thread.
 */
const bytesBeforeNative = 64 * 1024;
const nativeAfterMs = 1000;

/** The kernels of the calling thread; awaited once, at its start. Control gives its log, shards null: one says what is missing. */
export async function loadKernels(log: Log | null): Promise<Kernels> {
  const hasher = await xxhash();
  return createKernels(
    () => requireNativeCrc(log),
    (bytes) => hasher.h64Raw(bytes),
  );
}

/** `loadNative` returns null where the package has nothing for this platform. It is called once at most. */
export function createKernels(loadNative: () => NativeCrc | null, xxhash64: (bytes: Uint8Array) => bigint): Kernels {
  let native: NativeCrc | null = null;
  let isAsked = false;
  let bytesChecked = 0;
  const load = (): void => {
    if (isAsked) return;
    isAsked = true;
    native = loadNative();
  };
  setTimeout(load, nativeAfterMs).unref();
  return {
    crc32c: (bytes, start, end, seed = 0) => {
      if (end - start < nativeBytesMin) return crc32cOf(bytes, start, end, seed);
      if (!isAsked && (bytesChecked += end - start) > bytesBeforeNative) load();
      return native === null ? crc32cOf(bytes, start, end, seed) : native(bytes.subarray(start, end), seed);
    },
    xxhash: (bytes, start, end) => Number(BigInt.asUintN(32, xxhash64(bytes.subarray(start, end)))),
    decodeText,
    encodeText: (text) => new Uint8Array(Buffer.from(text, 'utf8')),
  };
}

let nativeCrcMissingSaid = false;

function requireNativeCrc(log: Log | null): NativeCrc | null {
  try {
    const native = createRequire(import.meta.url)('@node-rs/crc32') as typeof import('@node-rs/crc32');
    return native.crc32c;
  } catch (error) {
    if (!nativeCrcMissingSaid) {
      log?.warn('no native CRC-32C for this platform: checksums are computed in JavaScript, at a sixth of the speed', {
        reason: error instanceof Error ? error.message : String(error),
      });
    }
    nativeCrcMissingSaid = true;
    return null;
  }
}

type SliceAsText = (this: Uint8Array, start: number, end: number) => string;

/** Node's own method under `Buffer.toString`; it takes any Uint8Array and makes no view. */
const utf8Slice = (Buffer.prototype as unknown as { readonly utf8Slice?: SliceAsText }).utf8Slice;

/** A topic name of 19 B: 70 ns, against 130 with a view and a TextDecoder. */
const decodeText: Kernels['decodeText'] =
  utf8Slice === undefined
    ? (bytes, start, end) => Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8')
    : (bytes, start, end) => utf8Slice.call(bytes, start, end);
