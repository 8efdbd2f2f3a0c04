import { assert } from '../base/assert.ts';

/**
 * Which shard a replica is first placed on: jump consistent hashing (Lamping and Veach, 2014) of the replica's key, so
 * that a changed number of shards moves only 1/n of the replicas. Placement is not on disk.
 *
 * `key` is the low 32 bits of xxHash64 over (topic id, partition index).
 */
export function shardOf(key: number, shards: number): number {
  assert(shards >= 1, 'there is a shard to place on');
  let high = (key ^ 0x5bd1e995) >>> 0;
  let low = key >>> 0;
  let bucket = -1;
  let next = 0;
  while (next < shards) {
    bucket = next;
    // One step of a 64-bit linear congruential generator (multiplier 2862933555777941757), in 16-bit limbs.
    const product = multiplyAddOne(high, low);
    high = product[0]!;
    low = product[1]!;
    next = Math.floor((bucket + 1) * (2147483648 / ((high >>> 1) + 1)));
  }
  return bucket;
}

const product = new Float64Array(2);
const MULTIPLIER_HIGH = 0x27bb2ee6;
const MULTIPLIER_LOW = 0x87b0b0fd;

function multiplyAddOne(high: number, low: number): Float64Array {
  const lowLow = (low & 0xffff) * (MULTIPLIER_LOW & 0xffff) + 1;
  const middleA = (low >>> 16) * (MULTIPLIER_LOW & 0xffff) + Math.floor(lowLow / 65536);
  const middleB = (low & 0xffff) * (MULTIPLIER_LOW >>> 16) + (middleA % 65536);
  const resultLow = ((middleB & 0xffff) * 65536 + (lowLow & 0xffff)) >>> 0;
  const carry = (low >>> 16) * (MULTIPLIER_LOW >>> 16) + Math.floor(middleA / 65536) + Math.floor(middleB / 65536);
  product[0] = (carry + Math.imul(high, MULTIPLIER_LOW) + Math.imul(low, MULTIPLIER_HIGH)) >>> 0;
  product[1] = resultLow;
  return product;
}
