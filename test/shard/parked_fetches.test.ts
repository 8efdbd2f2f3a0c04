import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FetchPlan } from '../../src/api/fetch_plan.ts';
import { Request } from '../../src/api/request.ts';
import { ParkedFetches } from '../../src/shard/parked_fetches.ts';
import { PartitionTable, rowStride } from '../../src/shared-memory/partition_table.ts';

const SLOTS = 6;
const THREAD = 33;

function fetchOf(index: number, slots: readonly number[]): Request {
  const request = new Request(index, (text) => new TextEncoder().encode(text));
  const plan = new FetchPlan();
  plan.reset();
  plan.addTopic();
  for (const slot of slots) {
    const at = plan.addPartition();
    plan.slot[at] = slot;
  }
  request.fetch = plan;
  return request;
}

test('who waits for a partition looks again when it moves, and no waiting bit is lost', () => {
  const slots = fc.array(fc.integer({ min: -1, max: SLOTS - 1 }), { minLength: 1, maxLength: 6 });
  const step = fc.oneof(
    fc.record({ kind: fc.constant('park' as const), slots, value: fc.nat(20) }),
    fc.record({ kind: fc.constant('move' as const), slots, value: fc.nat(20) }),
    fc.record({ kind: fc.constant('leave' as const), slots, value: fc.nat(20) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), fc.nat(3), (steps, patience) => {
      const table = new PartitionTable(new SharedArrayBuffer(SLOTS * rowStride));
      const parked = new ParkedFetches(table, THREAD);
      const waiting = new Map<Request, readonly number[]>();
      for (const [index, { kind, slots: chosen, value }] of steps.entries()) {
        if (kind === 'park') {
          const request = fetchOf(index, chosen);
          parked.park(request);
          waiting.set(request, chosen);
        } else if (kind === 'leave') {
          const request = [...waiting.keys()][value % Math.max(1, waiting.size)];
          if (request === undefined) continue;
          parked.unpark(request);
          waiting.delete(request);
        } else {
          const slot = value % SLOTS;
          const expected = [...waiting].filter(([, of]) => of.includes(slot)).map(([request]) => request);
          const told: number[] = [];
          table.takeWaiting(slot, (thread) => told.push(thread));
          if (expected.length > 0) assert.deepEqual(told, [THREAD], 'the owner knows whom to tell');
          const looked: Request[] = [];
          parked.notice(slot, (request) => {
            looked.push(request);
            // Some have enough now; the others go on waiting.
            if (request.index % 4 > patience) return;
            parked.unpark(request);
            waiting.delete(request);
          });
          assert.deepEqual(new Set(looked), new Set(expected));
          assert.equal(looked.length, expected.length, 'each looks once');
        }
      }
      const left = [...waiting].filter(([, of]) => of.some((slot) => slot >= 0)).map(([request]) => request);
      assert.deepEqual(new Set(parked.all()), new Set(left));
    }),
    { numRuns: 60 },
  );
});

test('one that ends another while it looks again is no trouble', () => {
  const table = new PartitionTable(new SharedArrayBuffer(SLOTS * rowStride));
  const parked = new ParkedFetches(table, THREAD);
  const requests = [0, 1, 2].map((index) => fetchOf(index, [4]));
  for (const request of requests) parked.park(request);
  let looks = 0;
  parked.notice(4, () => {
    looks++;
    for (const request of requests) parked.unpark(request);
  });
  assert.equal(looks, 1);
  assert.deepEqual(parked.all(), []);
});
