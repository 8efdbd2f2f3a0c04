import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Doorbell, doorbellStride } from '../../src/shared-memory/doorbell.ts';
import { Notices, noticesBytes } from '../../src/shared-memory/notices.ts';
import { SimulatedThreads } from './simulated_threads.ts';

const partitionsMax = 70_000;

function makeNotices() {
  const threads = new SimulatedThreads();
  const bells = new SharedArrayBuffer(3 * doorbellStride);
  const memory = new SharedArrayBuffer(3 * noticesBytes(partitionsMax));
  const of = (self: number) => {
    const bell = new Doorbell(bells, threads.port(self));
    return { bell, notices: new Notices(memory, partitionsMax, self, bell) };
  };
  return { threads, all: [of(0), of(1), of(2)] };
}

const slot = fc.oneof(fc.nat(partitionsMax - 1), fc.constantFrom(0, 31, 32, 1023, 1024, 32_767, 32_768, 69_999));

test('each slot posted is taken once, by the thread it was posted to', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(2), fc.nat(2), fc.oneof(slot, fc.constant(-1))), { maxLength: 100 }),
      (steps) => {
        const { all } = makeNotices();
        const expected = [new Set<number>(), new Set<number>(), new Set<number>()];
        const take = (thread: number): void => {
          const taken: number[] = [];
          assert.equal(all[thread]!.notices.hasWork(), expected[thread]!.size > 0);
          all[thread]!.notices.take((slot) => taken.push(slot));
          assert.deepEqual(
            taken,
            [...expected[thread]!].sort((a, b) => a - b),
          );
          expected[thread]!.clear();
          assert.equal(all[thread]!.notices.hasWork(), false);
        };
        for (const [from, to, slot] of steps) {
          if (slot < 0) {
            take(to);
            continue;
          }
          all[from]!.notices.post(to, slot);
          expected[to]!.add(slot);
        }
        for (const thread of [0, 1, 2]) take(thread);
      },
    ),
    { numRuns: 100 },
  );
});

test('a flush rings those who were posted to, once', () => {
  const { threads, all } = makeNotices();
  for (const { bell, notices } of all) {
    bell.arm(
      () => notices.hasWork(),
      () => {},
    );
  }
  all[0]!.notices.post(1, 5);
  all[0]!.notices.post(1, 6);
  assert.equal(threads.notifications, 0);
  all[0]!.notices.flush();
  all[0]!.notices.flush();
  assert.deepEqual(threads.wakeAll(), [1]);
});

test('a handler may post to its own thread', () => {
  const { all } = makeNotices();
  const { notices } = all[0]!;
  notices.post(0, 7);
  const seen: number[] = [];
  notices.take((slot) => {
    seen.push(slot);
    if (seen.length === 1) notices.post(0, 7);
  });
  notices.take((slot) => seen.push(slot));
  assert.deepEqual(seen, [7, 7]);
});

test('slots outside the table are bugs of ours', () => {
  const { all } = makeNotices();
  assert.throws(() => all[0]!.notices.post(1, partitionsMax), /slot of the partition table/);
});
