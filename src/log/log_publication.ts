/** A segment as other threads must know it: enough to open and read its file. */
export interface PublishedSegment {
  readonly baseOffset: number;
  /** Changes when another file takes the place of this one under the same base offset. */
  readonly generation: number;
  /** Bytes of the file that hold committed batches. */
  readonly bytes: number;
  /** -1 when no batch has one. */
  readonly largestTimestamp: number;
}

/**
 * What the owner of a log tells the rest of the node through the partition's row. Log end offset, watermarks and, after
 * a commit, the bytes of the active segment are published by the partition, not here.
 */
export interface LogPublication {
  /**
   * Raises readEpoch and publishes it. Called before bytes that a reader may hold a position of are cut off,
   * replaced or removed: reads that began before are thrown away by their readers.
   */
  raiseReadEpoch(): void;
  /** How many transactions the log knows as aborted; published with what comes next. */
  setAbortedTransactions(count: number): void;
  /**
   * Publishes the list of segments, oldest first, the active one last, and with it, in one publication, the bytes of the
   * active segment. False: there is no room for the list, nothing changed for readers.
   */
  publishSegments(segments: readonly PublishedSegment[]): boolean;
}
