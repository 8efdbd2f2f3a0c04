import { viewOf } from '../../src/base/bytes.ts';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ErrorCode } from '../../src/protocol/errors.ts';
import {
  BatchFacts,
  checkBatch,
  checkStoredBatch,
  computeCrc,
  crcOf,
  frameAt,
  INCOMPLETE,
  isLogAppendTime,
  lastSequenceOf,
  leaderEpochOf,
  baseOffsetOf,
  MALFORMED,
  maxTimestampOf,
  patchBaseOffset,
  patchLeaderEpoch,
  patchTimestamp,
  sequenceAfter,
  sizeOf,
} from '../../src/protocol/record_batch.ts';
import { checkBatchVector, type BatchVector } from '../tools/batch_vectors.ts';
import { fromHex, kernels } from '../tools/kernels.ts';
import { readVectors } from '../tools/vector_file.ts';

// A sample of batches made by Apache Kafka 4.3.1, good and hostile, with its verdicts.
const vectors = readVectors(
  new URL('../fixtures/protocol/batches.jsonl.gz', import.meta.url).pathname,
) as BatchVector[];
const vector = (name: string) => vectors.find((each) => each.name === name)!;
const facts = new BatchFacts();

test('batches are read and judged as Apache Kafka does', () => {
  assert.ok(vectors.length > 250);
  for (const each of vectors) assert.deepEqual(checkBatchVector(each), [], each.name);
});

test('the check sees a verdict, a field, a record and appended bytes that are not right', () => {
  const good = vector('none-10');
  assert.deepEqual(checkBatchVector(good), []);
  assert.notDeepEqual(checkBatchVector({ ...good, expect: { verdict: 'reject' } }), []);
  assert.notDeepEqual(checkBatchVector({ ...good, batches: [{ ...good.batches[0], count: 11 }] }), []);
  assert.notDeepEqual(checkBatchVector({ ...good, records: [] }), []);
  const { hex } = good.logValidator!;
  assert.notDeepEqual(
    checkBatchVector({ ...good, logValidator: { ...good.logValidator!, hex: hex!.slice(0, -2) + '77' } }),
    [],
  );
  assert.notDeepEqual(checkBatchVector({ ...good, logValidator: { verdict: 'reject', error: 'INVALID_RECORD' } }), []);
});

test('any spoiled byte behind the checksum is noticed', () => {
  const good = fromHex(vector('none-10').hex);
  fc.assert(
    fc.property(fc.integer({ min: 17, max: good.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const bytes = good.slice();
      bytes[at]! ^= change;
      assert.equal(checkBatch(viewOf(bytes), bytes, 0, bytes.length, kernels, facts), ErrorCode.CORRUPT_MESSAGE);
      assert.equal(checkStoredBatch(viewOf(bytes), bytes, 0, bytes.length, kernels, facts), ErrorCode.CORRUPT_MESSAGE);
    }),
  );
});

test('patches change what they name and leave a batch sound', () => {
  const good = fromHex(vector('gzip-10').hex);
  fc.assert(
    fc.property(
      fc.maxSafeInteger(),
      fc.integer(),
      fc.boolean(),
      fc.maxSafeInteger(),
      (offset, epoch, append, timestamp) => {
        const bytes = new Uint8Array(good.length + 9).fill(0x55);
        bytes.set(good, 4);
        const view = viewOf(bytes);
        patchBaseOffset(view, 4, offset);
        patchLeaderEpoch(view, 4, epoch);
        patchTimestamp(view, bytes, 4, append, timestamp, kernels);
        assert.equal(baseOffsetOf(view, 4), offset);
        assert.equal(leaderEpochOf(view, 4), epoch);
        assert.equal(isLogAppendTime(view, 4), append);
        assert.equal(maxTimestampOf(view, 4), timestamp);
        assert.equal(crcOf(view, 4), computeCrc(bytes, 4, sizeOf(view, 4), kernels));
        assert.equal(checkStoredBatch(view, bytes, 4, bytes.length, kernels, facts), ErrorCode.NONE);
        assert.equal(facts.end, 4 + good.length);
        assert.equal(facts.baseOffset, offset);
        assert.deepEqual([...bytes.subarray(0, 4), ...bytes.subarray(4 + good.length)], Array(9).fill(0x55));
      },
    ),
  );
});

test('sequence numbers wrap to 0 behind 2^31-1', () => {
  assert.equal(sequenceAfter(0x7fff_ffff, 1), 0);
  assert.equal(sequenceAfter(0x7fff_fffe, 5), 3);
  const bytes = fromHex(vector('none-sequence-wraps').hex);
  assert.equal(lastSequenceOf(viewOf(bytes), 0), vector('none-sequence-wraps').batches[0]!['lastSequence']);
});

test('every cut of a batch is incomplete, nothing else', () => {
  const good = fromHex(vector('none-10').hex);
  for (let end = 0; end < good.length; end++) assert.equal(frameAt(viewOf(good), 0, end), INCOMPLETE);
  assert.equal(frameAt(viewOf(good), 0, good.length), good.length);
  for (const length of [-1, 0, 13, -(2 ** 31), 2 ** 31 - 1]) {
    const bytes = good.slice();
    viewOf(bytes).setInt32(8, length);
    assert.equal(frameAt(viewOf(bytes), 0, bytes.length), MALFORMED, String(length));
  }
});
