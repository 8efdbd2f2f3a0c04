import type { RowWriter } from '../shared-memory/row_writer.ts';
import { SegmentEntry } from '../shared-memory/segment_lists.ts';
import type { SegmentListWriter } from '../shared-memory/segment_lists.ts';
import type { LogPublication, PublishedSegment } from './log_publication.ts';

/** Publishes a log through its row of the partition table. The row's writer is the caller's, and the only one. */
export class RowPublication implements LogPublication {
  readonly #row: RowWriter;
  readonly #list: SegmentListWriter;

  constructor(row: RowWriter, list: SegmentListWriter) {
    this.#row = row;
    this.#list = list;
  }

  raiseReadEpoch(): void {
    this.#row.readEpoch = (this.#row.readEpoch + 1) | 0;
    this.#row.publish();
  }

  setAbortedTransactions(count: number): void {
    if (this.#row.abortedTransactions !== count) this.#row.abortedTransactions = count;
  }

  publishSegments(segments: readonly PublishedSegment[]): boolean {
    const active = segments[segments.length - 1]!;
    const bytesBefore = this.#row.activeSegmentBytes;
    this.#row.activeSegmentBytes = active.bytes;
    if (this.#list.replaceAll(segments.map(entryOf))) return true;
    this.#row.activeSegmentBytes = bytesBefore;
    return false;
  }

  /** The log is closed for good: the memory of its list goes back. */
  close(): void {
    this.#list.close();
  }
}

function entryOf(segment: PublishedSegment): SegmentEntry {
  const entry = new SegmentEntry();
  entry.baseOffset = segment.baseOffset;
  entry.generation = segment.generation;
  entry.bytes = segment.bytes;
  entry.largestTimestamp = segment.largestTimestamp;
  return entry;
}
