import { viewOf } from '../../src/base/bytes.ts';
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { crc32 } from 'node:zlib';
import { createCodecs } from '../../src/platform/codecs.ts';
import { xxh32 } from '../../src/platform/compression/xxh32.ts';
import { CodecFailure } from '../../src/port/codecs.ts';
import { ErrorCode, errorName, type ErrorName } from '../../src/protocol/errors.ts';
import {
  LegacyMessage,
  legacyMessageEnd,
  readLegacyMessage,
  LEGACY_CRC_AT,
} from '../../src/protocol/legacy_message.ts';
import * as batch from '../../src/protocol/record_batch.ts';
import { checkRecords, RecordWalker } from '../../src/protocol/records.ts';
import { fromHex, kernels, toHex } from './kernels.ts';

/** Bytes of a partition, what Apache Kafka reads in them, and what a leader's validation makes of them. */
export interface BatchVector {
  readonly name: string;
  readonly group: string;
  readonly hex: string;
  readonly expect: { readonly verdict: 'accept' | 'reject'; readonly validBytes?: number };
  readonly batches: readonly Readonly<Record<string, unknown>>[];
  readonly records?: readonly Readonly<Record<string, unknown>>[];
  readonly logValidator?: {
    readonly verdict: 'accept' | 'reject';
    readonly error?: ErrorName;
    readonly maxTimestamp?: number;
    readonly hex?: string;
    readonly sha256?: string;
  };
}

type Value = Record<string, unknown>;

const CODEC_NAMES = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const CONTROL_TYPES = [
  'ABORT',
  'COMMIT',
  'LEADER_CHANGE',
  'SNAPSHOT_HEADER',
  'SNAPSHOT_FOOTER',
  'KRAFT_VERSION',
  'KRAFT_VOTERS',
];
/** As Kafka, which has no bound. */
const BYTES_MAX = 100 << 20;
/** What the vectors were appended with. */
const BASE_OFFSET = 1000;
const LEADER_EPOCH = 5;
/** Bytes above this length are given by their digest. */
const LISTED_BYTES_MAX = 600;

const codecs = createCodecs(null);

/** What is wrong with how these bytes are read and checked; nothing, if nothing is. */
export function checkBatchVector(vector: BatchVector): string[] {
  const problems: string[] = [];
  checkReading(vector, problems);
  checkValidation(vector, problems);
  return problems;
}

/** Reads all batches and records, as a consumer or a dump does. */
function checkReading(vector: BatchVector, problems: string[]): void {
  const bytes = fromHex(vector.hex);
  const view = viewOf(bytes);
  const batches: Value[] = [];
  const records: Value[] = [];
  let at = 0;
  let sound = true;
  for (;;) {
    const size = batch.frameAt(view, at, bytes.length);
    if (size === batch.INCOMPLETE) break;
    sound = size !== batch.MALFORMED && readOne(view, bytes, at, at + size, batches, records);
    if (!sound) break;
    at += size;
  }
  const { verdict, validBytes } = vector.expect;
  if (sound !== (verdict === 'accept')) return void problems.push(`reading: ${sound ? 'accept' : 'reject'}`);
  if (!sound) return;
  if (at !== validBytes) problems.push(`${at} valid bytes instead of ${validBytes}`);
  compareAll('batch', batches, vector.batches, problems);
  if (vector.records !== undefined) compareAll('record', records, vector.records, problems);
}

