/**
 * Sees every batch that becomes part of the log, in order: after its bytes are written and before anything of it is
 * visible, and again for what is read at the opening of a log that was not closed cleanly. Producer state and the
 * transaction index hang here.
 */
export interface BatchObserver {
  /** `view` holds the whole batch at `at`; it is valid during the call only. `position` is that in the segment. */
  appended(view: DataView, at: number, length: number, segmentBaseOffset: number, position: number): void;
  /**
   * A batch found at recovery, of `length` bytes in the file. `view` has its head, and all of a control batch; of a
   * large batch not all records.
   */
  recovered(view: DataView, at: number, length: number, segmentBaseOffset: number, position: number): void;
  /** A new active segment begins at `baseOffset`; what was observed before belongs to the ones before it. */
  rolled(baseOffset: number): void;
  /** All at and above `offset` is gone. */
  truncatedTo(offset: number): void;
}

/** For logs whose batches nobody needs to hear of. */
export const noBatchObserver: BatchObserver = {
  appended() {},
  recovered() {},
  rolled() {},
  truncatedTo() {},
};
