/**
 * Record batches of magic 2 with records of one size, built once before a run. A batch is the same bytes each time it
 * is sent: the leader assigns the offsets, and nothing else in it depends on where it lands.
 */
import { zstdCompressSync } from 'node:zlib';
import * as lz4 from 'lz4-napi';
import type { Compression } from '../rows.ts';
import { WireWriter } from './wire.ts';

/** Bytes before the first record. */
export const BATCH_OVERHEAD = 61;
/** Where the CRC-32C stands; it covers everything behind it. */
const CRC_AT = 17;

export interface BatchShape {
  /** Bytes of each record's value. There is no key and there are no headers. */
  readonly recordBytes: number;
  /** Upper bound of the batch before compression; as many records as fit, at least one. */
  readonly batchBytes: number;
  /** None unless said. */
  readonly compression?: Compression;
}

export interface BuiltBatch {
  readonly bytes: Buffer;
  readonly records: number;
  /** Length before compression. */
  readonly plainBytes: number;
}

/** The package has it, but its types do not tell. */
const { compressFrameSync } = lz4 as unknown as { compressFrameSync(plain: Uint8Array): Uint8Array };

/** The codec's number in the batch's attributes. */
const CODEC = { none: 0, lz4: 3, zstd: 4 } as const;
/** Values that are to be compressed are made of these: like a log line, and about a third of it after compression. */
const WORDS = 'topic offset leader replica epoch fetch append commit segment index record batch broker client'.split(
  ' ',
);

/** Builds a batch; its records cannot be compressed unless they are to be. `timestampMs` is that of all records. */
export function buildBatch(shape: BatchShape, timestampMs: number): BuiltBatch {
  const { compression = 'none' } = shape;
  const records: Buffer[] = [];
  let length = BATCH_OVERHEAD;
  for (;;) {
    const record = buildRecord(records.length, shape.recordBytes, compression !== 'none');
    if (records.length > 0 && length + record.length > shape.batchBytes) break;
    records.push(record);
    length += record.length;
  }
  const plain = Buffer.concat(records);
  const payload = compress(plain, compression);
  const writer = new WireWriter();
  writer
    .int64(0)
    .int32(BATCH_OVERHEAD + payload.length - 12)
    .int32(-1)
    .int8(2)
    .uint32(0);
  writer
    .int16(CODEC[compression])
    .int32(records.length - 1)
    .int64(timestampMs)
    .int64(timestampMs);
  writer.int64(-1).int16(-1).int32(-1).int32(records.length);
  const bytes = writer.raw(payload).finish();
  bytes.writeUInt32BE(crc32c(bytes, CRC_AT + 4, bytes.length), CRC_AT);
  return { bytes, records: records.length, plainBytes: length };
}

function compress(plain: Buffer, compression: Compression): Uint8Array {
  switch (compression) {
    case 'none':
      return plain;
    case 'lz4':
      return compressFrameSync(plain);
    case 'zstd':
      return zstdCompressSync(plain);
  }
}

function buildRecord(offsetDelta: number, valueBytes: number, words: boolean): Buffer {
  const body = new WireWriter();
  body.int8(0).varint(0).varint(offsetDelta).varint(-1).varint(valueBytes);
  const value = Buffer.alloc(valueBytes);
  let state = (offsetDelta + 1) >>> 0;
  for (let index = 0; index < valueBytes; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    value[index] = state >>> 24;
    // Every third byte or so stays as it is: numbers between the words.
    if (!words || value[index]! < 16) continue;
    index += value.write(`${WORDS[(state >>> 16) % WORDS.length]} `, index, 'latin1') - 1;
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
