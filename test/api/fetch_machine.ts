import assert from 'node:assert/strict';
import { ByteReader } from '../../src/base/bytes.ts';
import { uuidOfWords } from '../../src/base/uuid.ts';
import { codecOf } from '../../src/protocol/codec.ts';
import { fetchRequest, fetchResponse, type FetchResponse } from '../../src/protocol/schema/01_fetch.ts';
import { replicaState } from '../../src/shared-memory/partition_table.ts';
import type { FakeSocket } from '../shard/fake_socket.ts';
import { frameOf, SmallShard } from '../shard/small_shard.ts';
import { simKernels } from '../simulation/sim_kernels.ts';
import { FakeReader } from './fake_reader.ts';

export const TOPICS = ['first', 'second'];
export const PARTITIONS = 3;
const FIRST_SLOT = 20;
export const BATCH_BYTES = 70;

export interface Asked {
  readonly topic: number;
  readonly partition: number;
  readonly fetchOffset: number;
  readonly maxBytes?: number;
}

/** A shard with two topics of three partitions, and a client of it; others may come. */
export class FetchMachine {
  readonly reader = new FakeReader();
  readonly shard = new SmallShard({ reader: this.reader.asReader });
  socket: FakeSocket = this.shard.connect();
  readonly version: number;

  constructor(version: number) {
    this.version = version;
    for (const topic of TOPICS.keys()) this.createTopic(topic);
  }

  createTopic(number: number): void {
    const { image, memory } = this.shard;
    image.addTopic(TOPICS[number]!, idOf(number));
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const slot = slotOf(number, partition);
      const row = memory.table.row(slot);
      row.state = replicaState.leader;
      row.incarnation = slot;
      row.publish();
      image.topicByName(TOPICS[number]!)!.addPartition(partition, slot);
      this.reader.bytesOf.set(slot, BATCH_BYTES);
    }
  }

  /** The answer, or null while there is none. */
  fetch(
    session: { readonly id: number; readonly epoch: number },
    asked: readonly Asked[],
    forgotten: readonly Asked[] = [],
    wanted: { readonly minBytes?: number; readonly maxBytes?: number; readonly maxWaitMs?: number } = {},
  ): FetchResponse | null {
    this.send(session, asked, forgotten, wanted);
    this.shard.settle();
    return this.takeAnswer();
  }

  /** Without a turn of the shard. */
  send(
    session: { readonly id: number; readonly epoch: number },
    asked: readonly Asked[],
    forgotten: readonly Asked[] = [],
    wanted: { readonly minBytes?: number; readonly maxBytes?: number; readonly maxWaitMs?: number } = {},
  ): void {
    const named = (number: number) => ({ topic: TOPICS[number]!, topicId: idOf(number) });
    this.socket.deliver(
      frameOf(fetchRequest, this.version, 5, {
        replicaId: -1,
        maxWaitMs: wanted.maxWaitMs ?? 0,
        minBytes: wanted.minBytes ?? 1,
        maxBytes: wanted.maxBytes ?? 1_000_000,
        sessionId: session.id,
        sessionEpoch: session.epoch,
        topics: asked.map(({ topic, partition, fetchOffset, maxBytes }) => ({
          ...named(topic),
          partitions: [{ partition, fetchOffset, partitionMaxBytes: maxBytes ?? 1_000_000 }],
        })),
        forgottenTopicsData: forgotten.map(({ topic, partition }) => ({ ...named(topic), partitions: [partition] })),
      }),
    );
  }

  takeAnswer(): FetchResponse | null {
    const sent = this.socket.takeSent();
    if (sent.length === 0) return null;
    const fields = new ByteReader((bytes, start, end) => simKernels.decodeText(bytes, start, end));
    const answer = codecOf(fetchResponse).decode(
      fields.resetTo(sent.subarray(this.version >= 12 ? 9 : 8)),
      this.version,
    );
    assert.ok(answer !== null && fields.remaining === 0);
    return answer;
  }
}

const idOf = (topic: number): string => uuidOfWords(5, 6, 7, topic);
export const slotOf = (topic: number, partition: number): number => FIRST_SLOT + topic * PARTITIONS + partition;
export const nameOf = (topic: number, partition: number): string => `${topic}/${partition}`;

/** What an answer tells: `topic/partition`, error, watermark, bytes. */
export function told(answer: FetchResponse): unknown[] {
  return answer.responses.flatMap(({ topic, topicId, partitions }) => {
    const number = topic === '' ? TOPICS.findIndex((_, index) => idOf(index) === topicId) : TOPICS.indexOf(topic);
    return partitions.map(({ partitionIndex, errorCode, highWatermark, records }) => [
      nameOf(number, partitionIndex),
      errorCode,
      highWatermark,
      records?.length ?? 0,
    ]);
  });
}
