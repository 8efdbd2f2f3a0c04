import { viewOf } from '../base/bytes.ts';
import type { Disk } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import { int64At } from '../protocol/record_batch.ts';
import { readWholeFile, replaceFile, writeFully } from './atomic_file.ts';
import { writeInt64 } from './batch_header.ts';
import { producerIdAt } from './producer_id.ts';
import type { ProducerId } from './producer_id.ts';
import { segmentPath } from './segment_names.ts';

/**
 * The transactions that were aborted by markers in a segment, `<base offset>.txnindex`, in the order of the markers. The
 * file is there only when there are some. Kafka's format, an entry:
 *
 *     0 version 2 (0) | 2 producer id 8 | 10 first offset 8 | 18 last offset 8 | 26 last stable offset 8
 */
const VERSION = 0;
export const abortedTransactionBytes = 34;

/** A transaction whose records read_committed leaves out. */
export interface AbortedTransaction {
  readonly producerId: ProducerId;
  /** Of its first record in this partition. */
  readonly firstOffset: number;
  /** Of the marker. */
  readonly lastOffset: number;
  /** The last stable offset once the marker was written: no later entry is about what lies below it. */
  readonly lastStableOffset: number;
}

export function encodeAbortedTransactions(transactions: readonly AbortedTransaction[]): Uint8Array {
  const bytes = new Uint8Array(transactions.length * abortedTransactionBytes);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { producerId, firstOffset, lastOffset, lastStableOffset } of transactions) {
    view.setInt16(at, VERSION);
    view.setBigInt64(at + 2, BigInt(producerId));
    writeInt64(view, at + 10, firstOffset);
    writeInt64(view, at + 18, lastOffset);
    writeInt64(view, at + 26, lastStableOffset);
    at += abortedTransactionBytes;
  }
  return bytes;
}

/** Null: it is torn or damaged. Entries lie in `[baseOffset, endOffset)` by their markers, which ascend. */
export function parseAbortedTransactions(
  bytes: Uint8Array,
  baseOffset: number,
  endOffset: number,
): AbortedTransaction[] | null {
  if (bytes.length % abortedTransactionBytes !== 0) return null;
  const view = viewOf(bytes);
  const transactions: AbortedTransaction[] = [];
  let markerMin = baseOffset;
  for (let at = 0; at < bytes.length; at += abortedTransactionBytes) {
    const lastOffset = int64At(view, at + 18);
    if (view.getInt16(at) !== VERSION || lastOffset < markerMin || lastOffset >= endOffset) return null;
    transactions.push({
      producerId: producerIdAt(view, at + 2),
      firstOffset: int64At(view, at + 10),
      lastOffset,
      lastStableOffset: int64At(view, at + 26),
    });
    markerMin = lastOffset + 1;
  }
  return transactions;
}

/** Null: it is damaged. No file is no transactions. */
export function readTransactionIndex(
  disk: Disk,
  directory: string,
  baseOffset: number,
  endOffset: number,
): AbortedTransaction[] | DiskError | null {
  const bytes = readWholeFile(disk, segmentPath(directory, baseOffset, '.txnindex'));
  if (bytes instanceof DiskError) return bytes.code === 'ENOENT' ? [] : bytes;
  return parseAbortedTransactions(bytes, baseOffset, endOffset);
}

/** Puts a whole index in the place of the one that is there, or takes that away. */
export function replaceTransactionIndex(
  disk: Disk,
  directory: string,
  baseOffset: number,
  transactions: readonly AbortedTransaction[],
): DiskError | null {
  const path = segmentPath(directory, baseOffset, '.txnindex');
  if (transactions.length > 0) return replaceFile(disk, path, encodeAbortedTransactions(transactions));
  const error = disk.unlink(path);
  return error === null || error.code === 'ENOENT' ? null : error;
}

/** Adds an entry behind the `entries` that the index of a segment has. */
export function appendToTransactionIndex(
  disk: Disk,
  directory: string,
  baseOffset: number,
  entries: number,
  transaction: AbortedTransaction,
): DiskError | null {
  const file = disk.open(segmentPath(directory, baseOffset, '.txnindex'), 'write');
  if (file instanceof DiskError) return file;
  const error = writeFully(file, encodeAbortedTransactions([transaction]), entries * abortedTransactionBytes);
  file.close();
  return error;
}
