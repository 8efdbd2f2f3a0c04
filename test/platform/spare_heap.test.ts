import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import { collectGarbage } from '../../src/platform/spare_heap.ts';

function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')!.physical_space_size;
}

test('what a burst of work has made of the heap is given back, the young generation too', () => {
  let kept: number[][] = [];
  for (let round = 0; round < 400; round++) {
    kept = kept.slice(-100);
    for (let index = 0; index < 100; index++) kept.push(Array.from({ length: 200 }, (_, at) => at + 0.5));
  }
  const young = youngBytes();
  const all = getHeapStatistics().total_physical_size;
  assert.ok(young > 4 * 1024 * 1024, `${young} bytes were young`);
  kept = [];
  collectGarbage();
  assert.ok(youngBytes() < young / 4, `${youngBytes()} of ${young} bytes are young still`);
  assert.ok(getHeapStatistics().total_physical_size < all - 4 * 1024 * 1024);
  assert.equal(kept.length, 0);
});
