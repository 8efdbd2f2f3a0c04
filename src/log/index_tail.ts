/**
 * The index entries of an active segment that are not in its index files yet. Written by the owner of the log,
 * looked up by every shard. Entries ascend; the ones in the files precede the ones here.
 */
export interface IndexTailWriter {
  /** Entries of each kind that find room. */
  readonly offsetCapacity: number;
  readonly timeCapacity: number;
  readonly offsetCount: number;
  readonly timeCount: number;
  /** Empties the tail for the active segment `segmentBaseOffset`, whose files hold that many entries already. */
  reset(segmentBaseOffset: number, offsetEntriesInFile: number, timeEntriesInFile: number): void;
  /** The caller has seen to it that there is room. */
  appendOffset(relativeOffset: number, position: number): void;
  appendTime(timestamp: number, relativeOffset: number): void;
  relativeOffsetAt(index: number): number;
  positionAt(index: number): number;
  timestampAt(index: number): number;
  timeRelativeOffsetAt(index: number): number;
}

/** What a reader found in a tail. Reused by its caller. */
export interface IndexTailEntry {
  /** Of the segment that the tail belongs to, -1 when there is none. */
  segmentBaseOffset: number;
  relativeOffset: number;
  position: number;
  timestamp: number;
}

/** The readers' side: the tails of all rows. */
export interface IndexTailReader {
  /**
   * The last offset entry at or below `relativeOffset` of the active segment. False: none, or the tail belongs to
   * another segment.
   */
  floorOffset(slot: number, segmentBaseOffset: number, relativeOffset: number, into: IndexTailEntry): boolean;
  /** The last time entry at or below `timestamp`. */
  floorTime(slot: number, segmentBaseOffset: number, timestamp: number, into: IndexTailEntry): boolean;
}
