import { assert } from '../base/assert.ts';
import type { ByteWriter } from '../base/bytes.ts';
import type { Kernels } from '../port/kernels.ts';
import {
  ATTRIBUTES_AT,
  BASE_OFFSET_AT,
  BASE_SEQUENCE_AT,
  BASE_TIMESTAMP_AT,
  CONTROL_BIT,
  CURRENT_MAGIC,
  LAST_OFFSET_DELTA_AT,
  LEADER_EPOCH_AT,
  LENGTH_AT,
  LOG_OVERHEAD,
  MAGIC_AT,
  MAX_TIMESTAMP_AT,
  patchCrc,
  PRODUCER_EPOCH_AT,
  PRODUCER_ID_AT,
  RECORD_COUNT_AT,
  RECORDS_AT,
  TRANSACTIONAL_BIT,
} from './record_batch.ts';

/** Kinds of control records: the second int16 of their key. */
export const ControlType = {
  ABORT: 0,
  COMMIT: 1,
  LEADER_CHANGE: 2,
  SNAPSHOT_HEADER: 3,
  SNAPSHOT_FOOTER: 4,
  KRAFT_VERSION: 5,
  KRAFT_VOTERS: 6,
} as const;
export type ControlType = (typeof ControlType)[keyof typeof ControlType];

/** What the header of a batch says beyond what follows from its records. */
export interface BatchHeader {
  readonly baseOffset: number;
  /** -1 from a producer. */
  readonly leaderEpoch: number;
  /** Of the first record; the others' are given as they come. */
  readonly baseTimestamp: number;
  /** -1 for none, as the next two. */
  readonly producerId?: bigint;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly isTransactional?: boolean;
  readonly isControl?: boolean;
}

/**
 * Writes batches of format 2, not compressed: what a broker itself appends (metadata, coordinators' state, markers,
 * control records), and tests. One is reused.
 *
 *     batches.begin(writer, header);
 *     batches.append(timestamp, key, value);  …
 *     batches.end(kernels);
 */
export class RecordBatchWriter {
  #writer: ByteWriter | null = null;
  #start = 0;
  #count = 0;
  #baseTimestamp = 0;
  #maxTimestamp = 0;

  /** Begins a batch where the writer is. */
  begin(writer: ByteWriter, header: BatchHeader): void {
    const start = writer.take(RECORDS_AT);
    assert(start >= 0, 'a batch is written into memory that grows');
    this.#writer = writer;
    this.#start = start;
    this.#count = 0;
    this.#baseTimestamp = header.baseTimestamp;
    this.#maxTimestamp = Number.NEGATIVE_INFINITY;
    const { view } = writer;
    const attributes =
      (header.isTransactional === true ? TRANSACTIONAL_BIT : 0) | (header.isControl === true ? CONTROL_BIT : 0);
    view.setBigInt64(start + BASE_OFFSET_AT, BigInt(header.baseOffset));
    view.setInt32(start + LEADER_EPOCH_AT, header.leaderEpoch);
    view.setInt8(start + MAGIC_AT, CURRENT_MAGIC);
    view.setInt16(start + ATTRIBUTES_AT, attributes);
    view.setBigInt64(start + BASE_TIMESTAMP_AT, BigInt(header.baseTimestamp));
    view.setBigInt64(start + PRODUCER_ID_AT, header.producerId ?? -1n);
    view.setInt16(start + PRODUCER_EPOCH_AT, header.producerEpoch ?? -1);
    view.setInt32(start + BASE_SEQUENCE_AT, header.baseSequence ?? -1);
  }

  /** Appends a record without headers, whose offset follows that of the one before. The bytes are copied. */
  append(timestamp: number, key: Uint8Array | null, value: Uint8Array | null): void {
    const writer = this.#writer!;
    const timestampDelta = timestamp - this.#baseTimestamp;
    const bodyBytes =
      1 + varlongBytes(timestampDelta) + varlongBytes(this.#count) + nullableBytes(key) + nullableBytes(value) + 1;
    writer.varint(bodyBytes);
    const body = writer.position;
    writer.int8(0);
    writer.varlong(timestampDelta);
    writer.varint(this.#count);
    putNullable(writer, key);
    putNullable(writer, value);
    writer.varint(0);
    assert(writer.position - body === bodyBytes, 'a record is as long as it says');
    this.#maxTimestamp = Math.max(this.#maxTimestamp, timestamp);
    this.#count++;
  }

  /** Appends a control record: its key is made of the kind. */
  appendControl(timestamp: number, type: ControlType, value: Uint8Array): void {
    const key = new Uint8Array(4);
    new DataView(key.buffer).setInt16(2, type);
    this.append(timestamp, key, value);
  }

  /** Completes the header. Returns the bytes of the batch; it begins where the writer was at `begin`. */
  end(kernels: Kernels): number {
    const writer = this.#writer!;
    const start = this.#start;
    const size = writer.position - start;
    assert(this.#count > 0 && !writer.failed, 'a batch has a record');
    const { view } = writer;
    view.setInt32(start + LENGTH_AT, size - LOG_OVERHEAD);
    view.setInt32(start + LAST_OFFSET_DELTA_AT, this.#count - 1);
    view.setBigInt64(start + MAX_TIMESTAMP_AT, BigInt(this.#maxTimestamp));
    view.setInt32(start + RECORD_COUNT_AT, this.#count);
    patchCrc(view, writer.bytes, start, kernels);
    this.#writer = null;
    return size;
  }
}

function nullableBytes(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : varlongBytes(bytes.byteLength) + bytes.byteLength;
}

function putNullable(writer: ByteWriter, bytes: Uint8Array | null): void {
  writer.varint(bytes === null ? -1 : bytes.byteLength);
  if (bytes !== null) writer.raw(bytes);
}

/** Of a whole number in ±2^52: bytes of its zigzag varint. */
function varlongBytes(value: number): number {
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  let size = 1;
  while (rest >= 0x80) {
    rest = Math.floor(rest / 0x80);
    size++;
  }
  return size;
}
