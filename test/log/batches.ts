import type { BatchMemory } from '../../src/log/partition_log.ts';
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
}

/** An uncompressed batch of magic 2, made apart from the product's code. */
export function makeBatch(shape: BatchShape): Uint8Array {
  const first = shape.timestamps[0]!;
  const records: number[] = [];
  shape.timestamps.forEach((timestamp, index) => {
    const body: number[] = [0, ...varint(timestamp - first), ...varint(index), ...varint(-1)];
    const valueBytes = shape.valueBytes ?? 3;
    body.push(...varint(valueBytes), ...new Array<number>(valueBytes).fill(shape.fill ?? 7), ...varint(0));
    records.push(...varint(body.length), ...body);
  });
  const bytes = new Uint8Array(61 + records.length);
  const view = new DataView(bytes.buffer);
  bytes.set(records, 61);
  view.setBigInt64(0, BigInt(shape.baseOffset));
  view.setInt32(8, bytes.length - 12);
  view.setInt32(12, shape.leaderEpoch ?? 0);
  view.setInt8(16, 2);
  view.setInt16(21, shape.logAppendTime === true ? 8 : 0);
  view.setInt32(23, shape.timestamps.length - 1);
  view.setBigInt64(27, BigInt(first));
  view.setBigInt64(35, BigInt(Math.max(...shape.timestamps)));
  view.setBigInt64(43, -1n);
  view.setInt16(51, -1);
  view.setInt32(53, -1);
  view.setInt32(57, shape.timestamps.length);
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
