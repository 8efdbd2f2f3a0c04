import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { tokenBucketStride, TokenBuckets } from '../../src/shared-memory/token_buckets.ts';

function makeBuckets(): TokenBuckets {
  return new TokenBuckets(new SharedArrayBuffer(2 * tokenBucketStride));
}

suite('token buckets', () => {
  test('over any stretch of time no more is taken than burst and rate allow, and nearly all of that', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.array(fc.nat(300), { minLength: 1, maxLength: 100 }),
        fc.nat(2 ** 33),
        (rate, burst, pauses, startMs) => {
          const buckets = makeBuckets();
          buckets.configure(1, rate, burst, startMs);
          let now = startMs;
          let taken = 0;
          let isAlwaysDrained = true;
          while (buckets.take(1, 1, now)) taken++;
          for (const pause of pauses) {
            now += pause;
            if ((pause * rate) / 1000 >= burst - 1) isAlwaysDrained = false;
            while (buckets.take(1, 1, now)) taken++;
            const allowed = burst + ((now - startMs) * rate) / 1000;
            assert.ok(taken <= allowed * 1.001 + 1, `${taken} of ${allowed}`);
            if (isAlwaysDrained) assert.ok(taken >= allowed * 0.999 - 2, `${taken} of ${allowed}`);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  test('a bucket that nobody used for weeks is full, and one read with a slightly older now is unharmed', () => {
    const buckets = makeBuckets();
    buckets.configure(0, 10, 5, 0);
    while (buckets.take(0, 1, 0));
    assert.equal(buckets.take(0, 1, 100), true);
    assert.equal(buckets.take(0, 1, 40), false);
    assert.equal(buckets.take(0, 5, 100 + 30 * 86_400_000), true, 'thirty days later, past the sign of the clock word');
  });

  test('a debt is paid off with time', () => {
    const buckets = makeBuckets();
    buckets.configure(0, 1000, 100, 0);
    assert.equal(buckets.charge(0, 100, 0), 0);
    const waitMs = buckets.charge(0, 500, 0);
    assert.ok(Math.abs(waitMs - 500) <= 1);
    assert.equal(buckets.take(0, 1, waitMs - 5), false);
    assert.equal(buckets.take(0, 1, waitMs + 2), true);
  });

  test('an infinite rate, or a bucket never configured, is no limit', () => {
    const buckets = makeBuckets();
    assert.equal(buckets.take(0, 1e9, 5), true);
    buckets.configure(0, 10, 1, 0);
    buckets.configure(0, Infinity, 1, 0);
    for (let count = 0; count < 100; count++) assert.equal(buckets.take(0, 1e9, 5), true);
    assert.equal(buckets.charge(0, 1e9, 5), 0);
  });
});
