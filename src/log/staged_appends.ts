import { assert } from '../base/assert.ts';
import { empty } from '../base/empty.ts';
import { int64At, sizeOf } from '../protocol/record_batch.ts';
import type { ActiveIndex } from './active_index.ts';
import { batchLastOffset, batchMaxTimestamp } from './batch_header.ts';
import type { LogConfig } from './log_config.ts';
import { relativeOffsetLimit } from './log_config.ts';
import { offsetEntryBytes, timeEntryBytes } from './index_entries.ts';
import type { Segment } from './segment.ts';

/** Memory that staged batches lie in, with the view that is kept over all of it. An `Arena` is one. */
export interface BatchMemory {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Takes the batches of a group that lies in the file now. */
export interface BatchTaker {
  apply(view: DataView, at: number, bytes: number): void;
}

/** The most pieces that one vectored write takes on every system. */
const viewsMax = 1000;
/**
 * From here on a group is written before more is added to it. For longer writes the kernel takes larger pieces of memory,
 * which are harder to find (docs/performance.md); what one write more costs is not seen at this size.
 */
const groupBytesMax = 64 * 1024;

/** Ranges of memory that wait for a commit, in the order of their offsets: parallel arrays, no object for an append. */
export class StagedAppends {
  readonly memories: BatchMemory[] = [];
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  count = 0;
  bytes = 0;
  /** The walk of the commit that writes them. */
  readonly group = new AppendGroup(this);

  /** Returns the offset after the last batch. Offsets ascend from `offsetMin`; batches fill the range exactly. */
  push(memory: BatchMemory, start: number, end: number, offsetMin: number): number {
    const view = memory.view;
    let nextOffset = offsetMin;
    let at = start;
    while (at < end) {
      assert(int64At(view, at) >= nextOffset, 'offsets of staged batches ascend');
      nextOffset = batchLastOffset(view, at) + 1;
      at += sizeOf(view, at);
    }
    assert(at === end && end > start, 'a staged range is whole batches');
    this.memories[this.count] = memory;
    this.starts[this.count] = start;
    this.ends[this.count] = end;
    this.count++;
    this.bytes += end - start;
    return nextOffset;
  }

  clear(): void {
    this.memories.fill(released, 0, this.count);
    this.count = 0;
    this.bytes = 0;
  }
}

/** Takes the place of memory that is the caller's again. */
const released: BatchMemory = { bytes: new Uint8Array(0), view: new DataView(new ArrayBuffer(0)) };

/** Of all logs of this thread: few of them have something staged at one time, and each of these holds arrays. */
const spare: StagedAppends[] = [];
const SPARE_MAX = 256;

/** Empty, and the caller's until `giveBackStaged`. */
export function takeStaged(): StagedAppends {
  return spare.pop() ?? new StagedAppends();
}

export function giveBackStaged(staged: StagedAppends): void {
  if (staged === nothingStaged) return;
  staged.clear();
  if (spare.length < SPARE_MAX) spare.push(staged);
}

/** Walks what is staged, a group at a time: as much as goes into the active segment with one write. */
export class AppendGroup {
  /** The bytes of the group. */
  readonly views: Uint8Array[] = [];
  bytes = 0;
  readonly #staged: StagedAppends;
  #range = 0;
  #at = 0;
  #endRange = 0;
  #endAt = 0;

  constructor(staged: StagedAppends) {
    this.#staged = staged;
  }

  begin(): void {
    this.#range = 0;
    this.#at = this.#staged.starts[0]!;
  }

  /** Everything is written. */
  get isDone(): boolean {
    return this.#range === this.#staged.count;
  }

  /** Base offset of the batch that comes next. */
  get nextBaseOffset(): number {
    return int64At(this.#staged.memories[this.#range]!.view, this.#at);
  }

  /** Fills `views`. Empty: the next batch needs a new segment. */
  plan(segment: Segment, index: ActiveIndex, config: LogConfig, nowMs: number): void {
    const { memories, starts, ends, count } = this.#staged;
    let room = entriesLeft(index, config);
    let segmentBytes = segment.bytes;
    let sinceEntry = segment.bytesSinceIndexEntry;
    let firstTimestamp = segment.firstTimestamp;
    let range = this.#range;
    let at = this.#at;
    let isFull = false;
    while (range < count && !isFull && this.views.length < viewsMax && segmentBytes - segment.bytes < groupBytesMax) {
      const { bytes, view } = memories[range]!;
      const end = ends[range]!;
      const from = at;
      while (at < end) {
        const batchBytes = sizeOf(view, at);
        const maxTimestamp = batchMaxTimestamp(view, at);
        if (batchLastOffset(view, at) - segment.baseOffset > relativeOffsetLimit) isFull = true;
        else if (segmentBytes > 0) {
          const ageMs = firstTimestamp >= 0 ? maxTimestamp - firstTimestamp : nowMs - segment.createdMs;
          isFull =
            segmentBytes + batchBytes > config.segmentBytes || ageMs > config.segmentMs - segment.jitterMs || room <= 0;
        } else firstTimestamp = maxTimestamp;
        if (isFull) break;
        if (sinceEntry > config.indexIntervalBytes) {
          room--;
          sinceEntry = 0;
        }
        sinceEntry += batchBytes;
        segmentBytes += batchBytes;
        at += batchBytes;
      }
      if (at > from) this.views.push(bytes.subarray(from, at));
      if (at === end) at = starts[++range] ?? 0;
    }
    this.bytes = segmentBytes - segment.bytes;
    this.#endRange = range;
    this.#endAt = at;
  }

  /** Hands each batch of the planned group to `taker`, in order. */
  applyTo(taker: BatchTaker): void {
    const { memories, starts, ends } = this.#staged;
    let range = this.#range;
    let at = this.#at;
    while (range < this.#endRange || (range === this.#endRange && at < this.#endAt)) {
      const view = memories[range]!.view;
      const bytes = sizeOf(view, at);
      taker.apply(view, at, bytes);
      at += bytes;
      if (at === ends[range]) {
        at = starts[++range] ?? 0;
      }
    }
  }

  /** The planned group is written: the next one begins behind it. */
  advance(): void {
    this.#range = this.#endRange;
    this.#at = this.#endAt;
    empty(this.views);
    this.bytes = 0;
  }

  /** The first `count` bytes of the group are written; `views` holds the rest. */
  skip(count: number): void {
    let left = count;
    let first = 0;
    while (left > 0 && left >= this.views[first]!.length) left -= this.views[first++]!.length;
    this.views.splice(0, first);
    if (left > 0) this.views[0] = this.views[0]!.subarray(left);
  }
}

/** What every log has staged that rests: never added to. */
export const nothingStaged = new StagedAppends();

function entriesLeft(index: ActiveIndex, config: LogConfig): number {
  const offsets = Math.floor(config.segmentIndexBytes / offsetEntryBytes) - index.offsetEntries;
  // One time entry is kept for the end of the segment.
  const times = Math.floor(config.segmentIndexBytes / timeEntryBytes) - 1 - index.timeEntries;
  return Math.min(offsets, times);
}
