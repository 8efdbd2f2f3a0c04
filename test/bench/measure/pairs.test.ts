import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bootstrapInterval, judgePairs, pairOrder, TIME_LIMITS, type Pair } from '../../../bench/measure/pairs.ts';
import { median } from '../../../bench/measure/statistics.ts';

const pairs = (ratios: readonly number[], others = 0): Pair[] =>
  ratios.map((ratio) => ({ base: 2, head: 2 * ratio, others }));

test('pairs begin with either side in turn', () => {
  assert.deepEqual(pairOrder(5), ['base', 'head', 'base', 'head', 'base']);
});

test('an interval holds the median, lies within the values, and is the same each time', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0.1, max: 10, noNaN: true }), { minLength: 1, maxLength: 12 }), (values) => {
      const { low, high } = bootstrapInterval(values);
      assert.ok(low >= Math.min(...values) && high <= Math.max(...values));
      assert.ok(low <= median(values) && median(values) <= high);
      assert.deepEqual(bootstrapInterval(values), { low, high });
    }),
    { numRuns: 20 },
  );
  assert.deepEqual(bootstrapInterval([3, 3, 3]), { low: 3, high: 3 });
  assert.deepEqual(bootstrapInterval([]), { low: 0, high: Number.POSITIVE_INFINITY });
});

test('95 of 100 intervals hold the median of what the values were drawn from', () => {
  let state = 7;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  let holds = 0;
  for (let round = 0; round < 200; round++) {
    const { low, high } = bootstrapInterval(Array.from({ length: 15 }, random));
    if (low <= 0.5 && 0.5 <= high) holds++;
  }
  assert.ok(holds >= 180 && holds < 200, `${holds} of 200`);
});

test('clearly slower is worse', () => {
  const told = judgePairs(pairs([1.4, 1.42, 1.38, 1.41, 1.39, 1.4, 1.43]), TIME_LIMITS);
  assert.equal(told.verdict, 'worse');
  assert.equal(told.ratio.toFixed(2), '1.40');
});

test('slower by less than a quarter passes, however sure it is', () => {
  assert.equal(judgePairs(pairs([1.24, 1.24, 1.24, 1.24, 1.24, 1.24, 1.24]), TIME_LIMITS).verdict, 'passes');
  assert.equal(judgePairs(pairs([0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]), TIME_LIMITS).verdict, 'passes');
});

test('slower by more, but perhaps not, is no failure', () => {
  const told = judgePairs(pairs([1.26, 1.3, 1.05, 1.05, 1.06, 1.27, 1.28]), TIME_LIMITS);
  assert.ok(told.ratio > TIME_LIMITS.worse && told.interval.low < TIME_LIMITS.surely);
  assert.equal(told.verdict, 'passes');
});

test('a wide interval is inconclusive, however slow the median', () => {
  const told = judgePairs(pairs([1, 4, 1.2, 3, 2, 5, 1.1]), TIME_LIMITS);
  assert.equal(told.verdict, 'inconclusive');
  assert.match(told.why, /±\d+ % wide/);
});

test('with others on the machine, and without pairs, nothing is said', () => {
  const slow = [1.4, 1.42, 1.38, 1.41, 1.39, 1.4, 1.43];
  assert.equal(judgePairs(pairs(slow, 0.31), TIME_LIMITS).verdict, 'inconclusive');
  assert.equal(judgePairs(pairs(slow, 0.3), TIME_LIMITS).verdict, 'worse');
  assert.equal(judgePairs([], TIME_LIMITS).verdict, 'inconclusive');
  // No work was done.
  assert.equal(judgePairs([{ base: 0, head: 0, others: 0 }], TIME_LIMITS).verdict, 'inconclusive');
});
