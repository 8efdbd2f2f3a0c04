import { ReadResult, type ReadStatus } from '../log/read_position.ts';
import type { AbortedTransaction } from '../log/transaction_index.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { sizeOf } from '../protocol/record_batch.ts';
import type { RowSnapshot } from '../shared-memory/partition_table.ts';
import type { FetchPlan } from './fetch_plan.ts';
import type { AnswerPiece, ApiHost } from './host.ts';
import type { Request } from './request.ts';

/** All that is read for a fetch is in its pieces. */
export type FetchRead = (request: Request, plan: FetchPlan, host: ApiHost) => void;

/**
 * Reads the records of a fetch, partition by partition, into pieces of memory with room in front and behind, so that
 * what stands around them in the answer fits there. Goes on from the disk's callbacks where the page cache does not have
 * them.
 */
export class FetchReading {
  readonly #row: RowSnapshot;
  readonly #result = new ReadResult();
  readonly #done: FetchRead;

  /** @param row for snapshots: the one of the evaluation, as the row that was looked at last costs little to look at again */
  constructor(row: RowSnapshot, done: FetchRead) {
    this.#row = row;
    this.#done = done;
  }

  /** Reads what an evaluation of the plan found. */
  begin(request: Request, plan: FetchPlan, host: ApiHost): void {
    plan.cursor = 0;
    plan.bytesLeft = plan.maxBytes;
    plan.isFirst = true;
    this.#readOn(request, plan, host);
  }

  /** Reads partition by partition; goes on later when the disk is needed. */
  #readOn(request: Request, plan: FetchPlan, host: ApiHost): void {
    while (plan.cursor < plan.partitionCount) {
      const at = plan.cursor;
      if (plan.available[at]! > 0 && (plan.bytesLeft > 0 || plan.isFirst)) {
        if (!this.#read(request, plan, at, host)) return;
      }
      plan.cursor++;
    }
    this.#done(request, plan, host);
  }

  /** False: the disk works on it, and `#readOn` is called again. */
  #read(request: Request, plan: FetchPlan, at: number, host: ApiHost): boolean {
    const slot = plan.slot[at]!;
    const row = this.#row;
    if (!this.#sameRow(plan, at, host, row)) return true;
    const position = plan.positions[at]!;
    const offset = plan.fetchOffset[at]!;
    const hint = host.readPosition(request, slot, offset);
    const located = host.reader.locate(row, offset, hint, position);
    if (located === 'later') {
      request.parts++;
      host.reader.locateLater(row, offset, position, (status) => {
        // Unless it was found, the position is still that of another fetch.
        if (status === 'found') hint.copyFrom(position);
        this.#goOn(request, plan, at, status, host);
      });
      return false;
    }
    if (located !== 'found') return this.#readFailed(plan, at, located);
    const end = plan.readCommitted ? row.lastStableOffset : row.highWatermark;
    // What is told of the partition is no older than what is given of it.
    plan.highWatermark[at] = row.highWatermark;
    plan.lastStableOffset[at] = row.lastStableOffset;
    const room = this.#room(plan, at, position.batchBytes, host.reader.bytesAhead(row, position));
    if (room === 0) return true;
    const piece = host.answers.take(HEADROOM + room + TAILROOM);
    plan.piece[at] = request.pieces.length;
    request.pieces.push(piece);
    piece.start = HEADROOM;
    piece.end = HEADROOM;
    const result = this.#result;
    const read = host.reader.read(row, position, end, piece, HEADROOM, room, result);
    if (read === 'later') {
      const later = new ReadResult();
      request.parts++;
      host.reader.readLater(row, position, end, piece, HEADROOM, room, later, () => {
        const isWhole = later.status !== 'found' || this.#took(request, plan, at, piece, later, host);
        if (later.status !== 'found') this.#readFailed(plan, at, later.status);
        this.#goOn(request, plan, isWhole ? at + 1 : at, 'found', host);
      });
      return false;
    }
    if (read !== 'found') return this.#readFailed(plan, at, read);
    return this.#took(request, plan, at, piece, result, host) || this.#read(request, plan, at, host);
  }