function readOne(
  view: DataView,
  bytes: Uint8Array,
  start: number,
  end: number,
  batches: Value[],
  records: Value[],
): boolean {
  if (batch.magicOf(view, start) < batch.CURRENT_MAGIC) return readLegacy(view, bytes, start, end, batches, records);
  const facts = new batch.BatchFacts();
  if (batch.checkStoredBatch(view, bytes, start, end, kernels, facts) !== ErrorCode.NONE) return false;
  if (facts.codec > batch.CODEC_ZSTD || facts.recordCount < 0) return false;
  const logAppendTime = batch.isLogAppendTime(view, start);
  batches.push({
    magic: 2,
    baseOffset: facts.baseOffset,
    lastOffset: batch.lastOffsetOf(view, start),
    sizeInBytes: end - start,
    compression: CODEC_NAMES[facts.codec],
    timestampType: logAppendTime ? 'LogAppendTime' : 'CreateTime',
    maxTimestamp: facts.maxTimestamp,
    partitionLeaderEpoch: facts.leaderEpoch,
    checksum: batch.crcOf(view, start),
    baseTimestamp: facts.baseTimestamp,
    producerId: facts.producerId,
    producerEpoch: facts.producerEpoch,
    baseSequence: facts.baseSequence,
    lastSequence: batch.lastSequenceOf(view, start),
    count: facts.recordCount,
    isTransactional: facts.isTransactional,
    isControl: facts.isControl,
    deleteHorizonMs: batch.hasDeleteHorizon(view, start) ? facts.baseTimestamp : null,
  });
  if (facts.recordCount === 0) return true;
  const plain = plainRecords(bytes, start + batch.RECORDS_AT, end, facts.codec);
  if (plain === null) return false;
  const walker = new RecordWalker().reset(
    plain.bytes,
    plain.start,
    plain.end,
    facts.recordCount,
    facts.baseOffset,
    facts.baseTimestamp,
    logAppendTime ? facts.maxTimestamp : -1,
  );
  while (walker.next()) {
    const sequence =
      facts.baseSequence < 0 ? -1 : batch.sequenceAfter(facts.baseSequence, walker.offset - facts.baseOffset);
    const record = recordOf(plain.bytes, walker.offset, walker.timestamp, sequence, walker);
    if (facts.isControl && !addControlType(plain.bytes, walker, record)) return false;
    records.push(record);
  }
  return !walker.failed;
}

function recordOf(bytes: Uint8Array, offset: number, timestamp: number, sequence: number, walker: RecordWalker): Value {
  const headers: unknown[] = [];
  while (walker.nextHeader()) {
    const key = kernels.decodeText(bytes, walker.headerKeyStart, walker.headerKeyEnd);
    headers.push([key, listed(bytes, walker.headerValueStart, walker.headerValueEnd)]);
  }
  const key = listed(bytes, walker.keyStart, walker.keyEnd);
  return { offset, timestamp, sequence, key, value: listed(bytes, walker.valueStart, walker.valueEnd), headers };
}

/** The key of a control record: version and type, two int16. */
function addControlType(bytes: Uint8Array, walker: RecordWalker, record: Value): boolean {
  if (walker.keyStart < 0 || walker.keyEnd - walker.keyStart < 4) return false;
  const view = viewOf(bytes);
  if (view.getInt16(walker.keyStart) < 0) return false;
  record['controlType'] = CONTROL_TYPES[view.getInt16(walker.keyStart + 2)] ?? 'UNKNOWN';
  return true;
}

