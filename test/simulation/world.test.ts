import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SeededRandom } from '../../src/base/random.ts';
import { EventQueue } from './event_queue.ts';
import { SimClock, WallTime } from './sim_clock.ts';
import { simKernels } from './sim_kernels.ts';
import { SimThread } from './sim_thread.ts';
import { World } from './world.ts';

test('property: events leave the queue by time, tie and sequence, without the cancelled ones', () => {
  const drawn = fc.record({ timeMs: fc.nat(5), tie: fc.nat(3), cancelled: fc.boolean() });
  fc.assert(
    fc.property(fc.array(drawn, { maxLength: 60 }), (events) => {
      const queue = new EventQueue();
      const made = events.map(({ timeMs, tie, cancelled }, sequence) => {
        const event = { timeMs, tie, sequence, run: (): void => {} };
        queue.add(event);
        return { event, cancelled };
      });
      for (const { event, cancelled } of made) if (cancelled) Object.assign(event, { run: null });
      const taken: string[] = [];
      for (let event = queue.take(); event !== null; event = queue.take()) {
        taken.push(`${event.timeMs} ${event.tie} ${String(event.sequence).padStart(2, '0')}`);
      }
      const expected = made
        .filter(({ cancelled }) => !cancelled)
        .map(({ event }) => `${event.timeMs} ${event.tie} ${String(event.sequence).padStart(2, '0')}`)
        .toSorted();
      assert.deepEqual(taken, expected);
    }),
  );
});

test('a world whose events spend time keeps each event at its own time', () => {
  const world = new World(1);
  const seen: number[] = [];
  world.schedule(1, () => {
    world.spend(50);
    seen.push(world.nowMs);
  });
  world.schedule(2, () => seen.push(world.nowMs));
  world.runAll();
  assert.deepEqual(seen, [51, 2]);
});

test('a thread inside a slow call gets its next events after it, in order of arrival', () => {
  const world = new World(1);
  const thread = new SimThread(world, 'a');
  const seen: [string, number][] = [];
  thread.post(1, () => {
    world.spend(100);
    seen.push(['slow', world.nowMs]);
  });
  thread.post(2, () => seen.push(['second', world.nowMs]));
  thread.post(3, () => seen.push(['third', world.nowMs]));
  world.runAll();
  assert.deepEqual(
    seen.map(([name]) => name),
    ['slow', 'second', 'third'],
  );
  assert.ok((seen[1] as [string, number])[1] >= 101);
});

test('what is deferred comes after what was ready, in order, and not from inside the call', () => {
  const world = new World(3);
  const thread = new SimThread(world, 'a');
  const clock = new SimClock(thread, new WallTime(world));
  const seen: string[] = [];
  thread.post(1, () => {
    clock.defer(() => {
      seen.push('deferred 1');
      clock.defer(() => seen.push('deferred in deferred'));
    });
    clock.defer(() => seen.push('deferred 2'));
    seen.push('first');
  });
  thread.post(1, () => seen.push('second'));
  world.runAll();
  assert.deepEqual(seen.slice(-3), ['deferred 1', 'deferred 2', 'deferred in deferred']);
});

test('timers are never early, cancelled ones never come, and the wall clock may jump under them', () => {
  const world = new World(4);
  const thread = new SimThread(world, 'a');
  const wall = new WallTime(world, 1_000_000, 1.1);
  const clock = new SimClock(thread, wall, 500);
  const came: number[] = [];
  clock.schedule(100, () => came.push(clock.monotonicMs()));
  const cancelled = clock.schedule(50, () => came.push(-1));
  world.schedule(10, () => {
    wall.jump(-3_600_000);
    cancelled.cancel();
  });
  world.runAll();
  assert.equal(came.length, 1);
  assert.ok((came[0] as number) >= 600);
  assert.ok(clock.wallMs() < 0);
});

test('a throw ends its thread, is told once, and nothing of the thread runs after it', () => {
  const world = new World(5);
  const thread = new SimThread(world, 'a', 2);
  const failures: string[] = [];
  let after = 0;
  thread.failed = (failure) => failures.push(`${failure.thread} ${failure.message}`);
  thread.post(1, () => {
    throw new Error('a bug');
  });
  thread.post(2, () => after++);
  world.runAll();
  assert.deepEqual(failures, ['2 a bug']);
  assert.equal(after, 0);
});

test('a stalled thread does nothing until the stall is over', () => {
  const world = new World(6);
  const thread = new SimThread(world, 'a');
  let ranMs = 0;
  thread.post(5, () => (ranMs = world.nowMs));
  thread.stall(1000);
  world.runAll();
  assert.ok(ranMs >= 1000);
});

test('some seed runs simultaneous events in each order', () => {
  const orders = new Set<string>();
  for (let seed = 0; seed < 40; seed++) {
    const world = new World(seed);
    let order = '';
    for (const name of ['a', 'b', 'c']) world.schedule(1, () => (order += name));
    world.runAll();
    orders.add(order);
  }
  assert.equal(orders.size, 6);
});

test('the hash tells seeds apart and is the same for the same seed', () => {
  const hashOf = (seed: number): string => {
    const world = new World(seed);
    const thread = new SimThread(world, 'a');
    for (let event = 0; event < 20; event++) thread.post(world.random.fraction(), () => world.fold(event, 0));
    world.runAll();
    return world.hash;
  };
  assert.equal(hashOf(1), hashOf(1));
  assert.notEqual(hashOf(1), hashOf(2));
});

test('the kernels agree with published values', () => {
  const digits = simKernels.encodeText('123456789');
  assert.equal(simKernels.crc32c(digits, 0, 9), 0xe3069283);
  assert.equal(simKernels.crc32c(digits, 4, 9, simKernels.crc32c(digits, 0, 4)), 0xe3069283);
  assert.equal(simKernels.xxhash(digits, 0, 0), 0x51d8e999);
  const shared = new Uint8Array(new SharedArrayBuffer(40));
  const random = new SeededRandom(1);
  for (let at = 0; at < 40; at++) shared[at] = random.uint32();
  assert.equal(simKernels.xxhash(shared, 0, 40), simKernels.xxhash(shared.slice(), 0, 40));
  assert.equal(simKernels.decodeText(new Uint8Array([0x61, 0xff]), 0, 2), 'a\ufffd');
});

test('a system call is a place where other threads run, and a thread killed in one does not come back', () => {
  const world = new World(7);
  const slow = new SimThread(world, 'slow');
  const other = new SimThread(world, 'other');
  const seen: string[] = [];
  slow.post(1, () => {
    world.spend(100);
    seen.push(`slow back at ${Math.floor(world.nowMs)}`);
    world.spend(100);
    seen.push('slow back from the dead');
  });
  other.post(50, () => {
    assert.equal(world.currentThread, other);
    seen.push(`other at ${Math.floor(world.nowMs)}`);
  });
  world.schedule(150, () => slow.end());
  world.runAll();
  assert.deepEqual(seen, ['other at 50', 'slow back at 101']);
});
