/** Record batches of format 2, uncompressed, as the process tests write and read them. */
import { FieldReader, Fields } from './wire.ts';

const castagnoliTable = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f6_3b78 : value >>> 1;
  return value;
});

export function crc32c(bytes: Uint8Array): number {
  let value = 0xffff_ffff;
  for (const byte of bytes) value = (castagnoliTable[(value ^ byte) & 0xff] as number) ^ (value >>> 8);
  return (value ^ 0xffff_ffff) >>> 0;
}

const crcPosition = 17;
/** The CRC covers everything from the attributes on. */
const crcStart = 21;
const headerBytes = 61;

/** One batch that holds `values` in order, without keys or headers. */
export function recordBatch(values: readonly (string | Uint8Array)[], timestamp = 1_700_000_000_000): Buffer {
  const records = new Fields();
  for (const [index, value] of values.entries()) {
    const bytes = Buffer.from(value as Uint8Array);
    const record = new Fields()
      .int8(0)
      .varint(0)
      .varint(index)
      .varint(-1)
      .varint(bytes.length)
      .raw(bytes)
      .varint(0)
      .build();
    records.varint(record.length).raw(record);
  }
  const body = new Fields()
    .int16(0)
    .int32(values.length - 1)
    .int64(timestamp)
    .int64(timestamp)
    .int64(-1)
    .int16(-1)
    .int32(-1)
    .int32(values.length)
    .raw(records.build())
    .build();
  const crc = new Fields().int32(crc32c(body) | 0).build();
  const rest = new Fields().int32(-1).int8(2).raw(crc).raw(body).build();
  return new Fields().int64(0).int32(rest.length).raw(rest).build();
}

/** The same batch with one bit of its CRC turned. */
export function withWrongCrc(batch: Buffer): Buffer {
  const copy = Buffer.from(batch);
  copy.writeUInt8(copy.readUInt8(crcPosition) ^ 1, crcPosition);
  return copy;
}

export interface ReadRecord {
  readonly offset: number;
  readonly value: Buffer;
}

/**
 * All records of the whole batches in `bytes`, checked as a consumer checks them; a batch cut off at the end is
 * left out, as the protocol allows.
 */
export function readRecords(bytes: Buffer): ReadRecord[] {
  const records: ReadRecord[] = [];
  let position = 0;
  while (position + headerBytes <= bytes.length) {
    const baseOffset = Number(bytes.readBigInt64BE(position));
    const end = position + 12 + bytes.readInt32BE(position + 8);
    if (end > bytes.length) break;
    const magic = bytes.readInt8(position + 16);
    if (magic !== 2) throw new Error(`batch at offset ${baseOffset} has magic ${magic}`);
    if (crc32c(bytes.subarray(position + crcStart, end)) !== bytes.readUInt32BE(position + crcPosition)) {
      throw new Error(`batch at offset ${baseOffset} has a wrong CRC`);
    }
    const reader = new FieldReader(bytes.subarray(0, end), position + headerBytes);
    for (let count = bytes.readInt32BE(position + 57); count > 0; count--) {
      const recordEnd = reader.varint() + reader.position;
      reader.int8();
      reader.varint();
      const offset = baseOffset + reader.varint();
      const keyLength = reader.varint();
      if (keyLength > 0) reader.slice(keyLength);
      records.push({ offset, value: reader.slice(reader.varint()) });
      reader.position = recordEnd;
    }
    position = end;
  }
  return records;
}
