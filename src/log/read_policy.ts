/** Decides which reads may block. Told of what is read, so that it can guess what the page cache has. */
export interface ReadPolicy {
  /** Bytes of a segment that ends at `end` now. */
  mayBlock(
    slot: number,
    segmentBaseOffset: number,
    position: number,
    length: number,
    end: number,
    isActive: boolean,
  ): boolean;
  /** A lookup in the indexes of a segment, and a few heads of batches. */
  mayLookUp(slot: number, segmentBaseOffset: number, isActive: boolean): boolean;
  wasRead(slot: number, segmentBaseOffset: number, position: number, length: number): void;
  closeSlot(slot: number): void;
}

/** Where the last read of a slot ended. */
interface LastRead {
  segmentBaseOffset: number;
  from: number;
  to: number;
}

/** What the kernel reads ahead of a sequential reader at the least. */
const readAheadBytes = 128 * 1024;

/**
 * Believes that the page cache holds the end of active segments, as far as `writtenBytes` back, what this thread has just
 * read, and what follows it closely.
 */
export class RecentReads implements ReadPolicy {
  readonly #writtenBytes: number;
  readonly #lastReads = new Map<number, LastRead>();

  constructor(writtenBytes = 64 * 1024 * 1024) {
    this.#writtenBytes = writtenBytes;
  }

  mayBlock(
    slot: number,
    segmentBaseOffset: number,
    position: number,
    length: number,
    end: number,
    isActive: boolean,
  ): boolean {
    if (isActive && position >= end - this.#writtenBytes) return true;
    const last = this.#lastReads.get(slot);
    if (last === undefined || last.segmentBaseOffset !== segmentBaseOffset) return false;
    return position >= last.from && position + length <= last.to + readAheadBytes;
  }

  mayLookUp(slot: number, segmentBaseOffset: number, isActive: boolean): boolean {
    return isActive || this.#lastReads.get(slot)?.segmentBaseOffset === segmentBaseOffset;
  }

  wasRead(slot: number, segmentBaseOffset: number, position: number, length: number): void {
    const last = this.#lastReads.get(slot);
    if (last === undefined) {
      this.#lastReads.set(slot, { segmentBaseOffset, from: position, to: position + length });
      return;
    }
    const goesOn = last.segmentBaseOffset === segmentBaseOffset && position >= last.from && position <= last.to;
    last.from = goesOn ? last.from : position;
    last.segmentBaseOffset = segmentBaseOffset;
    last.to = position + length;
  }

  closeSlot(slot: number): void {
    this.#lastReads.delete(slot);
  }
}

/** For threads that may always block: control, tools, background tasks. */
export const alwaysBlock: ReadPolicy = {
  mayBlock: () => true,
  mayLookUp: () => true,
  wasRead() {},
  closeSlot() {},
};
