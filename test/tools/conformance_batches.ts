import { crc32 } from 'node:zlib';
import { ByteWriter } from '../../src/base/bytes.ts';
import { createCodecs } from '../../src/platform/codecs.ts';
import * as batch from '../../src/protocol/record_batch.ts';
import { kernels } from './kernels.ts';

/** A record batch as templates describe it. */
export interface BatchTemplate {
  /** Key and value, null or text. */
  readonly records: readonly (readonly [string | null, string | null])[];
  readonly codec?: string;
  /** 0 and 1 are the formats before batches: a sequence of messages, which no codec compresses here. */
  readonly magic?: number;
  /** Base offset. */
  readonly base?: number;
  /** Timestamp of the first record; each further one is a millisecond later. -1: none has one. */
  readonly ts?: number;
  readonly pid?: number;
  readonly epoch?: number;
  readonly seq?: number;
  readonly txn?: boolean;
  /** Spoil the last byte after the checksum was made. */
  readonly flip?: boolean;
}

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const FIRST_TIMESTAMP = 1_700_000_000_000;
/** The codec's own default. */
const LEVELS = [0, 6, 0, 1, 3];

const compression = createCodecs(null);

export function buildBatch(template: BatchTemplate): Uint8Array {
  const bytes = template.magic === 0 || template.magic === 1 ? messages(template, template.magic) : current(template);
  if (template.flip === true) bytes[bytes.length - 1]! ^= 0x10;
  return bytes;
}

function timestampOf(template: BatchTemplate, index: number): number {
  const first = template.ts ?? FIRST_TIMESTAMP;
  return first < 0 ? first : first + index;
}

function current(template: BatchTemplate): Uint8Array {
  const { records } = template;
  const codec = CODECS.indexOf(template.codec ?? 'none');
  if (codec < 0) throw new Error(`no codec ${template.codec}`);
  const plain = new ByteWriter(kernels.encodeText, 256);
  for (let index = 0; index < records.length; index++) putRecord(plain, template, index);
  const payload = codec === 0 ? plain.written() : compress(codec, plain.written());
  const writer = new ByteWriter(kernels.encodeText, batch.RECORDS_AT + payload.length);
  writer.int64(template.base ?? 0);
  writer.int32(batch.RECORDS_AT - batch.LOG_OVERHEAD + payload.length);
  writer.int32(batch.NO_PARTITION_LEADER_EPOCH);
  writer.int8(batch.CURRENT_MAGIC);
  writer.int32(0);
  writer.int16(codec | (template.txn === true ? batch.TRANSACTIONAL_BIT : 0));
  writer.int32(records.length - 1);
  writer.int64(timestampOf(template, 0));
  writer.int64(timestampOf(template, records.length - 1));
  writer.int64(template.pid ?? batch.NO_PRODUCER_ID);
  writer.int16(template.epoch ?? batch.NO_PRODUCER_EPOCH);
  writer.int32(template.seq ?? batch.NO_SEQUENCE);
  writer.int32(records.length);
  writer.raw(payload);
  batch.patchCrc(writer.view, writer.bytes, 0, kernels);
  return writer.copyWritten();
}

function compress(codec: number, plain: Uint8Array): Uint8Array {
  return compression.compress(codec, plain, 0, plain.length, LEVELS[codec]!);
}

function putRecord(into: ByteWriter, template: BatchTemplate, index: number): void {
  const [key, value] = template.records[index]!;
  const body = new ByteWriter(kernels.encodeText, 64);
  body.int8(0);
  body.varlong(timestampOf(template, index) - timestampOf(template, 0));
  body.varint(index);
  for (const text of [key, value]) {
    if (text === null) {
      body.varint(-1);
      continue;
    }
    const bytes = kernels.encodeText(text);
    body.varint(bytes.length);
    body.raw(bytes);
  }
  body.varint(0);
  into.varint(body.position);
  into.raw(body.written());
}

/** Formats 0 and 1: each record is a message with a checksum of its own. */
function messages(template: BatchTemplate, magic: number): Uint8Array {
  const writer = new ByteWriter(kernels.encodeText, 256);
  template.records.forEach(([key, value], index) => {
    const body = new ByteWriter(kernels.encodeText, 64);
    body.int8(magic);
    body.int8(0);
    if (magic === 1) body.int64(timestampOf(template, index));
    body.bytesField(key === null ? null : kernels.encodeText(key));
    body.bytesField(value === null ? null : kernels.encodeText(value));
    writer.int64((template.base ?? 0) + index);
    writer.int32(body.position + 4);
    writer.uint32(crc32(body.written()) | 0);
    writer.raw(body.written());
  });
  return writer.copyWritten();
}
