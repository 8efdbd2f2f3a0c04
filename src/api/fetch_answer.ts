import { empty } from '../base/empty.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { FetchResponseWriter } from '../protocol/fetch_response.ts';
import { CurrentLeader, endpointsOf } from './current_leaders.ts';
import { TOPIC_IDS_FROM, type FetchPlan } from './fetch_plan.ts';
import type { AnswerPiece, ApiHost } from './host.ts';
import type { Request } from './request.ts';

/** Writes the answers of fetches: of all partitions, or in a session of those that have news. */
export class FetchAnswer {
  readonly #writer = new FetchResponseWriter();
  readonly #splices: number[] = [];
  readonly #leader = new CurrentLeader();
  /** Leaders that the answer names. */
  readonly #leaderIds = new Set<number>();

  /** An answer without partitions. */
  refuse(request: Request, plan: FetchPlan, host: ApiHost, errorCode: ErrorCode): void {
    this.#writer.begin(request.response, plan.version, request.correlationId, 0, errorCode, 0, 0);
    this.#writer.end();
    host.complete(request);
  }

  /** `sessionId` is 0 for none. */
  write(request: Request, plan: FetchPlan, host: ApiHost, sessionId: number): void {
    const splices = this.#splices;
    empty(splices);
    if (this.#leaderIds.size > 0) this.#leaderIds.clear();
    const topics = plan.toldTopics();
    this.#writer.begin(request.response, plan.version, request.correlationId, 0, ErrorCode.NONE, sessionId, topics);
    let at = 0;
    for (let index = 0; index < plan.topicCount; index++) {
      const end = at + plan.topics[index]!.partitions;
      const partitions = plan.toldPartitions(at, end);
      if (partitions > 0) this.#writeTopic(plan, index, partitions);
      for (; at < end; at++) if (plan.isTold[at] === 1) this.#writePartition(request, plan, at, host, splices);
    }
    // Followers find each other by the metadata.
    this.#writer.end(plan.replicaId >= 0 ? [] : endpointsOf(this.#leaderIds, request, host));
    weave(request, splices, host);
    host.complete(request);
  }

  #writeTopic(plan: FetchPlan, index: number, partitions: number): void {
    const { topic, idWords, nameBytes } = plan.topics[index]!;
    if (plan.version >= TOPIC_IDS_FROM) {
      this.#writer.topicId(idWords[0]!, idWords[1]!, idWords[2]!, idWords[3]!, partitions);
      return;
    }
    const name = topic === null ? nameBytes : topic.nameBytes;
    this.#writer.topicName(name, 0, name.length, partitions);
  }

  #writePartition(request: Request, plan: FetchPlan, at: number, host: ApiHost, splices: number[]): void {
    const response = this.#writer;
    const piece = plan.piece[at]! < 0 ? null : request.pieces[plan.piece[at]!]!;
    const isCommittedRead = plan.readCommitted && plan.errorCode[at] === ErrorCode.NONE;
    const aborted = isCommittedRead ? plan.aborted.get(at) : undefined;
    response.partition(
      plan.partitionIndex[at]!,
      plan.errorCode[at]!,
      plan.highWatermark[at]!,
      plan.lastStableOffset[at]!,
      plan.logStartOffset[at]!,
      aborted !== undefined ? aborted.length : isCommittedRead || plan.slot[at]! < 0 ? 0 : -1,
    );
    if (aborted !== undefined) {
      for (const { producerId, firstOffset } of aborted) {
        const id = BigInt.asUintN(64, BigInt(producerId));
        response.abortedTransaction(Number(id >> 32n), Number(id & 0xffff_ffffn), firstOffset);
      }
    }
    if (plan.version >= CURRENT_LEADER_FROM && isElsewhere(plan.errorCode[at]!)) {
      this.#nameLeader(plan.slot[at]!, host);
    }
    const diverging = plan.diverging.get(at);
    if (diverging !== undefined) response.divergingEpoch(diverging.epoch, diverging.offset);
    const splice = response.records(-1, piece === null ? 0 : piece.end - piece.start);
    if (piece !== null) splices.push(splice);
  }

  #nameLeader(slot: number, host: ApiHost): void {
    const leader = this.#leader;
    if (!leader.find(slot, host)) return;
    this.#writer.currentLeader(leader.id, leader.epoch);
    this.#leaderIds.add(leader.id);
  }
}

/**
 * Puts what precedes each piece of records in front of it, in the room left there, and the end of the answer behind
 * the last: an answer with one partition leaves as one contiguous range, in one write.
 */
function weave(request: Request, splices: readonly number[], host: ApiHost): void {
  const { pieces, response } = request;
  if (pieces.length === 0) return;
  const records = pieces.splice(0);
  let from = 0;
  for (let index = 0; index < records.length; index++) {
    const piece = records[index]!;
    const splice = splices[index]!;
    // A header too long for the room (many partitions without records before this one) is a piece of its own.
    if (splice - from > piece.start) pieces.push(pieceOf(response.bytes, from, splice, host));
    else prepend(piece, response.bytes, from, splice);
    pieces.push(piece);
    from = splice;
  }
  const last = records[records.length - 1]!;
  const end = response.position;
  if (end - from > last.bytes.length - last.end) pieces.push(pieceOf(response.bytes, from, end, host));
  else {
    for (let at = from; at < end; at++) last.bytes[last.end++] = response.bytes[at]!;
  }
  // All of it went into the pieces.
  response.position = 0;
}

function pieceOf(bytes: Uint8Array, from: number, to: number, host: ApiHost): AnswerPiece {
  const piece = host.answers.take(to - from);
  piece.bytes.set(bytes.subarray(from, to), 0);
  piece.end = to - from;
  return piece;
}

function prepend(piece: AnswerPiece, bytes: Uint8Array, from: number, to: number): void {
  piece.start -= to - from;
  for (let index = 0; index < to - from; index++) piece.bytes[piece.start + index] = bytes[from + index]!;
}

/** The client is to go to the leader, or to learn its epoch. */
function isElsewhere(errorCode: number): boolean {
  return errorCode === ErrorCode.NOT_LEADER_OR_FOLLOWER || errorCode === ErrorCode.FENCED_LEADER_EPOCH;
}

const CURRENT_LEADER_FROM = 16;
