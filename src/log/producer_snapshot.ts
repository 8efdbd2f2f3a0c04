import { viewOf } from '../base/bytes.ts';
import type { Disk } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import type { Kernels } from '../port/kernels.ts';
import { int64At, NO_PRODUCER_EPOCH } from '../protocol/record_batch.ts';
import { overwriteFile, readWholeFile } from './atomic_file.ts';
import { writeInt64 } from './batch_header.ts';
import { AppendedBatch, ProducerEntry } from './producer_entry.ts';
import type { ProducerId } from './producer_id.ts';
import { producerIdAt } from './producer_id.ts';
import type { ProducerState } from './producer_state.ts';
import { segmentPath } from './segment_names.ts';

/**
 * The producer state of a log at one offset, which is the file's name: `<offset>.snapshot`. Kafka's format:
 *
 *     0 version 2 (1) | 2 CRC-32C 4 (of all that follows) | 6 number of entries 4 | 10 entries
 *     entry   0 producer id 8 | 8 epoch 2 | 10 last sequence 4 | 14 last offset 8 | 22 offset delta 4 | 26 timestamp 8
 *             34 coordinator epoch 4 | 38 first offset of the open transaction 8, −1 without one
 *
 * Kafka writes one entry for a producer, that of its last batch; what it has in flight beyond that is out of sequence
 * after a restart. Here the batches before it have entries too, in front of it: Kafka keeps the last entry of an id.
 */
const VERSION = 1;
const crcAt = 2;
const countAt = 6;
const entriesAt = 10;
const entryBytes = 46;

export function encodeProducerSnapshot(kernels: Kernels, state: ProducerState): Uint8Array {
  let count = 0;
  for (const entry of state.entries()) count += entriesOf(entry);
  const bytes = new Uint8Array(entriesAt + count * entryBytes);
  const view = new DataView(bytes.buffer);
  const batch = new AppendedBatch();
  let at = entriesAt;
  for (const entry of state.entries()) {
    for (let age = entriesOf(entry) - 1; age >= 0; age--, at += entryBytes) putEntry(view, at, entry, age, batch);
  }
  view.setInt16(0, VERSION);
  view.setInt32(countAt, count);
  view.setUint32(crcAt, kernels.crc32c(bytes, countAt, at));
  return bytes;
}

/** One for each batch that is known, one without a batch; none where the first batch is staged, and not more. */
function entriesOf(entry: ProducerEntry): number {
  return entry.batches > 0 ? entry.batches : entry.epoch === NO_PRODUCER_EPOCH ? 0 : 1;
}

function putEntry(view: DataView, at: number, entry: ProducerEntry, age: number, batch: AppendedBatch): void {
  const { lastTimestampMs } = entry;
  const isLast = age === 0;
  if (entry.batches > 0) entry.batchAt(age, batch);
  else batch.clear();
  view.setBigInt64(at, BigInt(entry.producerId));
  view.setInt16(at + 8, entry.epoch);
  view.setInt32(at + 10, batch.lastSequence);
  writeInt64(view, at + 14, batch.lastOffset);
  view.setInt32(at + 22, batch.lastOffset - batch.baseOffset);
  // Who forgets the last entry because of its time forgets those before it.
  writeInt64(view, at + 26, isLast ? lastTimestampMs : Math.min(batch.timestampMs, lastTimestampMs));
  view.setInt32(at + 34, entry.coordinatorEpoch);
  writeInt64(view, at + 38, isLast ? entry.transactionFirstOffset : -1);
}

/** Null: it is torn, damaged, or of a version that this build does not know. */
export function parseProducerSnapshot(kernels: Kernels, bytes: Uint8Array): ProducerEntry[] | null {
  if (bytes.length < entriesAt) return null;
  const view = viewOf(bytes);
  const count = view.getInt32(countAt);
  if (view.getInt16(0) !== VERSION || count * entryBytes !== bytes.length - entriesAt) return null;
  if (view.getUint32(crcAt) !== kernels.crc32c(bytes, countAt, bytes.length)) return null;
  const entries = new Map<ProducerId, ProducerEntry>();
  for (let at = entriesAt; at < bytes.length; at += entryBytes) {
    const producerId = producerIdAt(view, at);
    let entry = entries.get(producerId);
    if (entry === undefined) entries.set(producerId, (entry = new ProducerEntry(producerId)));
    readEntry(view, at, entry);
  }
  return [...entries.values()];
}

function readEntry(view: DataView, at: number, entry: ProducerEntry): void {
  const epoch = view.getInt16(at + 8);
  const lastOffset = int64At(view, at + 14);
  const timestampMs = int64At(view, at + 26);
  if (lastOffset >= 0) {
    entry.addBatch(epoch, view.getInt32(at + 10), view.getInt32(at + 22), lastOffset, timestampMs);
  }
  entry.endTransaction(epoch, view.getInt32(at + 34), timestampMs);
  entry.transactionFirstOffset = int64At(view, at + 38);
}

/** Null: there is none, or it cannot be used. */
export function readProducerSnapshot(
  disk: Disk,
  kernels: Kernels,
  directory: string,
  offset: number,
): ProducerEntry[] | DiskError | null {
  const bytes = readWholeFile(disk, segmentPath(directory, offset, '.snapshot'));
  if (bytes instanceof DiskError) return bytes.code === 'ENOENT' ? null : bytes;
  return parseProducerSnapshot(kernels, bytes);
}

/**
 * Writes the snapshot at the state's end offset. It is not synced: a torn one is recognised by its CRC, and the state is
 * made from the one before it. Nothing of it is left after an error.
 */
export function writeProducerSnapshot(
  disk: Disk,
  kernels: Kernels,
  directory: string,
  state: ProducerState,
): DiskError | null {
  const path = segmentPath(directory, state.endOffset, '.snapshot');
  const error = overwriteFile(disk, path, encodeProducerSnapshot(kernels, state));
  if (error !== null) disk.unlink(path);
  return error;
}
