import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EMPTY_LIST, IdListReader, IdLists } from '../../src/shared-memory/id_lists.ts';

test('lists that are in use are what was put there, each once', () => {
  const anyList = fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 9 });
  const step = fc.oneof(anyList, fc.nat(20));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const memory = new SharedArrayBuffer(512);
      const lists = new IdLists(memory);
      const reader = new IdListReader(memory);
      const held: { place: number; ids: readonly number[] }[] = [];
      for (const next of steps) {
        if (typeof next === 'number') {
          const [dropped] = held.splice(next, 1);
          if (dropped !== undefined) lists.release(dropped.place);
        } else {
          const place = lists.retain(next);
          if (place >= 0) held.push({ place, ids: next });
        }
        for (const { place, ids } of held) assert.deepEqual(reader.copy(place), ids);
        const different = new Set(held.filter(({ ids }) => ids.length > 0).map(({ ids }) => ids.join()));
        assert.equal(lists.size, different.size);
        assert.equal(new Set(held.map(({ place }) => place)).size, new Set(held.map(({ ids }) => ids.join())).size);
      }
    }),
  );
});

test('memory is used again, split where it must be, and refused when there is none', () => {
  const lists = new IdLists(new SharedArrayBuffer(4 * 4 * 3));
  const eight = lists.retain([1, 2, 3, 4, 5]);
  assert.ok(eight > 0);
  assert.equal(lists.retain([6]), -1);
  lists.release(eight);
  const [one, two] = [lists.retain([6]), lists.retain([7, 8, 9])];
  assert.deepEqual(new Set([one, two]), new Set([eight, eight + 4]));
  assert.equal(lists.retain([10]), -1);
  assert.equal(lists.retain([6]), one);
  lists.release(one);
  assert.equal(lists.retain([10]), -1, 'one use of it is left');
  lists.release(one);
  assert.equal(lists.retain([10]), one);
  assert.equal(lists.retain([]), EMPTY_LIST);
  assert.throws(() => lists.release(eight + 8), /as often as/);
});

test('what a torn reading takes for a list is refused, or short', () => {
  const memory = new SharedArrayBuffer(64);
  const words = new Int32Array(memory);
  const reader = new IdListReader(memory);
  for (const length of [-1, 13, 2 ** 31 - 1]) {
    words[4] = length;
    assert.equal(reader.copy(4), null);
  }
  words[4] = 11;
  assert.equal(reader.copy(4)!.length, 11);
});
