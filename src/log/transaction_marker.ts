import { RECORDS_AT, sizeOf } from '../protocol/record_batch.ts';

/** Kinds of control records that end a transaction; the others are the quorum's. */
const ABORT = 0;
const COMMIT = 1;

/** The end of a transaction as a control batch tells it. Reused. (KIP-98) */
export class TransactionMarker {
  isAbort = false;
  coordinatorEpoch = -1;

  /**
   * Reads the one record of the control batch at `at`, which was checked when it was written. False: it ends no
   * transaction, or compaction has emptied it.
   *
   *     record  length · attributes 1 · time delta · offset delta · key length · key · value length · value
   *     key     0 version 2 | 2 kind 2          value   0 version 2 | 2 coordinator epoch 4
   */
  read(view: DataView, at: number): boolean {
    const end = at + sizeOf(view, at);
    let position = at + RECORDS_AT;
    if (position >= end) return false;
    position = behindVarint(view, position, end) + 1;
    position = behindVarint(view, behindVarint(view, position, end), end);
    const keyAt = behindVarint(view, position, end);
    if (keyAt + 4 > end) return false;
    const kind = view.getInt16(keyAt + 2);
    if (kind !== ABORT && kind !== COMMIT) return false;
    const valueAt = behindVarint(view, keyAt + 4, end);
    if (valueAt + 6 > end) return false;
    this.isAbort = kind === ABORT;
    this.coordinatorEpoch = view.getInt32(valueAt + 2);
    return true;
  }
}

function behindVarint(view: DataView, from: number, end: number): number {
  let at = from;
  while (at < end && view.getUint8(at) >= 0x80) at++;
  return at + 1;
}
