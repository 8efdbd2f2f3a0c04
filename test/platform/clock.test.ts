import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createClock } from '../../src/platform/clock.ts';
import { createEntropy } from '../../src/platform/entropy.ts';

const clock = createClock();

test('a timer never comes early, and not when it was cancelled', async () => {
  let cancelledCame = false;
  const cancelled = clock.schedule(1, () => (cancelledCame = true));
  cancelled.cancel();
  cancelled.cancel();
  const early: number[] = [];
  await Promise.all(
    Array.from({ length: 40 }, (_, index) => {
      const delayMs = index / 4;
      const beganMs = clock.monotonicMs();
      return new Promise<void>((resolve) =>
        clock.schedule(delayMs, () => {
          if (clock.monotonicMs() - beganMs < delayMs) early.push(delayMs);
          resolve();
        }),
      );
    }),
  );
  assert.deepEqual(early, []);
  assert.equal(cancelledCame, false);
});

test('a delay of months does not come at once', async () => {
  let came = false;
  const timers = [2 ** 31, 1e15, Number.POSITIVE_INFINITY].map((delayMs) =>
    clock.schedule(delayMs, () => (came = true)),
  );
  await new Promise<void>((resolve) => clock.schedule(5, resolve));
  for (const timer of timers) timer.cancel();
  assert.equal(came, false);
  assert.throws(() => clock.schedule(Number.NaN, () => {}));
});

test('deferred callbacks come in order, after promises and never from inside the call', async () => {
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    clock.defer(() => order.push('first'));
    clock.defer(() => {
      order.push('second');
      resolve();
    });
    void Promise.resolve().then(() => order.push('promise'));
    order.push('inside');
  });
  assert.deepEqual(order, ['inside', 'promise', 'first', 'second']);
});

test('wall time is whole; monotonic time never goes back', () => {
  assert.ok(Number.isInteger(clock.wallMs()));
  let last = clock.monotonicMs();
  for (let reading = 0; reading < 1000; reading++) {
    const now = clock.monotonicMs();
    assert.ok(now >= last);
    last = now;
  }
});

test('entropy fills all bytes and draws over the whole range', () => {
  const entropy = createEntropy();
  const bytes = new Uint8Array(new SharedArrayBuffer(4096));
  entropy.fill(bytes);
  assert.ok(new Set(bytes).size > 200);
  const draws = Array.from({ length: 2000 }, () => entropy.uint32());
  assert.equal(new Set(draws).size > 1990, true);
  assert.ok(draws.every((draw) => Number.isInteger(draw) && draw >= 0 && draw < 2 ** 32));
  assert.ok(draws.some((draw) => draw >= 2 ** 31) && draws.some((draw) => draw < 2 ** 31));
});
