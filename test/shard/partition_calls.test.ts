import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PartitionOutcome } from '../../src/api/host.ts';
import { PARTITION_CALL } from '../../src/api/thread_messages.ts';
import type { LeaderPartition } from '../../src/partition/leader_partition.ts';
import { ApiKey } from '../../src/protocol/api_keys.ts';
import { codecOf } from '../../src/protocol/codec.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { describeProducersResponse } from '../../src/protocol/schema/61_describe_producers.ts';
import type { OwnedPartitions } from '../../src/shard/owned_partitions.ts';
import { PartitionApis } from '../../src/shard/partition_apis.ts';
import { PartitionCalls } from '../../src/shard/partition_calls.ts';
import { Arena, pageBytes } from '../../src/shared-memory/arena.ts';
import type { ChannelHandler } from '../../src/shared-memory/channel.ts';
import { allocateSharedMemory, sharedGeometry } from '../../src/shared-memory/layout.ts';
import { ThreadMemory } from '../../src/shared-memory/thread_memory.ts';
import { SimulatedThreads } from '../shared-memory/simulated_threads.ts';
import { simKernels } from '../simulation/sim_kernels.ts';

const ARENA_BYTES = 1024 * 1024;
const INCARNATION = 7;

/** A shard that asks and one that owns, over the smallest ring; each partition has as many producers as its slot says. */
class Pair implements ChannelHandler {
  readonly #asker: ThreadMemory;
  readonly #owner: ThreadMemory;
  readonly arena: Arena;
  readonly calls: PartitionCalls;
  readonly #apis: PartitionApis;

  constructor(producersOf: (slot: number) => number) {
    const threads = new SimulatedThreads();
    const shared = allocateSharedMemory(
      sharedGeometry(2, {
        partitionsMax: 16,
        ringBytes: 1024,
        arenaBytes: ARENA_BYTES,
        arenaBudgetBytes: ARENA_BYTES,
        segmentHeapBytes: 4096,
        addressEntries: 64,
        listenersMax: 1,
        tokenBuckets: 4,
      }),
    );
    this.#asker = new ThreadMemory(shared, threads.port(1));
    this.#owner = new ThreadMemory(shared, threads.port(2));
    this.arena = new Arena(shared.arenas[0]!, ARENA_BYTES, { poison: true });
    this.calls = new PartitionCalls(this.arena, [null, null, this.#asker.channel(2)], simKernels);
    const bySlot = (slot: number): unknown => ({ incarnation: INCARNATION, leader: leaderOf(slot, producersOf(slot)) });
    this.#apis = new PartitionApis({ bySlot } as unknown as OwnedPartitions, simKernels);
  }

  settle(): void {
    for (let round = 0; round < 400; round++) {
      this.#asker.flush();
      this.#owner.drain(3, {
        request: (_peer, kind, correlation, view, start) => {
          assert.equal(kind, PARTITION_CALL);
          this.#apis.callFor(this.#owner.channel(1), this.arena.bytes, correlation, view, start);
        },
        answer: () => assert.fail('the owner asks nothing'),
        creditReturned: () => {},
      });
      this.#owner.flush();
      this.#asker.drain(3, this);
    }
  }

  request(): void {
    assert.fail('nobody asks the asker');
  }

  answer(_peer: number, tag: number, _kind: number, view: DataView, start: number): void {
    this.calls.answered(tag, view, start);
  }

  creditReturned(peer: number): void {
    this.calls.retry(peer);
  }
}

/** Its log begins at what it was told; the epoch of an offset is half of it. */
function leaderOf(slot: number, producers: number): LeaderPartition {
  const log = {
    logStartOffset: 0,
    logEndOffset: 2 ** 45,
    leaderEpochs: {
      endOffsetFor: (epoch: number, logEndOffset: number, into: { epoch: number; endOffset: number }) => {
        into.epoch = epoch;
        into.endOffset = logEndOffset - slot;
      },
    },
    producers: {
      state: {
        *entries() {
          for (let id = 0; id < producers; id++) {
            yield {
              producerId: id,
              epoch: 1,
              lastSequence: slot,
              lastTimestampMs: 5,
              coordinatorEpoch: -1,
              transactionFirstOffset: -1,
            };
          }
        },
      },
    },
  };
  const deleteRecords = (offset: number): ErrorCode => {
    if (offset < 0) return ErrorCode.OFFSET_OUT_OF_RANGE;
    log.logStartOffset = offset;
    return ErrorCode.NONE;
  };
  return { log, deleteRecords } as unknown as LeaderPartition;
}

test('owners of partitions answer each question once, with its own answer, however small ring and room are', () => {
  const question = fc.record({
    slot: fc.nat(15),
    incarnation: fc.constantFrom(INCARNATION, INCARNATION, INCARNATION, 8),
    apiKey: fc.constantFrom(ApiKey.DeleteRecords, ApiKey.OffsetForLeaderEpoch, ApiKey.DescribeProducers),
    argument: fc.oneof(fc.integer({ min: -2, max: 100 }), fc.integer({ min: 2 ** 33, max: 2 ** 50 })),
    bodyBytes: fc.constantFrom(64, 4096),
  });
  fc.assert(
    fc.property(fc.array(question, { maxLength: 60 }), (questions) => {
      const producersOf = (slot: number): number => slot * 20;
      const pair = new Pair(producersOf);
      const outcomes: unknown[] = [];
      questions.forEach(({ slot, incarnation, apiKey, argument, bodyBytes }, index) => {
        const body = apiKey === ApiKey.DescribeProducers ? bodyBytes : 0;
        const epoch = apiKey === ApiKey.OffsetForLeaderEpoch ? argument % 1000 : argument;
        pair.calls.call(2, apiKey, slot, incarnation, epoch, body, (outcome) => {
          assert.equal(outcomes[index], undefined, 'answered once');
          outcomes[index] = summary(outcome);
        });
      });
      pair.settle();
      assert.deepEqual(
        outcomes,
        questions.map(({ slot, incarnation, apiKey, argument }) => {
          if (incarnation !== INCARNATION) return [ErrorCode.NOT_LEADER_OR_FOLLOWER, -1, -1, null];
          if (apiKey === ApiKey.OffsetForLeaderEpoch) return [ErrorCode.NONE, 2 ** 45 - slot, argument % 1000, null];
          if (apiKey === ApiKey.DescribeProducers) return [ErrorCode.NONE, -1, -1, producersOf(slot)];
          return argument < 0 ? [ErrorCode.OFFSET_OUT_OF_RANGE, -1, -1, null] : [ErrorCode.NONE, argument, -1, null];
        }),
      );
      assert.ok(pair.arena.usedBytes <= pageBytes, 'the room for bodies goes back');
    }),
    { numRuns: 60 },
  );
});

test('without memory for an answer the question is not asked', () => {
  const pair = new Pair(() => 1);
  let outcome: PartitionOutcome | null = null;
  pair.calls.call(2, ApiKey.DescribeProducers, 1, INCARNATION, 0, 2 * ARENA_BYTES, (told) => (outcome = told));
  assert.equal(outcome!.errorCode, ErrorCode.REQUEST_TIMED_OUT);
});

function summary({ errorCode, offset, epoch, body }: PartitionOutcome): unknown[] {
  const told = body === null ? null : codecOf(describeProducersResponse).decode(body, 0);
  return [errorCode, offset, epoch, told === null ? null : told.topics[0]!.partitions[0]!.activeProducers.length];
}
