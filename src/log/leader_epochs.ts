import { assert } from '../base/assert.ts';
import type { Kernels } from '../port/kernels.ts';
import { formatLines, parseCount, parseLines } from './checkpoint_file.ts';

/** Of a partition's directory. */
export const leaderEpochCheckpointName = 'leader-epoch-checkpoint';

/** Answer of `endOffsetFor`. Reused. */
export interface EpochEndOffset {
  epoch: number;
  endOffset: number;
}

/**
 * Which leader epoch began at which offset (KIP-101, KIP-279): epochs and start offsets both ascend strictly. A log
 * without a record has at most one entry, that of the leader who waits for the first one.
 */
export class LeaderEpochs {
  #epochs: number[] = [];
  #startOffsets: number[] = [];

  get size(): number {
    return this.#epochs.length;
  }

  /** The newest, -1 when there is none. */
  get latestEpoch(): number {
    return this.#epochs.length === 0 ? -1 : this.#epochs[this.#epochs.length - 1]!;
  }

  epochAt(index: number): number {
    return this.#epochs[index]!;
  }

  startOffsetAt(index: number): number {
    return this.#startOffsets[index]!;
  }

  /**
   * `epoch` began at `startOffset`. Entries that contradict it (of the same or a later epoch, or that begin at or after
   * it) are dropped: what is in the log is right. True when something changed.
   */
  assign(epoch: number, startOffset: number): boolean {
    assert(epoch >= 0 && startOffset >= 0, 'a leader epoch and its start are not negative');
    let keep = this.#epochs.length;
    if (keep > 0 && this.#epochs[keep - 1] === epoch && this.#startOffsets[keep - 1]! <= startOffset) return false;
    while (keep > 0 && (this.#epochs[keep - 1]! >= epoch || this.#startOffsets[keep - 1]! >= startOffset)) keep--;
    this.#cut(keep);
    this.#epochs.push(epoch);
    this.#startOffsets.push(startOffset);
    return true;
  }

  /**
   * OffsetForLeaderEpoch: the end of the largest epoch at or below `epoch`. False, and both -1, when it is not known:
   * nothing is, or `epoch` is newer than all.
   */
  endOffsetFor(epoch: number, logEndOffset: number, into: EpochEndOffset): boolean {
    into.epoch = -1;
    into.endOffset = -1;
    const last = this.#epochs.length - 1;
    if (last < 0 || epoch < 0 || epoch > this.#epochs[last]!) return false;
    if (epoch === this.#epochs[last]) {
      into.epoch = epoch;
      into.endOffset = logEndOffset;
      return true;
    }
    let after = 0;
    while (this.#epochs[after]! <= epoch) after++;
    // Before the first entry: what was asked for is older than the log; its end is where the log begins.
    into.epoch = after === 0 ? epoch : this.#epochs[after - 1]!;
    into.endOffset = this.#startOffsets[after]!;
    return true;
  }

  /** The epoch that the record at `offset` was written in, -1 when it is not known. */
  epochOf(offset: number): number {
    let index = this.#epochs.length - 1;
    while (index >= 0 && this.#startOffsets[index]! > offset) index--;
    return index < 0 ? -1 : this.#epochs[index]!;
  }

  /** The log ends at `endOffset` now. True when something changed. */
  truncateFromEnd(endOffset: number): boolean {
    let keep = this.#epochs.length;
    while (keep > 0 && this.#startOffsets[keep - 1]! >= endOffset) keep--;
    return this.#cut(keep);
  }

  /** The log begins at `startOffset` now: the epoch of that offset begins there. True when something changed. */
  truncateFromStart(startOffset: number): boolean {
    let first = this.#epochs.length - 1;
    while (first >= 0 && this.#startOffsets[first]! > startOffset) first--;
    if (first < 0 || this.#startOffsets[first] === startOffset) {
      if (first > 0) this.#dropFirst(first);
      return first > 0;
    }
    this.#dropFirst(first);
    this.#startOffsets[0] = startOffset;
    return true;
  }

  clear(): void {
    this.#cut(0);
  }

  format(kernels: Kernels): Uint8Array<ArrayBuffer> {
    return kernels.encodeText(formatLines(this.#epochs.map((epoch, index) => `${epoch} ${this.#startOffsets[index]}`)));
  }

  /** Null when the bytes are not a whole checkpoint with ascending entries. */
  static parse(kernels: Kernels, bytes: Uint8Array): LeaderEpochs | null {
    const lines = parseLines(kernels.decodeText(bytes, 0, bytes.length));
    if (lines === null) return null;
    const epochs = new LeaderEpochs();
    for (const line of lines) {
      const words = line.split(' ');
      const epoch = parseCount(words[0] ?? '');
      const startOffset = parseCount(words[1] ?? '');
      if (words.length !== 2 || epoch < 0 || startOffset < 0) return null;
      if (!epochs.#isAfterLast(epoch, startOffset)) return null;
      epochs.#epochs.push(epoch);
      epochs.#startOffsets.push(startOffset);
    }
    return epochs;
  }

  #isAfterLast(epoch: number, startOffset: number): boolean {
    const last = this.#epochs.length - 1;
    return last < 0 || (epoch > this.#epochs[last]! && startOffset > this.#startOffsets[last]!);
  }

  #cut(keep: number): boolean {
    if (keep === this.#epochs.length) return false;
    this.#epochs.length = keep;
    this.#startOffsets.length = keep;
    return true;
  }

  #dropFirst(count: number): void {
    this.#epochs.splice(0, count);
    this.#startOffsets.splice(0, count);
  }
}
