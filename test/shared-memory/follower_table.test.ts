import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  followerBlockBytes,
  FollowerBlocks,
  FollowerSnapshot,
  followersInline,
  FollowerTable,
} from '../../src/shared-memory/follower_table.ts';

test('entries are what was written to them last', () => {
  const write = fc.tuple(
    fc.nat(2),
    fc.nat(followersInline - 1),
    fc.record({
      nodeId: fc.integer({ min: -1, max: 2 ** 31 - 2 }),
      logEndOffset: fc.maxSafeInteger(),
      lastFetchMs: fc.maxSafeNat(),
      lastCaughtUpMs: fc.maxSafeInteger(),
    }),
  );
  fc.assert(
    fc.property(fc.array(write), (writes) => {
      const table = new FollowerTable(new SharedArrayBuffer(3 * followerBlockBytes));
      const expected = new Map<number, object>();
      for (const [block, index, { nodeId, logEndOffset, lastFetchMs, lastCaughtUpMs }] of writes) {
        table.write(block, index, nodeId, logEndOffset, lastFetchMs, lastCaughtUpMs);
        expected.set(block * followersInline + index, { nodeId, logEndOffset, lastFetchMs, lastCaughtUpMs });
      }
      const never = { nodeId: -1, logEndOffset: 0, lastFetchMs: 0, lastCaughtUpMs: 0 };
      for (let entry = 0; entry < 3 * followersInline; entry++) {
        const read = new FollowerSnapshot();
        assert.equal(table.read(Math.floor(entry / followersInline), entry % followersInline, read), true);
        assert.deepEqual(Object.assign({}, read), expected.get(entry) ?? never);
      }
    }),
    { numRuns: 100 },
  );
});

test('a reader does not wait for a writer in the middle of an entry', () => {
  const memory = new SharedArrayBuffer(followerBlockBytes);
  const table = new FollowerTable(memory);
  Atomics.store(new Int32Array(memory), 0, 7);
  assert.equal(table.read(0, 0, new FollowerSnapshot()), false);
  assert.throws(() => table.write(0, 0, 1, 0, 0, 0), /one writer/);
});

test('a cleared block is empty', () => {
  const table = new FollowerTable(new SharedArrayBuffer(2 * followerBlockBytes));
  const follower = new FollowerSnapshot();
  table.write(0, 7, 9, 1, 2, 3);
  table.write(1, 7, 9, 1, 2, 3);
  table.clear(0);
  const nodeOf = (block: number): number => (table.read(block, 7, follower) ? follower.nodeId : NaN);
  assert.deepEqual([nodeOf(0), nodeOf(1)], [-1, 9]);
});

test('extra blocks are handed out once', () => {
  const blocks = new FollowerBlocks(new FollowerTable(new SharedArrayBuffer(4 * followerBlockBytes)), 2);
  for (let round = 0; round < 3; round++) {
    assert.deepEqual([blocks.allocate(), blocks.allocate(), blocks.allocate()], [2, 3, -1]);
    blocks.free(3);
    blocks.free(2);
  }
  assert.throws(() => blocks.free(2), /freed once/);
  assert.throws(() => blocks.free(1), /extra block/);
});
