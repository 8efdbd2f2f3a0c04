import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { RecordErrors } from '../../src/partition/record_errors.ts';
import { codecOf, CODEC_GZIP, CODEC_NONE, RECORDS_AT } from '../../src/protocol/record_batch.ts';
import { inArena, makeBatch } from '../log/batches.ts';
import { LeaderMachine, WALL_MS } from './leader_machine.ts';

const HOUR = 3_600_000;

/** Appends and returns what the sink heard: the error, and the records that are named. */
function refusalOf(shard: LeaderMachine, batch: Uint8Array): { errorCode: number; records: unknown[] } {
  const { memory, start, end } = inArena([batch]);
  let errorCode = -1;
  const records: unknown[] = [];
  const sink = {
    appended(_ref: number, _at: number, code: number, ...rest: [number, number, number, number]): void {
      errorCode = code;
      const errors = new RecordErrors();
      if (rest[3] >= 0) errors.take(memory.view, rest[3]);
      for (let index = 0; index < errors.count; index++) records.push([errors.indexAt(index), errors.errorAt(index)]);
    },
  };
  shard.leader.append(memory, start, end, 1, WALL_MS, sink, 0, 0);
  shard.leader.commit();
  shard.settle();
  return { errorCode, records };
}

test('a batch with records whose time is wrong is refused, and the records are named', () => {
  const shard = new LeaderMachine(1);
  const timestamps = [WALL_MS, WALL_MS + HOUR + 1, WALL_MS + HOUR, WALL_MS + 2 * HOUR];
  assert.deepEqual(refusalOf(shard, makeBatch({ baseOffset: 0, timestamps })), {
    errorCode: ErrorCode.INVALID_TIMESTAMP,
    records: [
      [1, 'time'],
      [3, 'time'],
    ],
  });
});

test('a compacted topic names the records without a key; a wrong time besides decides the error', () => {
  const shard = new LeaderMachine(1, { isCompacted: true });
  assert.deepEqual(refusalOf(shard, makeBatch({ baseOffset: 0, timestamps: [WALL_MS, WALL_MS] })), {
    errorCode: ErrorCode.INVALID_RECORD,
    records: [
      [0, 'no key'],
      [1, 'no key'],
    ],
  });
});

test('what one batch is refused for is not told of the next', () => {
  const shard = new LeaderMachine(1);
  const late = makeBatch({ baseOffset: 0, timestamps: [WALL_MS + 2 * HOUR] });
  assert.equal(refusalOf(shard, late).records.length, 1);
  const spoilt = makeBatch({ baseOffset: 0, timestamps: [WALL_MS] });
  spoilt[RECORDS_AT + 1]! ^= 1;
  assert.deepEqual(refusalOf(shard, spoilt), { errorCode: ErrorCode.CORRUPT_MESSAGE, records: [] });
  shard.leader.replicaCount = 2;
  shard.leader.configure({ ...shard.config, minInSyncReplicas: 2 });
  const { memory, start, end } = inArena([late]);
  let place = 0;
  const sink = { appended: (...told: number[]): void => void (place = told[6]!) };
  shard.leader.append(memory, start, end, -1, WALL_MS, sink, 0, 0);
  assert.equal(place, -1);
});

test('of very many records as many are named as fit in the place of the batch', () => {
  const shard = new LeaderMachine(1);
  const timestamps = new Array<number>(5000).fill(WALL_MS + 2 * HOUR);
  const { records } = refusalOf(shard, makeBatch({ baseOffset: 0, timestamps, valueBytes: 0 }));
  assert.equal(records.length, 1000);
  const small = new RecordErrors();
  for (let index = 0; index < 50; index++) small.add(index, index % 2 === 0 ? 'time' : 'no key');
  const view = new DataView(new ArrayBuffer(61));
  small.leave(view, 0, 61);
  const taken = new RecordErrors();
  taken.take(view, 0);
  assert.equal(taken.count, 14);
  assert.deepEqual([taken.indexAt(13), taken.errorAt(13), taken.errorAt(12)], [13, 'no key', 'time']);
});

test('a batch is stored in the compression of its topic, and refused when that makes it too large', () => {
  const shard = new LeaderMachine(1, { compression: { codec: CODEC_GZIP, level: 1 } });
  const batch = makeBatch({ baseOffset: 0, timestamps: [WALL_MS, WALL_MS] });
  const { memory, start, end } = inArena([batch]);
  const before = memory.bytes.slice();
  const answers: number[][] = [];
  const sink = { appended: (...told: number[]): void => void answers.push(told) };
  shard.leader.append(memory, start, end, 1, WALL_MS, sink, 0, 0);
  shard.leader.commit();
  shard.settle();
  assert.deepEqual(answers, [[0, 0, ErrorCode.NONE, 0, -1, 0, -1]]);
  assert.deepEqual(memory.bytes, before, 'the bytes of the producer are not touched');
  // The codec of the tests puts one byte in front.
  assert.equal(shard.log.sizeBytes, batch.length + 1);
  const stored = shard.storedBytes();
  const view = new DataView(stored.buffer, stored.byteOffset);
  assert.equal(codecOf(view, 0), CODEC_GZIP);
  assert.deepEqual(stored.subarray(RECORDS_AT + 1), batch.subarray(RECORDS_AT));

  shard.leader.configure({ ...shard.config, maxMessageBytes: batch.length });
  assert.equal(refusalOf(shard, batch).errorCode, ErrorCode.MESSAGE_TOO_LARGE);
  shard.leader.configure({ ...shard.config, compression: { codec: CODEC_NONE, level: 0 } });
  assert.equal(refusalOf(shard, batch).errorCode, ErrorCode.NONE);
});