function readLegacy(
  view: DataView,
  bytes: Uint8Array,
  start: number,
  end: number,
  batches: Value[],
  records: Value[],
): boolean {
  const wrapper = new LegacyMessage();
  const crcFrom = start + LEGACY_CRC_AT + 4;
  if (view.getUint32(start + LEGACY_CRC_AT) !== crc32(bytes.subarray(crcFrom, end))) return false;
  if (!readLegacyMessage(view, start, end, wrapper)) return false;
  const found: Value[] = [];
  if (wrapper.codec === 0) found.push(legacyRecord(bytes, wrapper, wrapper.offset, wrapper.timestamp));
  else {
    const plain =
      wrapper.codec > batch.CODEC_LZ4 || wrapper.valueStart < 0
        ? null
        : plainRecords(checkable(bytes, wrapper), wrapper.valueStart, wrapper.valueEnd, wrapper.codec);
    if (plain === null) return false;
    const inner = new LegacyMessage();
    const innerView = viewOf(plain.bytes);
    for (let at = 0; at < plain.end; at = inner.end) {
      const innerEnd = legacyMessageEnd(innerView, at, plain.end);
      if (innerEnd < 0 || !readLegacyMessage(innerView, at, innerEnd, inner) || inner.codec !== 0) return false;
      found.push(
        legacyRecord(plain.bytes, inner, inner.offset, wrapper.isLogAppendTime ? wrapper.timestamp : inner.timestamp),
      );
    }
    if (found.length === 0) return false;
    if (wrapper.magic === 1) {
      const base = wrapper.offset - inner.offset;
      for (const record of found) record['offset'] = (record['offset'] as number) + base;
    }
  }
  records.push(...found);
  batches.push({
    magic: wrapper.magic,
    baseOffset: found[0]!['offset'],
    lastOffset: wrapper.offset,
    sizeInBytes: end - start,
    compression: CODEC_NAMES[wrapper.codec],
    timestampType: wrapper.magic === 0 ? 'NoTimestampType' : wrapper.isLogAppendTime ? 'LogAppendTime' : 'CreateTime',
    maxTimestamp: wrapper.timestamp,
  });
  return true;
}

/** In messages of magic 0, the checksum of an LZ4 header is over its magic, too: Kafka makes it right as it reads them. */
function checkable(bytes: Uint8Array, { magic, codec, valueStart }: LegacyMessage): Uint8Array {
  if (magic !== 0 || codec !== batch.CODEC_LZ4) return bytes;
  const end = valueStart + LZ4_CHECKSUM_AT;
  if (bytes[end] !== ((xxh32(bytes, valueStart, end) >>> 8) & 0xff)) return bytes;
  return bytes.with(end, (xxh32(bytes, valueStart + LZ4_FLAGS_AT, end) >>> 8) & 0xff);
}

/** Without a content size, as Kafka's clients write it. */
const LZ4_FLAGS_AT = 4;
const LZ4_CHECKSUM_AT = 6;

function legacyRecord(bytes: Uint8Array, message: LegacyMessage, offset: number, timestamp: number): Value {
  const key = listed(bytes, message.keyStart, message.keyEnd);
  return {
    offset,
    timestamp,
    sequence: -1,
    key,
    value: listed(bytes, message.valueStart, message.valueEnd),
    headers: [],
  };
}

function plainRecords(
  bytes: Uint8Array,
  start: number,
  end: number,
  codec: number,
): { bytes: Uint8Array; start: number; end: number } | null {
  if (codec === batch.CODEC_NONE) return { bytes, start, end };
  const plain = codecs.decompress(codec, bytes, start, end, BYTES_MAX);
  return plain instanceof CodecFailure ? null : { bytes: plain, start: 0, end: plain.length };
}

function listed(bytes: Uint8Array, start: number, end: number): unknown {
  if (start < 0) return null;
  const value = bytes.subarray(start, end);
  if (value.length <= LISTED_BYTES_MAX) return toHex(value);
  return { len: value.length, sha256: createHash('sha256').update(value).digest('hex') };
}

