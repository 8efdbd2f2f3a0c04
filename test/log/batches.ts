import type { BatchMemory } from '../../src/log/partition_log.ts';
import type { Codecs } from '../../src/port/codecs.ts';
import { simKernels } from '../simulation/sim_kernels.ts';

/** A batch to be made: records of the given timestamps, at consecutive offsets. */
export interface BatchShape {
  readonly baseOffset: number;
  readonly timestamps: readonly number[];
  readonly leaderEpoch?: number;
  readonly valueBytes?: number;
  /** Bytes of the values, so that two batches differ. */
  readonly fill?: number;
  readonly logAppendTime?: boolean;
  readonly producer?: BatchProducer;
}

/** Whose batch it is. A `marker` ends the transaction, and is the batch's only record. */
export interface BatchProducer {
  readonly id: number | bigint;
  readonly epoch: number;
  readonly baseSequence: number;
  readonly isTransactional?: boolean;
  readonly marker?: { readonly isAbort: boolean; readonly coordinatorEpoch: number };
}

/** An uncompressed batch of magic 2, made apart from the product's code. */
export function makeBatch(shape: BatchShape): Uint8Array {
  const first = shape.timestamps[0]!;
  const { producer } = shape;
  const records: number[] = [];
  shape.timestamps.forEach((timestamp, index) => {
    const body: number[] = [0, ...varint(timestamp - first), ...varint(index)];
    if (producer?.marker === undefined) {
      const valueBytes = shape.valueBytes ?? 3;
      body.push(...varint(-1), ...varint(valueBytes), ...new Array<number>(valueBytes).fill(shape.fill ?? 7));
    } else {
      const { isAbort, coordinatorEpoch } = producer.marker;
      body.push(...varint(4), 0, 0, 0, isAbort ? 0 : 1, ...varint(6), 0, 0, 0, 0, 0, coordinatorEpoch);
    }
    body.push(...varint(0));
    records.push(...varint(body.length), ...body);
  });
  const bytes = new Uint8Array(61 + records.length);
  const view = new DataView(bytes.buffer);
  bytes.set(records, 61);
  view.setBigInt64(0, BigInt(shape.baseOffset));
  view.setInt32(8, bytes.length - 12);
  view.setInt32(12, shape.leaderEpoch ?? 0);
  view.setInt8(16, 2);
  const transactional = producer?.isTransactional === true || producer?.marker !== undefined ? 16 : 0;
  view.setInt16(21, (shape.logAppendTime === true ? 8 : 0) | transactional | (producer?.marker === undefined ? 0 : 32));
  view.setInt32(23, shape.timestamps.length - 1);
  view.setBigInt64(27, BigInt(first));
  view.setBigInt64(35, BigInt(Math.max(...shape.timestamps)));
  view.setBigInt64(43, BigInt(producer?.id ?? -1));
  view.setInt16(51, producer?.epoch ?? -1);
  view.setInt32(53, producer?.baseSequence ?? -1);
  view.setInt32(57, shape.timestamps.length);
  view.setUint32(17, simKernels.crc32c(bytes, 21, bytes.length));
  return bytes;
}

/** The same batch with its records compressed, as a client would have: `codec` 1 to 4. */
export function packBatch(batch: Uint8Array, codec: number, { compress }: Pick<Codecs, 'compress'>): Uint8Array {
  const records = compress(codec, batch, 61, batch.length, -1);
  const bytes = new Uint8Array(61 + records.length);
  bytes.set(batch.subarray(0, 61));
  bytes.set(records, 61);
  const view = new DataView(bytes.buffer);
  view.setInt32(8, bytes.length - 12);
  view.setInt16(21, view.getInt16(21) | codec);
  view.setUint32(17, simKernels.crc32c(bytes, 21, bytes.length));
  return bytes;
}

function varint(value: number): number[] {
  let left = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  const bytes: number[] = [];
  while (left > 0x7fn) {
    bytes.push(Number(left & 0x7fn) | 0x80);
    left >>= 7n;
  }
  bytes.push(Number(left));
  return bytes;
}

/** Shared memory with a batch in it at `at`, as an arena has. */
export function inArena(batches: readonly Uint8Array[], at = 5): { memory: BatchMemory; start: number; end: number } {
  const bytes = new Uint8Array(new SharedArrayBuffer(at + batches.reduce((sum, batch) => sum + batch.length, 0)));
  let end = at;
  for (const batch of batches) {
    bytes.set(batch, end);
    end += batch.length;
  }
  return { memory: { bytes, view: new DataView(bytes.buffer) }, start: at, end };
}
