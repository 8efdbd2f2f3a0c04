/**
 * Record batches of magic 2 with records of one size, built once before a run. A batch is the same bytes each time it
 * is sent: the leader assigns the offsets, and nothing else in it depends on where it lands.
 */
import { WireWriter } from './wire.ts';

/** Bytes before the first record. */
export const BATCH_OVERHEAD = 61;
/** Where the CRC-32C stands; it covers everything behind it. */
const CRC_AT = 17;

export interface BatchShape {
  /** Bytes of each record's value. There is no key and there are no headers. */
  readonly recordBytes: number;
  /** Upper bound of the batch; as many records as fit, at least one. */
  readonly batchBytes: number;
}

export interface BuiltBatch {
  readonly bytes: Buffer;
  readonly records: number;
}

/** Builds a batch of incompressible records. `timestampMs` is that of all records. */
export function buildBatch(shape: BatchShape, timestampMs: number): BuiltBatch {
  const records: Buffer[] = [];
  let length = BATCH_OVERHEAD;
  for (;;) {
    const record = buildRecord(records.length, shape.recordBytes);
    if (records.length > 0 && length + record.length > shape.batchBytes) break;
    records.push(record);
    length += record.length;
  }
  const writer = new WireWriter();
  writer
    .int64(0)
    .int32(length - 12)
    .int32(-1)
    .int8(2)
    .uint32(0);
  writer
    .int16(0)
    .int32(records.length - 1)
    .int64(timestampMs)
    .int64(timestampMs);
  writer.int64(-1).int16(-1).int32(-1).int32(records.length);
  for (const record of records) writer.raw(record);
  const bytes = writer.finish();
  bytes.writeUInt32BE(crc32c(bytes, CRC_AT + 4, bytes.length), CRC_AT);
  return { bytes, records: records.length };
}

function buildRecord(offsetDelta: number, valueBytes: number): Buffer {
  const body = new WireWriter();
  body.int8(0).varint(0).varint(offsetDelta).varint(-1).varint(valueBytes);
  const value = Buffer.alloc(valueBytes);
  let state = (offsetDelta + 1) >>> 0;
  for (let index = 0; index < valueBytes; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    value[index] = state >>> 24;
  }
  body.raw(value).varint(0);
  const bytes = body.finish();
  return new WireWriter().varint(bytes.length).raw(bytes).finish();
}

const CRC_TABLE = buildCrcTable();

/** CRC-32C (Castagnoli), a byte at a time: only frames are built with it, before a run. */
export function crc32c(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0xffffffff;
  for (let index = start; index < end; index++) crc = (CRC_TABLE[(crc ^ bytes[index]!) & 0xff]! ^ (crc >>> 8)) >>> 0;
  return ~crc >>> 0;
}

function buildCrcTable(): Uint32Array {
  const table = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    table[byte] = crc >>> 0;
  }
  return table;
}
