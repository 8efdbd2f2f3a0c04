import { ByteReader, ByteWriter, type DecodeText } from '../base/bytes.ts';
import type { Kernels } from '../port/kernels.ts';

/**
 * The metadata log as bytes: record batches (magic 2) without keys, whose values are framed metadata records
 * (frame version 1, record type, record version, fields: KIP-631).
 */
const FRAME_VERSION = 1;
export const BATCH_HEADER_BYTES = 61;
/** Base offset and length stand before the bytes that the length counts. */
const BATCH_LENGTH_FROM = 12;

export interface BatchContext {
  readonly baseOffset: number;
  readonly leaderEpoch: number;
  readonly timestampMs: number;
}

/** A record on its way into the log. `write` writes its fields in the given version, without the frame. */
export interface MetadataRecord {
  readonly type: number;
  readonly version: number;
  write(writer: ByteWriter): void;
}

/** Writes one batch at the writer's position. */
export function writeMetadataBatch(
  writer: ByteWriter,
  kernels: Kernels,
  context: BatchContext,
  records: readonly MetadataRecord[],
): void {
  const start = writer.take(BATCH_HEADER_BYTES);
  const scratch = new ByteWriter(writer.encodeText, 256);
  for (let index = 0; index < records.length; index++) {
    const record = records[index]!;
    scratch.clear();
    scratch.unsignedVarint(FRAME_VERSION);
    scratch.unsignedVarint(record.type);
    scratch.unsignedVarint(record.version);
    record.write(scratch);
    const valueBytes = scratch.position;
    // attributes, timestamp delta 0, offset delta, null key, value, no headers
    const bodyBytes = 1 + 1 + varintBytes(index) + 1 + varintBytes(valueBytes) + valueBytes + 1;
    writer.varint(bodyBytes);
    writer.int8(0);
    writer.varint(0);
    writer.varint(index);
    writer.varint(-1);
    writer.varint(valueBytes);
    const at = writer.take(valueBytes);
    writer.bytes.set(scratch.bytes.subarray(0, valueBytes), at);
    writer.varint(0);
  }
  const view = writer.view;
  view.setBigInt64(start, BigInt(context.baseOffset));
  view.setInt32(start + 8, writer.position - start - BATCH_LENGTH_FROM);
  view.setInt32(start + 12, context.leaderEpoch);
  view.setInt8(start + 16, 2);
  view.setInt16(start + 21, 0);
  view.setInt32(start + 23, records.length - 1);
  view.setBigInt64(start + 27, BigInt(context.timestampMs));
  view.setBigInt64(start + 35, BigInt(context.timestampMs));
  view.setBigInt64(start + 43, -1n);
  view.setInt16(start + 51, -1);
  view.setInt32(start + 53, -1);
  view.setInt32(start + 57, records.length);
  view.setUint32(start + 17, kernels.crc32c(writer.bytes, start + 21, writer.position));
}

function varintBytes(value: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  let bytes = 1;
  while (zigzag >= 0x80) {
    zigzag >>>= 7;
    bytes++;
  }
  return bytes;
}

/** Where the batch whose header begins at `at` ends, as it says itself; -1 where no batch begins. */
function batchEnd(view: DataView, at: number): number {
  const end = at + BATCH_LENGTH_FROM + view.getInt32(at + 8);
  return end < at + BATCH_HEADER_BYTES || view.getInt8(at + 16) !== 2 ? -1 : end;
}

function hasRightCrc(kernels: Kernels, view: DataView, bytes: Uint8Array, at: number, end: number): boolean {
  return kernels.crc32c(bytes, at + 21, end) === view.getUint32(at + 17);
}

/** Whether an undamaged batch begins at `at`, behind which there are at least a header's bytes. */
export function isWholeBatch(kernels: Kernels, view: DataView, bytes: Uint8Array, at: number): boolean {
  const end = batchEnd(view, at);
  return end >= 0 && end <= bytes.length && hasRightCrc(kernels, view, bytes, at, end);
}

/** Why the reading of a metadata log stopped. `end` is orderly: all whole batches were read. */
export type MetadataReadOutcome = 'end' | 'torn' | 'corrupt';

/**
 * Walks whole batches in `bytes[0, length)` and hands out their records. Returns where the first batch that is not
 * whole begins. A batch whose CRC or framing is wrong, or that does not begin at the offset where the one before it
 * ended (the CRC does not cover the offset), ends the walk with `corrupt`.
 */
export class MetadataBatchReader {
  readonly #kernels: Kernels;
  readonly #reader: ByteReader;
  /** Offset behind the last record handed out. */
  nextOffset = 0;
  outcome: MetadataReadOutcome = 'end';

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
    const decodeText: DecodeText = (bytes, start, end) => kernels.decodeText(bytes, start, end);
    this.#reader = new ByteReader(decodeText);
  }

  /** The reader positioned at a record's fields, for the callback of `read`. */
  get fields(): ByteReader {
    return this.#reader;
  }

  /** `onRecord` reads the fields from `fields`, which ends where the record ends. */
  read(bytes: Uint8Array, length: number, onRecord: (type: number, version: number) => void): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    this.outcome = 'end';
    while (at < length) {
      if (length - at < BATCH_HEADER_BYTES) return this.#stop('torn', at);
      const end = batchEnd(view, at);
      if (end < 0) return this.#stop('corrupt', at);
      if (Number(view.getBigInt64(at)) !== this.nextOffset) return this.#stop('corrupt', at);
      if (end > length) return this.#stop('torn', at);
      if (!hasRightCrc(this.#kernels, view, bytes, at, end)) return this.#stop('corrupt', at);
      const isControl = (view.getInt16(at + 21) & 0x20) !== 0;
      if (!isControl && !this.#records(view, bytes, at, end, onRecord)) return this.#stop('corrupt', at);
      this.nextOffset += view.getInt32(at + 23) + 1;
      at = end;
    }
    return at;
  }

  #records(
    view: DataView,
    bytes: Uint8Array,
    start: number,
    end: number,
    onRecord: (type: number, version: number) => void,
  ): boolean {
    const count = view.getInt32(start + 57);
    let at = start + BATCH_HEADER_BYTES;
    const reader = this.#reader;
    for (let index = 0; index < count; index++) {
      reader.reset(view, bytes, at, end);
      const bodyBytes = reader.varint();
      const next = reader.position + bodyBytes;
      if (reader.failed || bodyBytes < 0 || next > end) return false;
      reader.int8();
      reader.varlong();
      reader.varint();
      const keyBytes = reader.varint();
      if (keyBytes > 0) reader.take(keyBytes);
      const valueBytes = reader.varint();
      const value = reader.take(valueBytes);
      if (reader.failed || value < 0) return false;
      reader.reset(view, bytes, value, value + valueBytes);
      const frameVersion = reader.unsignedVarint();
      const type = reader.unsignedVarint();
      const version = reader.unsignedVarint();
      if (reader.failed || frameVersion !== FRAME_VERSION) return false;
      onRecord(type, version);
      at = next;
    }
    return at === end;
  }

  #stop(outcome: MetadataReadOutcome, at: number): number {
    this.outcome = outcome;
    return at;
  }
}
