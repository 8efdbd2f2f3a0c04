import { viewOf } from '../../src/base/bytes.ts';
import { CodecFailure } from '../../src/port/codecs.ts';
import { createCodecs } from '../../src/platform/codecs.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import * as batch from '../../src/protocol/record_batch.ts';
import { RecordWalker } from '../../src/protocol/records.ts';
import type { Json, JsonObject } from './conformance_json.ts';
import { kernels } from './kernels.ts';

/** What zeros can be compressed to is not this tool's concern. */
const BYTES_MAX = 256 << 20;
const codecs = createCodecs(null);

/** The records of all whole batches, as transcripts list them. Batches that cannot be read are said to be so. */
export function decodedRecords(bytes: Uint8Array | null): Json {
  const records: Json[] = [];
  for (const each of readBatches(bytes ?? new Uint8Array(0))) {
    for (const { offset, timestamp, key, value } of each.records) {
      const { producerId, leaderEpoch, transactional } = each;
      records.push({
        offset,
        timestamp,
        key: text(key),
        value: text(value),
        producerId,
        leaderEpoch,
        transactional,
      });
    }
    if (each.unreadable !== null) records.push({ unreadable: each.unreadable });
  }
  return records;
}

/**
 * What batches say, for comparison where their bytes differ: by how well something was compressed, by a producer's id,
 * by a batch cut off at the end. Base64 in, as in the JSON of messages.
 */
export function batchesAsJson(base64: string): Json {
  return readBatches(new Uint8Array(Buffer.from(base64, 'base64'))).map(({ header, records, unreadable }) => ({
    ...header,
    ...(unreadable === null ? {} : { unreadable }),
    records: records.map(({ offset, timestamp, key, value, headers }) => ({
      offset,
      timestamp,
      key: hex(key),
      value: hex(value),
      headers,
    })),
  }));
}

interface BatchRead {
  readonly header: JsonObject;
  readonly producerId: number;
  readonly leaderEpoch: number;
  readonly transactional: boolean;
  readonly records: readonly RecordRead[];
  readonly unreadable: string | null;
}

interface RecordRead {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly Json[];
}

function readBatches(bytes: Uint8Array): BatchRead[] {
  const view = viewOf(bytes);
  const batches: BatchRead[] = [];
  for (let at = 0; ;) {
    const size = batch.frameAt(view, at, bytes.length);
    // What is cut off at the end is no batch yet.
    if (size === batch.INCOMPLETE) return batches;
    if (size === batch.MALFORMED) {
      batches.push(unreadableBatch('no batch begins here'));
      return batches;
    }
    batches.push(readBatch(view, bytes, at, at + size));
    at += size;
  }
}

function readBatch(view: DataView, bytes: Uint8Array, start: number, end: number): BatchRead {
  const facts = new batch.BatchFacts();
  if (batch.checkStoredBatch(view, bytes, start, end, kernels, facts) !== ErrorCode.NONE) {
    return unreadableBatch('not of format 2, or with a wrong checksum');
  }
  const { producerId, leaderEpoch, isTransactional: transactional } = facts;
  const header = {
    baseOffset: facts.baseOffset,
    leaderEpoch,
    attributes: facts.attributes,
    lastOffsetDelta: facts.lastOffsetDelta,
    baseTimestamp: facts.baseTimestamp,
    maxTimestamp: facts.maxTimestamp,
    producerId,
    producerEpoch: facts.producerEpoch,
    baseSequence: facts.baseSequence,
    recordCount: facts.recordCount,
  };
  const plain = facts.codec === batch.CODEC_NONE ? bytes.subarray(start + batch.RECORDS_AT, end) : null;
  const unpacked =
    plain ?? codecs.decompress(facts.codec, bytes.subarray(start, end), batch.RECORDS_AT, end - start, BYTES_MAX);
  if (unpacked instanceof CodecFailure) {
    return { header, producerId, leaderEpoch, transactional, records: [], unreadable: unpacked.detail };
  }
  const walker = new RecordWalker().reset(
    unpacked,
    0,
    unpacked.length,
    facts.recordCount,
    facts.baseOffset,
    facts.baseTimestamp,
    batch.isLogAppendTime(view, start) ? facts.maxTimestamp : -1,
  );
  const records: RecordRead[] = [];
  while (walker.next()) records.push(readRecord(walker));
  const unreadable = walker.failed ? `record ${records.length} is malformed` : null;
  return { header, producerId, leaderEpoch, transactional, records, unreadable };
}

function readRecord(walker: RecordWalker): RecordRead {
  const { bytes, offset, timestamp } = walker;
  const headers: Json[] = [];
  while (walker.nextHeader()) {
    headers.push([
      hex(piece(bytes, walker.headerKeyStart, walker.headerKeyEnd)),
      hex(piece(bytes, walker.headerValueStart, walker.headerValueEnd)),
    ]);
  }
  const key = piece(bytes, walker.keyStart, walker.keyEnd);
  return { offset, timestamp, key, value: piece(bytes, walker.valueStart, walker.valueEnd), headers };
}

function unreadableBatch(unreadable: string): BatchRead {
  return { header: {}, producerId: -1, leaderEpoch: -1, transactional: false, records: [], unreadable };
}

function piece(bytes: Uint8Array, start: number, end: number): Uint8Array | null {
  return start < 0 ? null : bytes.subarray(start, end);
}

function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : kernels.decodeText(bytes, 0, bytes.length);
}

function hex(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString('hex');
}
