import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ByteWriter, viewOf } from '../../src/base/bytes.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import {
  BatchFacts,
  checkBatch,
  checkStoredBatch,
  isControl,
  isTransactional,
  maxTimestampOf,
  producerIdOf,
  RECORDS_AT,
} from '../../src/protocol/record_batch.ts';
import { ControlType, RecordBatchWriter } from '../../src/protocol/record_batch_writer.ts';
import { RecordWalker } from '../../src/protocol/records.ts';
import type { BatchVector } from '../tools/batch_vectors.ts';
import { fromHex, kernels, toHex } from '../tools/kernels.ts';
import { readVectors } from '../tools/vector_file.ts';

const vectors = readVectors(
  new URL('../fixtures/protocol/batches.jsonl.gz', import.meta.url).pathname,
) as BatchVector[];
const batches = new RecordBatchWriter();
const facts = new BatchFacts();

const bytesOf = (hex: unknown): Uint8Array | null => (hex === null ? null : fromHex(hex as string));

test('the same bytes as those of Apache Kafka', () => {
  let compared = 0;
  for (const { hex, group, expect, batches: described, records } of vectors) {
    const [header, ...more] = described;
    const plain =
      expect.verdict === 'accept' && more.length === 0 && header?.['magic'] === 2 && header['compression'] === 'none';
    const usual =
      plain && group !== 'hostile' && header['timestampType'] === 'CreateTime' && header['deleteHorizonMs'] === null;
    if (!usual || records!.length === 0) continue;
    const base = header['baseOffset'] as number;
    if (!records!.every((record, index) => record['offset'] === base + index)) continue;
    if (records!.some((record) => (record['headers'] as unknown[]).length > 0)) continue;
    if (records!.some((record) => typeof record['value'] === 'object' && record['value'] !== null)) continue;
    const writer = new ByteWriter(kernels.encodeText, 1);
    batches.begin(writer, {
      baseOffset: header['baseOffset'] as number,
      leaderEpoch: header['partitionLeaderEpoch'] as number,
      baseTimestamp: header['baseTimestamp'] as number,
      producerId: BigInt(header['producerId'] as number),
      producerEpoch: header['producerEpoch'] as number,
      baseSequence: header['baseSequence'] as number,
      isTransactional: header['isTransactional'] as boolean,
      isControl: header['isControl'] as boolean,
    });
    for (const record of records!) {
      batches.append(record['timestamp'] as number, bytesOf(record['key']), bytesOf(record['value']));
    }
    assert.equal(batches.end(kernels), hex.length / 2);
    assert.equal(toHex(writer.written()), hex);
    compared++;
  }
  assert.ok(compared >= 12, String(compared));
});

test('what is written is accepted and read back, behind what the writer held before', () => {
  const nullable = fc.option(fc.uint8Array({ maxLength: 100 }));
  const records = fc.array(fc.tuple(fc.integer({ min: -(2 ** 40), max: 2 ** 42 }), nullable, nullable), {
    minLength: 1,
    maxLength: 70,
  });
  fc.assert(
    fc.property(records, fc.integer({ min: -1, max: 2 ** 45 }), (all, baseTimestamp) => {
      const writer = new ByteWriter(kernels.encodeText, 1);
      writer.int16(7);
      batches.begin(writer, { baseOffset: 0, leaderEpoch: -1, baseTimestamp });
      for (const [timestamp, key, value] of all) batches.append(timestamp, key, value);
      const size = batches.end(kernels);
      const bytes = writer.copyWritten();
      assert.equal(size + 2, bytes.length);
      assert.equal(checkBatch(viewOf(bytes), bytes, 2, bytes.length, kernels, facts), ErrorCode.NONE);
      assert.equal(facts.recordCount, all.length);
      assert.equal(maxTimestampOf(viewOf(bytes), 2), Math.max(...all.map(([timestamp]) => timestamp)));
      const walker = new RecordWalker().reset(bytes, 2 + RECORDS_AT, bytes.length, all.length, 0, baseTimestamp);
      for (const [timestamp, key, value] of all) {
        assert.ok(walker.next());
        assert.equal(walker.timestamp, timestamp);
        assert.deepEqual(walker.keyStart < 0 ? null : bytes.slice(walker.keyStart, walker.keyEnd), key);
        assert.deepEqual(walker.valueStart < 0 ? null : bytes.slice(walker.valueStart, walker.valueEnd), value);
      }
    }),
  );
});

test('a marker of a transaction', () => {
  const writer = new ByteWriter(kernels.encodeText);
  batches.begin(writer, {
    baseOffset: 40,
    leaderEpoch: 6,
    baseTimestamp: 5,
    producerId: 77n,
    producerEpoch: 2,
    isTransactional: true,
    isControl: true,
  });
  batches.appendControl(5, ControlType.COMMIT, new Uint8Array(6));
  batches.end(kernels);
  const bytes = writer.copyWritten();
  const view = viewOf(bytes);
  assert.equal(checkStoredBatch(view, bytes, 0, bytes.length, kernels, facts), ErrorCode.NONE);
  assert.ok(isControl(view, 0) && isTransactional(view, 0));
  assert.equal(producerIdOf(view, 0), 77);
  const walker = new RecordWalker().reset(bytes, RECORDS_AT, bytes.length, 1, 40, 5);
  assert.ok(walker.next());
  assert.equal(toHex(bytes.slice(walker.keyStart, walker.keyEnd)), '00000001');
});
