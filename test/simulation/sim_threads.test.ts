import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ThreadFailure } from '../../src/port/threads.ts';
import { SimProcess } from './sim_process.ts';
import type { ProcessOptions } from './sim_process.ts';
import { SimThreads } from './sim_threads.ts';
import type { ShardProgram } from './sim_threads.ts';
import { World } from './world.ts';

function processOf(seed: number, program: ShardProgram, options: Partial<ProcessOptions> = {}) {
  const world = new World(seed);
  const process = new SimProcess(world, 'node', options);
  const control = process.createThread(0);
  return { world, process, control, threads: new SimThreads(process, control, program) };
}

test('a shard gets a clone of its boot over the same shared memory, and a notify finds the clone', () => {
  const shared = new Int32Array(new SharedArrayBuffer(64));
  let woken = 0;
  const { world, process, threads } = processOf(1, (thread, boot) => {
    const words = (boot as { words: Int32Array<SharedArrayBuffer> }).words;
    assert.notEqual(words.buffer, shared.buffer);
    const own = new SimThreads(process, thread, () => {});
    assert.equal(
      own.wait(words, 3, 0, () => woken++),
      true,
    );
  });
  threads.spawnShard(1, { words: shared }, () => {});
  world.runFor(100);
  threads.notify(shared, 2);
  world.runFor(100);
  assert.equal(woken, 0);
  threads.notify(shared, 3);
  world.runFor(100);
  assert.equal(woken, 1);
  assert.equal(shared[3], 0);
});

test('a wait for a word that has changed is refused', () => {
  const { threads } = processOf(1, () => {});
  const words = new Int32Array(new SharedArrayBuffer(8));
  words[1] = 5;
  assert.equal(
    threads.wait(words, 1, 0, () => {}),
    false,
  );
});

test('some wake-ups come for no reason and some come late', () => {
  let late = 0;
  let spurious = 0;
  for (let seed = 0; seed < 30; seed++) {
    const options = { spuriousChance: 0.5, lateWakeChance: 0.5, lateWakeMsMax: 100 };
    const { world, process, threads } = processOf(seed, () => {}, options);
    const words = new Int32Array(new SharedArrayBuffer(8));
    let woken = 0;
    threads.wait(words, 0, 0, () => woken++);
    world.runFor(10);
    threads.notify(words, 0);
    world.runFor(200);
    assert.equal(woken, 1);
    late += process.wakes.late;
    spurious += process.wakes.spurious;
  }
  assert.ok(late > 0 && spurious > 0);
});

test('a shard that throws is told to control with its number and error', () => {
  const { world, process, threads } = processOf(1, (thread) => {
    thread.post(5, () => {
      throw new RangeError('out of bounds');
    });
    thread.hold();
  });
  const died: number[] = [];
  const told: (ThreadFailure | null)[] = [];
  process.threadDied = (thread) => died.push(thread.number);
  threads.spawnShard(2, {}, (failure) => told.push(failure));
  world.runAll();
  assert.deepEqual(died, [2]);
  assert.equal(told.length, 1);
  assert.equal(told[0]?.name, 'RangeError');
  assert.equal(told[0]?.thread, 2);
});

test('a shard that called exit ends when nothing holds it, also while it waits for a doorbell', () => {
  const words = new Int32Array(new SharedArrayBuffer(8));
  const { world, process, threads } = processOf(1, (thread) => {
    const own = new SimThreads(process, thread, () => {});
    own.wait(words, 0, 0, () => {});
    thread.hold();
    thread.post(50, () => thread.letGo());
    own.exit();
  });
  const told: { failure: ThreadFailure | null; ms: number }[] = [];
  threads.spawnShard(1, {}, (failure) => told.push({ failure, ms: world.nowMs }));
  world.runAll();
  assert.equal(told[0]?.failure, null);
  assert.ok((told[0]?.ms ?? 0) > 50);
});

test('a shard that runs out of work without exit is a failure', () => {
  const { world, threads } = processOf(1, () => {});
  const told: (ThreadFailure | null)[] = [];
  threads.spawnShard(1, {}, (failure) => told.push(failure));
  world.runAll();
  assert.equal(told[0]?.message, 'the thread ran out of work');
});

test('a throw of control ends the process, and a pause stops all threads', () => {
  const { world, process, control } = processOf(1, () => {});
  const ends: string[] = [];
  process.ended = (reason) => ends.push(reason);
  let ranMs = 0;
  process.pause(500);
  control.post(1, () => {
    ranMs = world.nowMs;
    throw new Error('a bug');
  });
  world.runAll();
  assert.ok(ranMs > 500);
  assert.deepEqual(ends, ['control threw Error: a bug']);
  assert.equal(process.alive, false);
});