/** What a leader answers, and what it appends. */
function checkValidation(vector: BatchVector, problems: string[]): void {
  const bytes = fromHex(vector.hex);
  const view = viewOf(bytes);
  const facts = new batch.BatchFacts();
  const verdict = errorName(validate(view, bytes, facts));
  const expected = expectedErrors(vector, view);
  if (!expected.includes(verdict))
    return void problems.push(`validation: ${verdict} instead of ${expected.slice(0, 3).join(' or ')}`);
  if (verdict !== 'NONE') return;
  const appended = bytes.slice(0, facts.end);
  const appendedView = viewOf(appended);
  batch.patchBaseOffset(appendedView, 0, BASE_OFFSET);
  batch.patchLeaderEpoch(appendedView, 0, LEADER_EPOCH);
  batch.patchTimestamp(appendedView, appended, 0, false, facts.records.timestampMax, kernels);
  const { maxTimestamp, hex, sha256 } = vector.logValidator ?? {};
  if (maxTimestamp !== undefined && maxTimestamp !== facts.records.timestampMax) {
    problems.push(`validation: largest timestamp ${facts.records.timestampMax} instead of ${maxTimestamp}`);
  }
  // Kafka's validator passes on the incomplete bytes behind the batch; its log cuts them off later.
  if (hex !== undefined && !hex.startsWith(toHex(appended))) problems.push(`validation: appends ${toHex(appended)}`);
  const digest = createHash('sha256').update(appended).digest('hex');
  if (sha256 !== undefined && sha256 !== digest) problems.push('validation: appends other bytes');
}

/** `checkBatch`, and what the owner of a partition does beyond it: decompression, time. */
function validate(view: DataView, bytes: Uint8Array, facts: batch.BatchFacts): ErrorCode {
  const verdict = batch.checkBatch(view, bytes, 0, bytes.length, kernels, facts);
  if (verdict !== ErrorCode.NONE) return verdict;
  if (facts.codec !== batch.CODEC_NONE) {
    const plain = plainRecords(bytes, batch.RECORDS_AT, facts.end, facts.codec);
    if (plain === null) return ErrorCode.INVALID_RECORD;
    const records = checkRecords(
      viewOf(plain.bytes),
      plain.bytes,
      0,
      plain.end,
      facts.recordCount,
      facts.baseTimestamp,
      facts.records,
    );
    if (records !== ErrorCode.NONE || !facts.records.offsetsConsecutive) return ErrorCode.INVALID_RECORD;
    if (batch.isLogAppendTime(view, 0)) facts.records.timestampMax = facts.maxTimestamp;
  }
  const tooOld = facts.records.timestampMin < -(2 ** 62) || facts.records.timestampMax > 2 ** 62;
  return tooOld ? ErrorCode.INVALID_TIMESTAMP : ErrorCode.NONE;
}

/**
 * The answers that are right. The vectors' validator looks neither at the checksum nor at the base offset, which Kafka
 * does before it; it takes old formats, which Produce refuses since version 3; and of compressed records it lets pass
 * some that no consumer can read. Where it stumbles over an exception of its own, any refusal is right.
 */
function expectedErrors(vector: BatchVector, view: DataView): ErrorName[] {
  const { logValidator, expect, batches } = vector;
  const refusals: ErrorName[] = ['INVALID_RECORD', 'CORRUPT_MESSAGE', 'INVALID_TIMESTAMP'];
  if (
    logValidator?.verdict === 'reject' &&
    expect.verdict === 'accept' &&
    logValidator.error !== 'UNKNOWN_SERVER_ERROR'
  ) {
    return [logValidator.error!];
  }
  if (expect.verdict === 'reject' || logValidator?.verdict === 'reject') return refusals;
  if (batches.length === 0 || batches[0]!['magic'] !== 2) return ['INVALID_RECORD'];
  return view.getBigInt64(0) === 0n ? ['NONE'] : ['INVALID_RECORD'];
}

function compareAll(
  what: string,
  got: readonly Value[],
  expected: readonly Readonly<Value>[],
  problems: string[],
): void {
  if (got.length !== expected.length) problems.push(`${got.length} ${what}s instead of ${expected.length}`);
  for (let index = 0; index < Math.min(got.length, expected.length); index++) {
    for (const [name, value] of Object.entries(expected[index]!)) {
      const ours = got[index]![name];
      // Beyond 2^53 accessors round, and no leader accepts such a batch.
      if (typeof value === 'bigint' || isDeepStrictEqual(ours, value)) continue;
      problems.push(`${what} ${index} ${name}: ${JSON.stringify(ours)} instead of ${JSON.stringify(value)}`);
    }
  }
}
