import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { APPEND } from '../../src/api/thread_messages.ts';
import type { AppendSink } from '../../src/partition/append_queue.ts';
import { AppendRouter, RemoteAppends, takeOutcome } from '../../src/shard/append_routing.ts';
import type { Channel, ChannelHandler } from '../../src/shared-memory/channel.ts';
import { allocateSharedMemory, sharedGeometry } from '../../src/shared-memory/layout.ts';
import { ThreadMemory } from '../../src/shared-memory/thread_memory.ts';
import { SimulatedThreads } from '../shared-memory/simulated_threads.ts';

interface Asked {
  readonly sink: AppendSink;
  readonly ref: number;
  readonly at: number;
}

/** A shard that asks and one that owns, joined by a real pair of rings. */
function pair(ringBytes: number): { asker: ThreadMemory; owner: ThreadMemory; channel: Channel } {
  const threads = new SimulatedThreads();
  const shared = allocateSharedMemory(
    sharedGeometry(2, {
      ringBytes,
      partitionsMax: 8,
      followerBlocksExtra: 1,
      arenaBytes: 1024 * 1024,
      arenaBudgetBytes: 512 * 1024,
      segmentHeapBytes: 4096,
      addressEntries: 64,
      listenersMax: 1,
      tokenBuckets: 1,
    }),
  );
  const asker = new ThreadMemory(shared, threads.port(1));
  const owner = new ThreadMemory(shared, threads.port(2));
  return { asker, owner, channel: asker.channel(2) };
}

const words = fc.record({
  request: fc.nat(65_535),
  at: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  place: fc.integer({ min: 0, max: 2 ** 32 - 64 }),
});

test('appends arrive in order and whole, with credit and without; outcomes come back to where they belong', () => {
  fc.assert(
    fc.property(
      fc.array(words, { maxLength: 300 }),
      fc.array(fc.nat(7), { minLength: 1, maxLength: 30 }),
      (appends, rhythm) => {
        const { asker, owner, channel } = pair(2048);
        const router = new AppendRouter([null, null, channel]);
        const arena = { bytes: owner.arenaBytes[0]!, view: owner.arenaViews[0]! };
        const remote = new RemoteAppends(owner.channel(1), arena);
        const asked: Asked[] = [];
        const arrived: (readonly number[])[] = [];
        const outcomes: string[] = [];
        const owns: ChannelHandler = {
          request: (_peer, kind, correlation, view, start) => {
            assert.equal(kind, APPEND);
            remote.take(correlation, view, start, {
              appendHere: (slot, incarnation, memory, from, end, acks, sink, ref, at) => {
                assert.equal(memory, arena);
                asked.push({ sink, ref, at });
                arrived.push([slot, incarnation, from, end - from, acks]);
              },
            });
          },
          answer: () => assert.fail('the owner asks nothing'),
          creditReturned: () => {},
        };
        const asks: ChannelHandler = {
          request: () => assert.fail('the asker owns nothing'),
          answer: (_peer, tag, _kind, view, start) =>
            takeOutcome(tag, view, start, { appended: (...outcome) => void outcomes.push(outcome.join()) }),
          creditReturned: (peer) => router.retry(peer),
        };
        let next = 0;
        let answered = 0;
        for (let turn = 0; answered < appends.length; turn++) {
          assert.ok(turn < 10_000, 'all appends come through');
          for (let count = rhythm[turn % rhythm.length]!; count >= 0 && next < appends.length; count--) {
            const { request, at, place } = appends[next]!;
            router.send(2, request, at, next, -next, place | 0, next * 3, next % 3 === 0 ? -1 : 1);
            next++;
          }
          asker.flush();
          owner.drain(rhythm[(turn + 1) % rhythm.length]! + 1, owns);
          for (let count = rhythm[(turn + 2) % rhythm.length]!; count >= 0 && asked.length > 0; count--) {
            const { sink, ref, at } = asked.shift()!;
            sink.appended(ref, at, answered % 7, 2 ** 50 + answered, -1, answered, 3 * answered);
            answered++;
          }
          owner.flush();
          asker.drain(1000, asks);
        }
        asker.drain(1000, asks);
        assert.equal(router.isBackedUp, false);
        assert.equal(router.crossed, appends.length);
        assert.deepEqual(
          arrived,
          appends.map(({ place }, index) => [index, -index | 0, place, index * 3, index % 3 === 0 ? -1 : 1]),
        );
        assert.deepEqual(
          outcomes,
          appends.map(({ request, at }, index) =>
            [request, at, index % 7, 2 ** 50 + index, -1, index, 3 * index].join(),
          ),
        );
      },
    ),
    { numRuns: 60 },
  );
});
