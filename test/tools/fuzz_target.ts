import assert from 'node:assert/strict';
import { ByteReader, ByteWriter, ELEMENTS_MAX, viewOf } from '../../src/base/bytes.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { codecOf } from '../../src/protocol/codec.ts';
import { FetchRequestWalker } from '../../src/protocol/fetch_walker.ts';
import { readRequestHeader, RequestHeader } from '../../src/protocol/headers.ts';
import { LegacyMessage, legacyMessageEnd, readLegacyMessage } from '../../src/protocol/legacy_message.ts';
import { ProduceRequestWalker } from '../../src/protocol/produce_walker.ts';
import { BatchFacts, checkBatch, frameAt, patchCrc, RECORDS_AT } from '../../src/protocol/record_batch.ts';
import { checkRecords, RecordWalker } from '../../src/protocol/records.ts';
import type { Fields, Message } from '../../src/protocol/schema_language.ts';
import { kernels } from './kernels.ts';

/**
 * What must hold for any bytes: nothing throws, nothing reads outside, no more elements come out than bytes went in,
 * and what was decoded can be encoded and decoded again to the same.
 */
const reader = new ByteReader(kernels.decodeText);
const again = new ByteReader(kernels.decodeText);
const writer = new ByteWriter(kernels.encodeText);
const header = new RequestHeader();
const produce = new ProduceRequestWalker();
const fetch = new FetchRequestWalker();
const facts = new BatchFacts();
const walker = new RecordWalker();
const legacy = new LegacyMessage();

/** Returns whether the bytes are such a message. */
export function fuzzMessage(message: Message, version: number, bytes: Uint8Array): boolean {
  const codec = codecOf(message);
  const decoded = codec.decode(reader.resetTo(bytes), version);
  assert.ok(reader.position <= bytes.length);
  checkElements(reader, message, bytes, decoded !== null);
  assert.equal(decoded === null, reader.failed);
  if (message.name === 'ProduceRequest') fuzzProduce(bytes, version, decoded !== null && reader.remaining === 0);
  if (message.name === 'FetchRequest') fuzzFetch(bytes, version, decoded !== null && reader.remaining === 0);
  if (decoded === null) return false;
  codec.encode(writer.clear(), version, decoded);
  const second = codec.decode(again.reset(writer.view, writer.bytes, 0, writer.position), version);
  assert.equal(again.remaining, 0);
  assert.deepEqual(second, decoded);
  return true;
}

/**
 * Each element takes a byte at least. Bytes that fail may have announced, in an array within an array, all that is left
 * at each depth.
 */
export function checkElements(used: ByteReader, message: Message, bytes: Uint8Array, wellFormed: boolean): void {
  const elements = ELEMENTS_MAX - used.elementsLeft;
  const depth = wellFormed ? 1 : arrayDepth(message.fields);
  assert.ok(elements <= bytes.length * depth, `${elements} elements in ${bytes.length} bytes`);
}

function arrayDepth(fields: Fields): number {
  let deepest = 0;
  for (const field of Object.values(fields)) {
    const inside = field.element?.fields ?? field.fields;
    deepest = Math.max(deepest, (field.kind === 'array' ? 1 : 0) + (inside === null ? 0 : arrayDepth(inside)));
  }
  return deepest;
}

function fuzzProduce(bytes: Uint8Array, version: number, wellFormed: boolean): void {
  const sound = produce.reset(viewOf(bytes), bytes, 0, bytes.length, version);
  assert.equal(sound, wellFormed, 'walker and codec disagree');
  let partitions = 0;
  while (produce.nextTopic()) while (produce.nextPartition()) partitions++;
  assert.equal(partitions, sound ? produce.partitionCountTotal : 0);
}

function fuzzFetch(bytes: Uint8Array, version: number, wellFormed: boolean): void {
  const sound = fetch.reset(viewOf(bytes), bytes, 0, bytes.length, version);
  // The codec refuses offsets beyond 2^53, which the walker rounds.
  assert.ok(sound || !wellFormed, 'walker and codec disagree');
  let partitions = 0;
  while (fetch.nextTopic()) while (fetch.nextPartition()) partitions++;
  assert.equal(partitions, sound ? fetch.partitionCountTotal : 0);
}

export function fuzzHeader(bytes: Uint8Array): boolean {
  const code = readRequestHeader(reader.resetTo(bytes), header);
  assert.ok(header.clientIdEnd <= bytes.length && reader.position <= bytes.length);
  return code === ErrorCode.NONE;
}

/** `repair` makes the checksum right, so that what lies behind it is reached. */
export function fuzzBatch(bytes: Uint8Array, repair: boolean): boolean {
  const view = viewOf(bytes);
  const size = frameAt(view, 0, bytes.length);
  assert.ok(size < 0 || size <= bytes.length);
  if (repair && size >= RECORDS_AT) patchCrc(view, bytes, 0, kernels);
  const verdict = checkBatch(view, bytes, 0, bytes.length, kernels, facts);
  if (size >= RECORDS_AT) {
    const count = view.getInt32(57);
    const sound = checkRecords(viewOf(bytes), bytes, RECORDS_AT, size, count, 0, facts.records) === ErrorCode.NONE;
    walker.reset(bytes, RECORDS_AT, size, count, 0, 0);
    while (walker.next()) {
      assert.ok(walker.end <= size && walker.keyEnd <= walker.end && walker.valueEnd <= walker.end);
      while (walker.nextHeader()) assert.ok(walker.headerValueEnd <= walker.end);
    }
    if (count >= 0) assert.equal(walker.failed, !sound);
  }
  for (let at = 0; at >= 0 && at < bytes.length;) {
    const end = legacyMessageEnd(view, at, bytes.length);
    if (end >= 0 && readLegacyMessage(view, at, end, legacy)) assert.ok(legacy.keyEnd <= end && legacy.valueEnd <= end);
    at = end;
  }
  return verdict === ErrorCode.NONE;
}
