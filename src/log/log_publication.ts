/** A segment as other threads must know it: enough to open and read its file. */
export interface PublishedSegment {
  readonly baseOffset: number;
  /** Changes when another file takes the place of this one under the same base offset. */
  readonly generation: number;
  /** Bytes of the file that hold batches. Of the active segment: when it was published; the row has the newest. */
  readonly bytes: number;
}

/**
 * What the owner of a log tells the rest of the node through the partition's row. Log end offset, active segment
 * bytes and watermarks are published by the partition after a commit, not here.
 */
export interface LogPublication {
  /**
   * Raises readEpoch and publishes it. Called before bytes that a reader may hold a position of are cut off,
   * replaced or removed: reads that began before are thrown away by their readers.
   */
  raiseReadEpoch(): void;
  /** Publishes the list of segments, oldest first, the active one last. */
  publishSegments(segments: readonly PublishedSegment[]): void;
}

/**
 * Sees every batch that becomes part of the log, in order: after its bytes are written and before anything of it is
 * visible, and again for what is read at the opening of a log that was not closed cleanly. Producer state and the
 * transaction index hang here.
 */
export interface BatchObserver {
  /** `view` holds a whole batch of magic 2 (or an older one) at `at`; it is valid during the call only. */
  appended(view: DataView, at: number, length: number, segmentBaseOffset: number): void;
  /** The header of a batch found at recovery. The memory is the scanner's; records are not in it. */
  recovered(view: DataView, at: number, length: number, segmentBaseOffset: number): void;
  /** All at and above `offset` is gone. */
  truncatedTo(offset: number): void;
}
