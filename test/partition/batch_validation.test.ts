import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BatchValidation, type BatchRules } from '../../src/partition/batch_validation.ts';
import { createCodecs } from '../../src/platform/codecs.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { ATTRIBUTES_AT, MAX_TIMESTAMP_AT, patchCrc, RECORDS_AT } from '../../src/protocol/record_batch.ts';
import { inArena, makeBatch } from '../log/batches.ts';
import { simKernels } from '../simulation/sim_kernels.ts';

const NOW_MS = 1_700_000_000_000;
const GZIP = 1;
const ZSTD = 4;
const LOG_APPEND_TIME = 8;
const codecs = createCodecs(null);
const validation = new BatchValidation(simKernels, codecs);
const rules: BatchRules = {
  maxMessageBytes: 1_000_000,
  isLogAppendTime: false,
  timestampBeforeMaxMs: 1000,
  timestampAfterMaxMs: 1000,
  isCompacted: false,
  compression: null,
};

function verdictOf(batch: Uint8Array, changed: Partial<BatchRules> = {}): [ErrorCode, number[]] {
  const { memory, start, end } = inArena([batch]);
  const verdict = validation.check(memory, start, end, { ...rules, ...changed }, 1 << 30, NOW_MS);
  const { recordErrors } = validation;
  const named = Array.from({ length: recordErrors.count }, (_, at) => recordErrors.indexAt(at));
  validation.forget();
  return [verdict, named];
}

/** The batch with other bytes for records, compressed. */
function compressed(batch: Uint8Array, codec: number, records = batch.subarray(RECORDS_AT)): Uint8Array {
  const packed = codecs.compress(codec, records, 0, records.length, 3);
  const made = new Uint8Array(RECORDS_AT + packed.length);
  made.set(batch.subarray(0, RECORDS_AT));
  made.set(packed, RECORDS_AT);
  const view = new DataView(made.buffer);
  view.setInt32(8, made.length - 12);
  view.setInt16(ATTRIBUTES_AT, (view.getInt16(ATTRIBUTES_AT) & ~7) | codec);
  patchCrc(view, made, 0, simKernels);
  return made;
}

/** The batch with attributes and largest timestamp of its header changed. */
function claiming(batch: Uint8Array, timestamp: number): Uint8Array {
  const made = batch.slice();
  const view = new DataView(made.buffer);
  view.setInt16(ATTRIBUTES_AT, view.getInt16(ATTRIBUTES_AT) | LOG_APPEND_TIME);
  view.setBigInt64(MAX_TIMESTAMP_AT, BigInt(timestamp));
  patchCrc(view, made, 0, simKernels);
  return made;
}

const one = makeBatch({ baseOffset: 0, timestamps: [NOW_MS] });
const noErrors = [ErrorCode.NONE, []];

test('the length of a compressed record counts only where the records are taken apart', () => {
  const records = one.slice(RECORDS_AT);
  records[0]! += 6;
  const lying = compressed(one, ZSTD, records);
  assert.deepEqual(verdictOf(lying), noErrors);
  assert.deepEqual(verdictOf(lying, { compression: { codec: ZSTD, level: 1 } }), noErrors);
  assert.deepEqual(verdictOf(lying, { compression: { codec: GZIP, level: 1 } }), [ErrorCode.INVALID_RECORD, []]);
  // What is in the records is looked at all the same, and named.
  assert.deepEqual(verdictOf(lying, { isCompacted: true }), [ErrorCode.INVALID_RECORD, [0]]);
  const tooLong = compressed(one, ZSTD, Uint8Array.from([...one.subarray(RECORDS_AT), 0]));
  assert.deepEqual(verdictOf(tooLong), [ErrorCode.INVALID_RECORD, []]);
  const plain = one.slice();
  plain[RECORDS_AT]! += 6;
  patchCrc(new DataView(plain.buffer), plain, 0, simKernels);
  assert.deepEqual(verdictOf(plain), [ErrorCode.INVALID_RECORD, []]);
});

