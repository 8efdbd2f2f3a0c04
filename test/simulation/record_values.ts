import { gzipSync } from 'node:zlib';
import { ByteWriter } from '../../src/base/bytes.ts';
import {
  ATTRIBUTES_AT,
  CODEC_GZIP,
  computeCrc,
  CRC_AT,
  LAST_OFFSET_DELTA_AT,
  LENGTH_AT,
  LOG_OVERHEAD,
  baseOffsetOf,
  baseTimestampOf,
  crcOf,
  lastOffsetDeltaOf,
  recordCountOf,
  RECORDS_AT,
  sizeOf,
} from '../../src/protocol/record_batch.ts';
import { RecordWalker } from '../../src/protocol/records.ts';
import { simKernels } from './sim_kernels.ts';
import { unpackedBytesMax } from './small_codecs.ts';
import { checksum } from './world.ts';

/** Bytes of a value beside its pattern: the number. */
const numberBytes = 4;

/** One record to be sent: its number, and how long its pattern is. */
export interface Value {
  readonly number: number;
  readonly patternBytes: number;
}

/** A batch of format 2 with these values, as a producer without idempotence sends it. */
export function encodeBatch(values: readonly Value[], timestampMs: number): Uint8Array {
  const writer = new ByteWriter(simKernels.encodeText);
  writer.int64(0);
  writer.int32(0);
  writer.int32(-1);
  writer.int8(2);
  writer.int32(0);
  writer.int16(0);
  writer.int32(0);
  writer.int64(timestampMs);
  writer.int64(timestampMs);
  writer.int64(-1);
  writer.int16(-1);
  writer.int32(-1);
  writer.int32(values.length);
  values.forEach((value, index) => writeRecord(writer, value, index));
  const batch = writer.copyWritten();
  const view = new DataView(batch.buffer);
  view.setInt32(LENGTH_AT, batch.length - LOG_OVERHEAD);
  view.setInt32(LAST_OFFSET_DELTA_AT, values.length - 1);
  view.setUint32(CRC_AT, computeCrc(batch, 0, batch.length, simKernels));
  return batch;
}

/** A batch of one record that unpacks to more than `unpackedBytesMax` of zeros, from a few KiB. */
export function bombBatch(): Uint8Array {
  bomb ??= encodeBomb();
  return bomb;
}

let bomb: Uint8Array | null = null;

function encodeBomb(): Uint8Array {
  const valueBytes = 2 * unpackedBytesMax;
  const head = new ByteWriter(simKernels.encodeText);
  head.int8(0);
  head.varlong(0);
  head.varint(0);
  head.varint(-1);
  head.varint(valueBytes);
  const records = new ByteWriter(simKernels.encodeText);
  records.varint(head.position + valueBytes + 1);
  records.raw(head.written());
  // The last zero is the number of headers.
  const packed = gzipSync(Buffer.concat([records.written(), new Uint8Array(valueBytes + 1)]));
  const empty = encodeBatch([], 1_750_000_000_000);
  const batch = new Uint8Array(empty.length + packed.length);
  batch.set(empty);
  batch.set(packed, empty.length);
  const view = new DataView(batch.buffer);
  view.setInt32(LENGTH_AT, batch.length - LOG_OVERHEAD);
  view.setInt16(ATTRIBUTES_AT, CODEC_GZIP);
  view.setInt32(LAST_OFFSET_DELTA_AT, 0);
  view.setInt32(RECORDS_AT - 4, 1);
  view.setUint32(CRC_AT, computeCrc(batch, 0, batch.length, simKernels));
  return batch;
}

function writeRecord(writer: ByteWriter, { number, patternBytes }: Value, index: number): void {
  const body = new ByteWriter(simKernels.encodeText);
  body.int8(0);
  body.varlong(0);
  body.varint(index);
  body.varint(-1);
  body.varint(numberBytes + patternBytes);
  body.int32(number);
  for (let at = 0; at < patternBytes; at++) body.int8(patternAt(number, at));
  body.varint(0);
  const bytes = body.written();
  writer.varint(bytes.length);
  writer.raw(bytes);
}

export interface DecodedRecord {
  readonly offset: number;
  readonly number: number;
  readonly sum: number;
}

/** What is wrong with fetched bytes, or the records that lie in whole batches; a batch cut short at the end is normal. */
export function decodeBatches(bytes: Uint8Array): DecodedRecord[] | string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: DecodedRecord[] = [];
  for (let at = 0; at + LOG_OVERHEAD <= bytes.length;) {
    const size = sizeOf(view, at);
    if (size < RECORDS_AT) return `a batch of ${size} bytes`;
    if (at + size > bytes.length) break;
    if (crcOf(view, at) !== computeCrc(bytes, at, size, simKernels)) return `a batch with a wrong checksum at ${at}`;
    if ((view.getInt16(at + ATTRIBUTES_AT) & 0x27) !== 0) return 'attributes that nobody sent';
    const problem = decodeBatch(bytes, view, at, size, found);
    if (problem !== null) return problem;
    at += size;
  }
  return found;
}

function decodeBatch(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  size: number,
  into: DecodedRecord[],
): string | null {
  const count = recordCountOf(view, at);
  if (lastOffsetDeltaOf(view, at) !== count - 1) return 'a batch whose last offset delta is not its count';
  const walker = new RecordWalker().reset(
    bytes,
    at + RECORDS_AT,
    at + size,
    count,
    baseOffsetOf(view, at),
    baseTimestampOf(view, at),
  );
  while (walker.next()) {
    const start = walker.valueStart;
    const end = walker.valueEnd;
    if (end - start < numberBytes) return `a value of ${end - start} bytes`;
    const number = view.getInt32(start);
    for (let place = start + numberBytes; place < end; place++) {
      const expected = patternAt(number, place - start - numberBytes) & 0xff;
      if (bytes[place] !== expected) return `value ${number} at ${walker.offset} has other bytes than were sent`;
    }
    into.push({ offset: walker.offset, number, sum: checksum(bytes, start, end) });
  }
  return walker.failed ? 'malformed records' : null;
}

const patternAt = (number: number, at: number): number => (Math.imul(number, 0x9e3779b1) >>> (at % 24)) + at;
