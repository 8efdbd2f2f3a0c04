import type { Kernels } from '../../src/port/kernels.ts';

const crcTable = makeCrcTable();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

/** The kernels in plain JavaScript: no native package decides what a simulation does. */
export const simKernels: Kernels = {
  crc32c(bytes, start, end, seed = 0) {
    let crc = ~seed;
    for (let place = start; place < end; place++) {
      crc = (crcTable[(crc ^ (bytes[place] as number)) & 0xff] as number) ^ (crc >>> 8);
    }
    return ~crc >>> 0;
  },

  xxhash(bytes, start, end) {
    return Number(xxhash64(bytes, start, end) & 0xffff_ffffn);
  },

  decodeText(bytes, start, end) {
    // TextDecoder does not take views of shared memory.
    return decoder.decode(bytes.slice(start, end));
  },

  encodeText(text) {
    return encoder.encode(text);
  },
};

function makeCrcTable(): Int32Array {
  const table = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    table[byte] = crc;
  }
  return table;
}

const prime1 = 0x9e3779b185ebca87n;
const prime2 = 0xc2b2ae3d27d4eb4fn;
const prime3 = 0x165667b19e3779f9n;
const prime4 = 0x85ebca77c2b2ae63n;
const prime5 = 0x27d4eb2f165667c5n;

/** XXH64 with seed 0, after its specification. For short names; the product's hot path does not come here. */
function xxhash64(bytes: Uint8Array, start: number, end: number): bigint {
  const length = end - start;
  let place = start;
  let hash: bigint;
  if (length >= 32) {
    let lane1 = u64(prime1 + prime2);
    let lane2 = prime2;
    let lane3 = 0n;
    let lane4 = u64(-prime1);
    for (; place + 32 <= end; place += 32) {
      lane1 = round(lane1, word64(bytes, place));
      lane2 = round(lane2, word64(bytes, place + 8));
      lane3 = round(lane3, word64(bytes, place + 16));
      lane4 = round(lane4, word64(bytes, place + 24));
    }
    hash = u64(rotate(lane1, 1n) + rotate(lane2, 7n) + rotate(lane3, 12n) + rotate(lane4, 18n));
    for (const lane of [lane1, lane2, lane3, lane4]) hash = u64((hash ^ round(0n, lane)) * prime1 + prime4);
  } else {
    hash = prime5;
  }
  hash = u64(hash + BigInt(length));
  for (; place + 8 <= end; place += 8) {
    hash = u64(rotate(hash ^ round(0n, word64(bytes, place)), 27n) * prime1 + prime4);
  }
  if (place + 4 <= end) {
    hash = u64(rotate(hash ^ u64(word32(bytes, place) * prime1), 23n) * prime2 + prime3);
    place += 4;
  }
  for (; place < end; place++) hash = u64(rotate(hash ^ u64(BigInt(bytes[place] as number) * prime5), 11n) * prime1);
  hash = u64((hash ^ (hash >> 33n)) * prime2);
  hash = u64((hash ^ (hash >> 29n)) * prime3);
  return hash ^ (hash >> 32n);
}

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const rotate = (value: bigint, by: bigint): bigint => u64((value << by) | (value >> (64n - by)));
const round = (lane: bigint, word: bigint): bigint => u64(rotate(u64(lane + word * prime2), 31n) * prime1);

function word32(bytes: Uint8Array, place: number): bigint {
  let value = 0n;
  for (let at = 3; at >= 0; at--) value = (value << 8n) | BigInt(bytes[place + at] as number);
  return value;
}

function word64(bytes: Uint8Array, place: number): bigint {
  return (word32(bytes, place + 4) << 32n) | word32(bytes, place);
}
