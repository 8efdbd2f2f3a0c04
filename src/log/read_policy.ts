import type { ReadPolicy } from './log_reader.ts';

/**
 * Lets a read block when its bytes are most likely in the page cache: close to the end of the active segment, where
 * this node has just written, or where this thread has just read. Everything else goes to the disk's pool, so that a
 * consumer of old data cannot hold up a shard.
 */
export class RecentlyTouched implements ReadPolicy {
  /** By slot: where the last read of this thread began and ended. */
  readonly #lastReads = new Map<number, LastRead>();

  mayBlock(slot: number, segmentBaseOffset: number, position: number, length: number, activeEnd: number): boolean {
    if (activeEnd >= 0 && position >= activeEnd - RECENT_BYTES) return true;
    const last = this.#lastReads.get(slot);
    if (last === undefined || last.segmentBaseOffset !== segmentBaseOffset) return false;
    return position >= last.start && position + length <= last.end;
  }

  wasRead(slot: number, segmentBaseOffset: number, position: number, length: number): void {
    const last = this.#lastReads.get(slot);
    if (last === undefined) {
      if (this.#lastReads.size >= SLOTS_MAX) this.#lastReads.delete(this.#lastReads.keys().next().value!);
      this.#lastReads.set(slot, { segmentBaseOffset, start: position, end: position + length });
      return;
    }
    last.segmentBaseOffset = segmentBaseOffset;
    last.start = position;
    last.end = position + length;
  }

  closeSlot(slot: number): void {
    this.#lastReads.delete(slot);
  }
}

interface LastRead {
  segmentBaseOffset: number;
  start: number;
  end: number;
}

/** What was written that recently has not left the page cache, unless memory is very short. */
const RECENT_BYTES = 256 * 1024 * 1024;
const SLOTS_MAX = 8192;
