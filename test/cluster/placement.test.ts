import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { shardOf } from '../../src/cluster/placement.ts';
import { simKernels } from '../simulation/sim_kernels.ts';

/** Jump consistent hashing as in the paper, in 64-bit arithmetic. */
function reference(key: number, shards: number): number {
  let state = (BigInt((key ^ 0x5bd1e995) >>> 0) << 32n) | BigInt(key >>> 0);
  let bucket = -1;
  let next = 0;
  while (next < shards) {
    bucket = next;
    state = BigInt.asUintN(64, state * 2_862_933_555_777_941_757n + 1n);
    next = Math.floor((bucket + 1) * (2 ** 31 / (Number(state >> 33n) + 1)));
  }
  return bucket;
}

const keys = Array.from({ length: 10_000 }, (_, partition) => {
  const bytes = new Uint8Array(20);
  new DataView(bytes.buffer).setInt32(16, partition);
  return simKernels.xxhash(bytes, 0, 20);
});

test('the same as in 64-bit arithmetic', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 1, max: 200 }), (key, shards) => {
      assert.equal(shardOf(key, shards), reference(key, shards));
    }),
    { numRuns: 2000 },
  );
});

test('shards get about as many replicas each', () => {
  for (const shards of [1, 2, 3, 8, 16, 63]) {
    const counts = new Array<number>(shards).fill(0);
    for (const key of keys) counts[shardOf(key, shards)]!++;
    const fair = keys.length / shards;
    // Five standard deviations.
    for (const count of counts) assert.ok(Math.abs(count - fair) <= 5 * Math.sqrt(fair), `${count} of ${fair}`);
  }
});

test('a shard more moves its share of the replicas, and all of them to the new one', () => {
  for (const shards of [1, 2, 4, 7, 15]) {
    const moved = keys.filter((key) => shardOf(key, shards) !== shardOf(key, shards + 1));
    for (const key of moved) assert.equal(shardOf(key, shards + 1), shards);
    const fair = keys.length / (shards + 1);
    assert.ok(Math.abs(moved.length - fair) <= 5 * Math.sqrt(fair), `${moved.length} of ${fair}`);
  }
});