  /** An answer of the disk's pool: the request may have lost its connection meanwhile. */
  #goOn(request: Request, plan: FetchPlan, cursor: number, status: ReadStatus, host: ApiHost): void {
    request.parts--;
    if (request.isAbandoned) return host.returned(request);
    plan.cursor = cursor;
    if (status !== 'found' && status !== 'later') {
      this.#readFailed(plan, cursor, status);
      plan.cursor++;
    }
    this.#readOn(request, plan, host);
  }

  /**
   * The bytes are right only if nothing was cut off or replaced while they were read. False: a part of the first batch
   * is all that fitted, and it has to be read again with room for the whole.
   */
  #took(request: Request, plan: FetchPlan, at: number, piece: AnswerPiece, result: ReadResult, host: ApiHost): boolean {
    const row = this.#row;
    const slot = plan.slot[at]!;
    const position = plan.positions[at]!;
    const isThere = host.table.snapshot(slot, row);
    if (!isThere || row.incarnation !== position.incarnation || row.readEpoch !== position.readEpoch) return true;
    if (plan.readCommitted && !result.isPartial && !this.#collectAborted(plan, at, result.next.offset, host))
      return true;
    // More than the client wants: the size of the first batch was not known.
    const limit = this.#limit(plan, at);
    if (plan.isFirst && !result.isPartial && result.bytes > limit) {
      const bytes = batchesWithin(piece, result.bytes, limit);
      if (bytes < result.bytes) return this.#gave(plan, piece, bytes);
    }
    // Where it goes on, or, for a part, how large the batch is.
    host.readPosition(request, slot, plan.fetchOffset[at]!).copyFrom(result.next);
    if (result.isPartial) {
      if (!plan.isFirst || result.next.batchBytes <= position.batchBytes) return true;
      request.pieces.pop();
      plan.piece[at] = -1;
      host.answers.giveBack(piece);
      return false;
    }
    return this.#gave(plan, piece, result.bytes);
  }

  /** False: what was read is not to be used. */
  #collectAborted(plan: FetchPlan, at: number, endOffset: number, host: ApiHost): boolean {
    const row = this.#row;
    if (row.abortedTransactions === 0) return true;
    const aborted: AbortedTransaction[] = [];
    const collected = host.abortedTransactions.collect(row, plan.fetchOffset[at]!, endOffset, aborted);
    if (collected === 'failed') this.#readFailed(plan, at, 'failed');
    else if (aborted.length > 0) plan.aborted.set(at, aborted);
    return collected === 'found';
  }

  #gave(plan: FetchPlan, piece: AnswerPiece, bytes: number): true {
    piece.end = piece.start + bytes;
    plan.bytesLeft -= bytes;
    if (bytes > 0) plan.isFirst = false;
    return true;
  }

  /** A partition whose bytes cannot be had now is answered without any: the client asks again. */
  #readFailed(plan: FetchPlan, at: number, status: ReadStatus): boolean {
    if (status === 'failed') plan.errorCode[at] = ErrorCode.KAFKA_STORAGE_ERROR;
    if (status === 'outOfRange') plan.errorCode[at] = ErrorCode.OFFSET_OUT_OF_RANGE;
    return true;
  }

  #sameRow(plan: FetchPlan, at: number, host: ApiHost, row: RowSnapshot): boolean {
    return host.table.snapshot(plan.slot[at]!, row) && row.incarnation === plan.incarnation[at];
  }

  /** How much of a partition this answer takes: its own limit, the whole answer's, and what is there. */
  #room(plan: FetchPlan, at: number, batchBytes: number, bytesAhead: number): number {
    const limit = this.#limit(plan, at);
    const room = Math.min(limit, bytesAhead);
    if (!plan.isFirst) return room >= batchBytes ? room : 0;
    // A size that is not known yet is told by the head of the batch.
    return Math.max(room, batchBytes > 0 ? batchBytes : Math.min(bytesAhead, FIRST_READ_BYTES));
  }

  /** What the client wants of a partition at the most, but for the first batch of an answer, which comes whole. */
  #limit(plan: FetchPlan, at: number): number {
    return Math.min(Math.max(plan.maxBytesOf[at]!, 0), Math.max(plan.bytesLeft, 0));
  }
}

/** Bytes of the first of the whole batches in a piece, and of those behind it that stay within the limit. */
function batchesWithin(piece: AnswerPiece, bytes: number, limit: number): number {
  let taken = sizeOf(piece.view, piece.start);
  while (taken < bytes) {
    const next = taken + sizeOf(piece.view, piece.start + taken);
    if (next > limit) break;
    taken = next;
  }
  return taken;
}

/** Tells the size of a batch that is larger than what the client wants at most. */
const FIRST_READ_BYTES = 4096;
/** In front of the records of a piece: the answer up to there. Behind: the end of the answer. */
const HEADROOM = 512;
const TAILROOM = 64;
