import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { counter, CounterBlock, counterBlockBytes, CounterSums, histogram } from '../../src/shared-memory/counters.ts';
import { bucketOf, histogramBuckets, lowestOf, quantileOf } from '../../src/shared-memory/histogram.ts';

suite('counters', () => {
  test('counts of all threads are summed, and are exact above 2^32', () => {
    const memory = new SharedArrayBuffer(3 * counterBlockBytes);
    const sums = new CounterSums(memory);
    const blocks = [0, 1, 2].map((thread) => new CounterBlock(memory, thread));
    blocks[0]!.add(counter.bytesReceived, 2 ** 40);
    blocks[2]!.add(counter.bytesReceived, 1);
    blocks[1]!.add(counter.bytesSent, 7);
    assert.equal(sums.sum(counter.bytesReceived), 2 ** 40 + 1);
    assert.equal(sums.sum(counter.bytesSent), 7);
    assert.equal(sums.of(2, counter.bytesReceived), 1);
    assert.equal(sums.sum(counter.turns), 0);
  });

  test('histograms of all threads are summed', () => {
    const memory = new SharedArrayBuffer(2 * counterBlockBytes);
    const first = new CounterBlock(memory, 0);
    const second = new CounterBlock(memory, 1);
    for (let value = 0; value < 100; value++) (value % 2 === 0 ? first : second).observe(histogram.turnMicros, value);
    const buckets = new Float64Array(histogramBuckets);
    assert.equal(new CounterSums(memory).readHistogram(histogram.turnMicros, buckets), 4950);
    assert.equal(
      buckets.reduce((sum, count) => sum + count),
      100,
    );
  });
});

suite('histogram', () => {
  test('a bucket holds values from its lowest to the next one’s, an eighth wide', () => {
    fc.assert(
      fc.property(fc.oneof(fc.nat(40), fc.nat(2 ** 34 - 1)), (value) => {
        const bucket = bucketOf(value);
        assert.ok(lowestOf(bucket) <= value && (bucket === histogramBuckets - 1 || value < lowestOf(bucket + 1)));
        assert.ok(value - lowestOf(bucket) <= value / 8);
      }),
    );
    assert.equal(bucketOf(2 ** 50), histogramBuckets - 1);
    assert.equal(bucketOf(2 ** 34 - 1), histogramBuckets - 1);
  });

  test('a quantile is at most an eighth above the true one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(1e6), { minLength: 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, fraction) => {
          const buckets = new Float64Array(histogramBuckets);
          for (const value of values) buckets[bucketOf(value)]!++;
          const sorted = values.toSorted((a, b) => a - b);
          const truth = sorted[Math.max(1, Math.ceil(sorted.length * fraction)) - 1]!;
          const quantile = quantileOf(buckets, fraction);
          assert.ok(quantile >= truth && quantile <= truth * 1.125 + 1, `${quantile} for ${truth}`);
        },
      ),
    );
    assert.equal(quantileOf(new Float64Array(histogramBuckets), 0.5), 0);
  });
});
