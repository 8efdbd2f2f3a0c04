import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteReader } from '../../src/base/bytes.ts';
import { uuidOfWords } from '../../src/base/uuid.ts';
import { codecOf } from '../../src/protocol/codec.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { fetchRequest, fetchResponse } from '../../src/protocol/schema/01_fetch.ts';
import { replicaState } from '../../src/shared-memory/partition_table.ts';
import { frameOf, SmallShard } from '../shard/small_shard.ts';
import { simKernels } from '../simulation/sim_kernels.ts';
import { FakeReader, recordsOf } from './fake_reader.ts';

const WIDE = 'wide';
const PARTITIONS = 90;
const FIRST_SLOT = 20;

interface Wide {
  readonly shard: SmallShard;
  readonly reader: FakeReader;
}

function wide(): Wide {
  const reader = new FakeReader();
  const shard = new SmallShard({ reader: reader.asReader });
  shard.image.addTopic(WIDE, uuidOfWords(5, 6, 7, 8));
  const topic = shard.image.topicByName(WIDE)!;
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const row = shard.memory.table.row(FIRST_SLOT + partition);
    row.state = replicaState.leader;
    row.incarnation = partition;
    row.publish();
    topic.addPartition(partition, FIRST_SLOT + partition);
  }
  return { shard, reader };
}

/** By partition of the request: bytes of records there, -1 where there is no such partition, -2 where reading fails. */
function answerTo({ shard, reader }: Wide, version: number, holds: readonly number[], laterFrom: number): unknown[] {
  for (const [partition, bytes] of holds.entries()) {
    const slot = FIRST_SLOT + partition;
    reader.bytesOf.set(slot, bytes === -2 ? 50 : bytes);
    if (bytes === -2) reader.failing.add(slot);
    shard.moveWatermark(slot, bytes === -1 || bytes === 0 ? 0 : 9);
  }
  reader.readsLater = laterFrom === 0;
  const socket = shard.connect();
  const partitions = holds.map((bytes, partition) => ({
    partition: bytes === -1 ? partition + 1000 : partition,
    fetchOffset: 0,
    partitionMaxBytes: 1_000_000,
    currentLeaderEpoch: -1,
  }));
  const topicId = shard.image.topicByName(WIDE)!.id;
  socket.deliver(
    frameOf(fetchRequest, version, 77, {
      replicaId: -1,
      maxWaitMs: 0,
      minBytes: 1,
      maxBytes: 50_000_000,
      sessionEpoch: -1,
      topics: [
        { topic: WIDE, topicId, partitions },
        { topic: 'empty', topicId: uuidOfWords(9, 9, 9, 9), partitions: [] },
      ],
    }),
  );
  shard.settle();
  while (reader.later.length > 0) {
    reader.later.shift()!();
    shard.settle();
  }
  const sent = socket.takeSent();
  const view = new DataView(sent.buffer, sent.byteOffset, sent.length);
  assert.equal(view.getInt32(0), sent.length - 4, 'the frame is as long as it says');
  assert.equal(view.getInt32(4), 77);
  const body = sent.subarray(version >= 12 ? 9 : 8);
  const fields = new ByteReader((bytes, start, end) => simKernels.decodeText(bytes, start, end)).resetTo(body);
  const answer = codecOf(fetchResponse).decode(fields, version);
  assert.ok(answer !== null && fields.remaining === 0);
  assert.equal(answer.responses.length, 1, 'a topic of which nothing is asked is not told');
  socket.close();
  shard.assertIdle();
  return answer.responses[0]!.partitions.map(({ partitionIndex, errorCode, records, highWatermark }) => [
    partitionIndex,
    errorCode,
    highWatermark,
    records === null ? null : Buffer.from(records).toString('hex'),
  ]);
}

function expected(holds: readonly number[]): unknown[] {
  return holds.map((bytes, partition) => {
    if (bytes === -1) return [partition + 1000, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, -1, ''];
    if (bytes === 0) return [partition, 0, 0, ''];
    if (bytes === -2) return [partition, ErrorCode.KAFKA_STORAGE_ERROR, 9, ''];
    return [partition, 0, 9, Buffer.from(recordsOf(FIRST_SLOT + partition, bytes)).toString('hex')];
  });
}

const holding = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.constant(-1) },
  { weight: 1, arbitrary: fc.constant(-2) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 300 }) },
  { weight: 1, arbitrary: fc.constantFrom(16_000, 16_384 - 576, 16_384 - 575, 16_384, 40_000) },
);

test('records of many partitions are woven into one answer, in every version', () => {
  fc.assert(
    fc.property(
      fc.array(holding, { minLength: 1, maxLength: PARTITIONS }),
      fc.integer({ min: 4, max: 18 }),
      fc.nat(3),
      (holds, version, later) => {
        assert.deepEqual(answerTo(wide(), version, holds, later), expected(holds));
      },
    ),
    { numRuns: 80, endOnFailure: true },
  );
});

test('a long header before the first records, between two and behind the last', () => {
  const none = new Array<number>(28).fill(0);
  for (const version of [4, 11, 12, 18]) {
    const holds = [...none, 200, ...none, 300, ...none];
    assert.deepEqual(answerTo(wide(), version, holds, 1), expected(holds));
  }
});
