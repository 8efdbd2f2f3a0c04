import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TimerQueue } from '../../src/base/timer_queue.ts';

test('deadlines come due in order of time, whatever the order in which they were set', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('add' as const), at: fc.integer({ min: 0, max: 50 }) }),
    fc.record({ kind: fc.constant('pass' as const), at: fc.integer({ min: 0, max: 60 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const queue = new TimerQueue();
      let model: { at: number; token: number }[] = [];
      for (const [token, { kind, at }] of steps.entries()) {
        if (kind === 'add') {
          queue.add(at, token);
          model.push({ at, token });
        } else {
          const due: { at: number; token: number }[] = [];
          for (let taken = queue.takeDue(at); taken >= 0; taken = queue.takeDue(at)) {
            due.push(model.find((entry) => entry.token === taken)!);
          }
          assert.deepEqual(
            due.map((entry) => entry.at),
            due.map((entry) => entry.at).toSorted((one, other) => one - other),
          );
          const expected = model.filter((entry) => entry.at <= at).map((entry) => entry.token);
          assert.deepEqual(due.map((entry) => entry.token).toSorted(byNumber), expected.toSorted(byNumber));
          model = model.filter((entry) => entry.at > at);
        }
        assert.equal(queue.size, model.length);
        assert.equal(queue.nextMs(), Math.min(...model.map((entry) => entry.at)));
      }
    }),
  );
});

test('a token keeps all its 53 bits, and a grown queue loses nothing', () => {
  const queue = new TimerQueue();
  const large = Number.MAX_SAFE_INTEGER - 1000;
  for (let index = 999; index >= 0; index--) queue.add(index, large + index);
  for (let index = 0; index < 1000; index++) assert.equal(queue.takeDue(index), large + index);
  assert.equal(queue.takeDue(Infinity), -1);
  assert.equal(queue.nextMs(), Infinity);
});

const byNumber = (one: number, other: number): number => one - other;