test('a record without a time hides no other record that is too old', () => {
  const mixed = makeBatch({ baseOffset: 0, timestamps: [-1, 5, NOW_MS] });
  assert.deepEqual(verdictOf(mixed), [ErrorCode.INVALID_TIMESTAMP, [1]]);
  const negative = makeBatch({ baseOffset: 0, timestamps: [-1, -5] });
  assert.deepEqual(verdictOf(negative), [ErrorCode.INVALID_TIMESTAMP, [1]]);
  assert.deepEqual(verdictOf(makeBatch({ baseOffset: 0, timestamps: [-1, NOW_MS, -1] })), noErrors);
});

test('a client that claims to know the time of the append is believed where that is a time like another', () => {
  for (const batch of [one, compressed(one, GZIP)]) {
    assert.deepEqual(verdictOf(claiming(batch, NOW_MS + 5)), noErrors);
    assert.deepEqual(verdictOf(claiming(batch, 5)), [ErrorCode.INVALID_TIMESTAMP, [0]]);
    assert.deepEqual(verdictOf(claiming(batch, -1)), [ErrorCode.INVALID_TIMESTAMP, [0]]);
    assert.deepEqual(verdictOf(claiming(batch, NOW_MS), { isLogAppendTime: true }), [ErrorCode.INVALID_TIMESTAMP, [0]]);
  }
});

test('a batch is too large before it is damaged, and too large for a segment after all else', () => {
  const damaged = one.slice();
  damaged[damaged.length - 1]! ^= 1;
  assert.deepEqual(verdictOf(damaged), [ErrorCode.CORRUPT_MESSAGE, []]);
  assert.deepEqual(verdictOf(damaged, { maxMessageBytes: 10 }), [ErrorCode.MESSAGE_TOO_LARGE, []]);
  const { memory, start, end } = inArena([makeBatch({ baseOffset: 0, timestamps: [5] })]);
  assert.equal(validation.check(memory, start, end, rules, 10, NOW_MS), ErrorCode.INVALID_TIMESTAMP);
  assert.equal(validation.check(memory, start, end, rules, 10, 5), ErrorCode.RECORD_LIST_TOO_LARGE);
  validation.forget();
});

test('zeros are taken by whatever ratio they were compressed, and twenty gigabytes of them are not', () => {
  const zeros = 48 << 20;
  const record = [0, 0, 0, 1, ...varint(zeros)];
  const length = varint(record.length + zeros + 1);
  const records = new Uint8Array(length.length + record.length + zeros + 1);
  records.set([...length, ...record]);
  const large = compressed(one, ZSTD, records);
  assert.ok(large.length * 1000 < zeros);
  assert.deepEqual(verdictOf(large), noErrors);

  // Its one record is looked at, too, and it may be stored in another compression.
  assert.deepEqual(verdictOf(large, { isCompacted: true }), [ErrorCode.INVALID_RECORD, [0]]);
  assert.deepEqual(verdictOf(large, { compression: { codec: GZIP, level: 1 } }), noErrors);
  records[records.length - 1] = 1;
  assert.deepEqual(verdictOf(compressed(one, ZSTD, records)), [ErrorCode.INVALID_RECORD, []]);

  const blocks = Math.ceil((20 * 2 ** 30) / BLOCK_BYTES);
  const bomb = new Uint8Array(RECORDS_AT + FRAME_HEADER.length + 4 * blocks);
  bomb.set(compressed(one, ZSTD).subarray(0, RECORDS_AT));
  bomb.set(FRAME_HEADER, RECORDS_AT);
  const view = new DataView(bomb.buffer);
  for (let index = 0; index < blocks; index++) {
    const isLast = index === blocks - 1 ? 1 : 0;
    view.setUint32(RECORDS_AT + FRAME_HEADER.length + 4 * index, (BLOCK_BYTES << 3) | 2 | isLast, true);
  }
  view.setInt32(8, bomb.length - 12);
  patchCrc(view, bomb, 0, simKernels);
  assert.ok(bomb.length < 1_000_000);
  assert.deepEqual(verdictOf(bomb), [ErrorCode.INVALID_RECORD, []]);
});

/** A block of Zstandard that repeats one byte: three bytes say how often, the fourth is the byte. */
const BLOCK_BYTES = 128 * 1024;
const FRAME_HEADER = [0x28, 0xb5, 0x2f, 0xfd, 0, 0x58];

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let left = value * 2; ; left >>>= 7) {
    if (left < 0x80) return [...bytes, left];
    bytes.push((left & 0x7f) | 0x80);
  }
}
