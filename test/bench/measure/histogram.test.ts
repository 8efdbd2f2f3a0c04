import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LogLinearHistogram } from '../../../bench/measure/histogram.ts';

test('a percentile is the value of its rank, at most 1 % too high', () => {
  const values = fc.array(fc.integer({ min: 0, max: 4_000_000_000 }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(values, fc.double({ min: 0.01, max: 1, noNaN: true }), (recorded, fraction) => {
      const histogram = new LogLinearHistogram();
      for (const value of recorded) histogram.record(value);
      const sorted = [...recorded].sort((left, right) => left - right);
      const exact = sorted[Math.max(1, Math.ceil(recorded.length * fraction)) - 1]!;
      const told = histogram.percentile(fraction);
      assert.ok(told >= exact && told <= exact * 1.008 + 1, `${told} for ${exact}`);
    }),
  );
});

test('nothing recorded, and values beyond the range', () => {
  const histogram = new LogLinearHistogram();
  assert.equal(histogram.percentile(0.5), 0);
  histogram.record(-1);
  histogram.record(2 ** 40);
  assert.equal(histogram.total, 2);
  assert.equal(histogram.percentile(0.5), 0);
  assert.equal(histogram.percentile(1), 2 ** 32 - 1);
  assert.equal(histogram.max, 2 ** 40);
});
