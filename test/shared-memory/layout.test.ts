import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { highHalf, joinHalves, loadHalves, lowHalf, storeHalves } from '../../src/shared-memory/halves.ts';
import { allocateSharedMemory, mebibyte, sharedGeometry } from '../../src/shared-memory/layout.ts';
import { replicaState } from '../../src/shared-memory/partition_table.ts';
import { smallestRingBytes } from '../../src/shared-memory/ring.ts';
import { StageReader } from '../../src/shared-memory/stages.ts';
import { ThreadMemory } from '../../src/shared-memory/thread_memory.ts';
import { SimulatedThreads } from './simulated_threads.ts';

const small = sharedGeometry(2, {
  partitionsMax: 10,
  followerBlocksExtra: 1,
  ringBytes: smallestRingBytes(64),
  ringPayloadMax: 64,
  arenaBytes: mebibyte,
  arenaBudgetBytes: mebibyte / 2,
  segmentHeapBytes: 4096,
  addressEntries: 64,
  tokenBuckets: 4,
});

suite('halves', () => {
  test('whole numbers of either sign come back', () => {
    const words = new Int32Array(new SharedArrayBuffer(16));
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        assert.equal(joinHalves(lowHalf(value), highHalf(value)), value);
        storeHalves(words, 1, value);
        assert.equal(loadHalves(words, 1), value);
      }),
    );
  });
});

suite('shared memory', () => {
  test('survives a structured clone, shared and not copied', () => {
    const memory = allocateSharedMemory(small);
    const clone = structuredClone(memory);
    new Int32Array(memory.stop)[0] = 5;
    assert.equal(new Int32Array(clone.stop)[0], 5);
    assert.equal(clone.arenas.length, 2);
    assert.deepEqual(clone.geometry, small);
  });

  test('three threads talk to each other over it', () => {
    const threads = new SimulatedThreads();
    const memory = allocateSharedMemory(small);
    const views = [0, 1, 2].map((self) => new ThreadMemory(memory, threads.port(self)));
    const got: string[] = [];
    const handlers = views.map((view) => ({
      request: (peer: number, kind: number, correlation: number) => {
        got.push(`${view.self} gets ${kind} from ${peer}`);
        view.channel(peer).answer(correlation, 0);
      },
      answer: (peer: number, tag: number) => got.push(`${view.self} is answered ${tag} by ${peer}`),
      creditReturned: () => {},
    }));
    for (const view of views) {
      assert.equal(view.hasWork(), false);
      for (const peer of [0, 1, 2]) if (peer !== view.self) view.channel(peer).request(7, view.self * 10 + peer, 0, 0);
    }
    for (let round = 0; round < 2; round++) {
      for (const view of views) view.flush();
      assert.ok(views.every((view) => view.hasWork()));
      views.forEach((view, index) => assert.equal(view.drain(10, handlers[index]!), 2));
    }
    assert.deepEqual(
      got.filter((line) => line.includes('gets')),
      [
        '0 gets 7 from 1',
        '0 gets 7 from 2',
        '1 gets 7 from 0',
        '1 gets 7 from 2',
        '2 gets 7 from 0',
        '2 gets 7 from 1',
      ],
    );
    assert.equal(got.length, 12);
    assert.throws(() => views[1]!.channel(1), /two threads/);
  });

  test('the stop word is everybody’s, and something to wake for', () => {
    const threads = new SimulatedThreads();
    const memory = allocateSharedMemory(small);
    const control = new ThreadMemory(memory, threads.port(0));
    const shard = new ThreadMemory(memory, threads.port(2));
    assert.equal(shard.stop.isStopping(), false);
    control.stop.raise();
    assert.equal(shard.stop.isStopping(), true);
    assert.equal(shard.hasWork(), true);
  });

  test('a thread’s stage is seen by others', () => {
    const memory = allocateSharedMemory(small);
    const shard = new ThreadMemory(memory, new SimulatedThreads().port(1));
    const reader = new StageReader(memory.stages);
    shard.stage.enter(2, 5e12);
    shard.stage.countTurn();
    reader.read(1);
    assert.deepEqual([reader.stage, reader.sinceMs, reader.turn], ['rings', 5e12, 1]);
    reader.read(2);
    assert.equal(reader.stage, 'starting');
  });

  test('a row’s index tail and table entry are found through the view', () => {
    const memory = allocateSharedMemory(small);
    const shard = new ThreadMemory(memory, new SimulatedThreads().port(1));
    const row = shard.table.row(9);
    row.state = replicaState.leader;
    row.publish();
    const tail = shard.indexTailWriter(9);
    tail.begin(100, 0, 0);
    tail.addOffset(5, 500);
    assert.equal(shard.indexTails.floorOffset(9, 6), true);
    assert.equal(shard.indexTails.baseOffset, 100);
    assert.throws(() => shard.indexTailWriter(10), /index tail for each row/);
  });

  test('a geometry that cannot be is refused', () => {
    assert.throws(() => allocateSharedMemory({ ...small, shards: 64 }), /1 to 63/);
    assert.throws(() => allocateSharedMemory({ ...small, arenaBytes: mebibyte + 1 }), /whole pages/);
    assert.throws(() => allocateSharedMemory({ ...small, arenaBudgetBytes: 2 * mebibyte }), /fits its address space/);
  });
});
