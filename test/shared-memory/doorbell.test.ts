import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Doorbell, doorbellStride } from '../../src/shared-memory/doorbell.ts';
import { SimulatedThreads } from './simulated_threads.ts';

function twoBells() {
  const threads = new SimulatedThreads();
  const memory = new SharedArrayBuffer(2 * doorbellStride);
  return { threads, own: new Doorbell(memory, threads.port(0)), other: new Doorbell(memory, threads.port(1)) };
}

const nothing = (): boolean => false;

test('a sleeper is notified once, an awake thread never', () => {
  const { threads, own, other } = twoBells();
  let woken = 0;
  other.ring(0);
  assert.equal(threads.notifications, 0);
  assert.equal(
    own.arm(nothing, () => woken++),
    true,
  );
  other.ring(0);
  other.ring(0);
  assert.equal(threads.notifications, 1);
  assert.equal(other.notified, 1);
  assert.deepEqual(threads.wakeAll(), [0]);
  assert.equal(woken, 1);
});

test('work that is found while arming keeps the thread awake', () => {
  const { threads, own, other } = twoBells();
  assert.equal(
    own.arm(
      () => true,
      () => {},
    ),
    false,
  );
  assert.equal(threads.isWaiting(0), false);
  other.ring(0);
  assert.equal(threads.notifications, 0, 'it is awake again');
});

test('a wait stays pending while other events wake the thread', () => {
  const { threads, own, other } = twoBells();
  const calls: string[] = [];
  own.arm(nothing, () => calls.push('first'));
  own.disarm();
  other.ring(0);
  assert.equal(threads.notifications, 0, 'an awake thread is not notified');
  assert.equal(
    own.arm(nothing, () => calls.push('second')),
    true,
  );
  other.ring(0);
  threads.wakeAll();
  assert.deepEqual(calls, ['second'], 'the callback given last');
  assert.equal(
    own.arm(nothing, () => calls.push('third')),
    true,
  );
  assert.equal(threads.isWaiting(0), true, 'a new wait after the wake-up');
});

test('somebody rings between the look and the wait', () => {
  const { threads, own, other } = twoBells();
  const looksAndIsRung = (): boolean => {
    other.ring(0);
    return false;
  };
  assert.equal(
    own.arm(looksAndIsRung, () => {}),
    false,
    'there is work now',
  );
  assert.equal(threads.isWaiting(0), false);
});

test('a wake-up for no reason is no harm', () => {
  const { threads, own, other } = twoBells();
  let woken = 0;
  own.arm(nothing, () => woken++);
  threads.wakeSpuriously(0);
  other.ring(0);
  assert.equal(threads.notifications, 0, 'the thread is awake');
  assert.equal(woken, 1);
});
