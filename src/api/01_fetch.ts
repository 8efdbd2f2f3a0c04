import { ReadResult, type ReadStatus } from '../log/read_position.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { FetchResponseWriter } from '../protocol/fetch_response.ts';
import { FetchRequestWalker } from '../protocol/fetch_walker.ts';
import { sizeOf } from '../protocol/record_batch.ts';
import { replicaState, RowSnapshot } from '../shared-memory/partition_table.ts';
import { FetchPlan, type TopicPlan } from './fetch_plan.ts';
import type { AnswerPiece, ApiHandler, ApiHost } from './host.ts';
import type { Request } from './request.ts';

/**
 * Fetch (1), versions 4 to 18: KIP-74 limits, KIP-320 epochs, KIP-516 topic ids from 13 on.
 *
 * Runs on the receiving shard, whoever owns the partitions: it reads their rows and files itself. May wait: for
 * `min.bytes` up to `max.wait`, and for the disk.
 *
 *     taken apart (plan) ─► evaluated ─┬─ enough, an error, or no wait ─► read ─► answered
 *                                      └─ parked ─ a partition moved, or time is up ─► evaluated
 *
 * Not done yet: fetch sessions (a full request is answered fully), followers, read_committed with open transactions.
 */
export class FetchHandler implements ApiHandler {
  readonly #walker = new FetchRequestWalker();
  readonly #writer = new FetchResponseWriter();
  readonly #row = new RowSnapshot();
  readonly #again = new RowSnapshot();
  readonly #result = new ReadResult();
  readonly #splices: number[] = [];
  readonly #plans: FetchPlan[] = [];

  handle(request: Request, host: ApiHost): void {
    const walker = this.#walker;
    if (!walker.reset(host.arenaView, host.arenaBytes, request.bodyStart, request.bodyEnd, request.apiVersion)) {
      return host.refuse(request, 'a malformed Fetch request');
    }
    const plan = this.#plans.pop() ?? new FetchPlan();
    request.fetch = plan;
    this.#takeApart(plan, host);
    if (plan.sessionId !== 0) return this.#refuseSession(request, plan, host);
    if (plan.replicaId >= 0) return host.refuse(request, 'a replica fetch; this node has no followers');
    if (this.#evaluate(request, plan, host) || plan.maxWaitMs <= 0) return this.#answer(request, plan, host);
    host.park(request);
    // What moved between the look and the parking would wake nobody.
    if (this.#evaluate(request, plan, host)) return this.#answer(request, plan, host);
    host.expireAt(request, request.arrivalMs + plan.maxWaitMs);
  }

  retry(request: Request, host: ApiHost): void {
    const plan = request.fetch!;
    if (this.#evaluate(request, plan, host)) this.#answer(request, plan, host);
  }

  expire(request: Request, host: ApiHost): void {
    const plan = request.fetch!;
    if (!plan.isParked) return;
    this.#evaluate(request, plan, host);
    this.#answer(request, plan, host);
  }

  /** The request is over, answered or not. */
  forget(request: Request): void {
    if (request.fetch !== null) this.#plans.push(request.fetch);
    request.fetch = null;
  }

  #takeApart(plan: FetchPlan, host: ApiHost): void {
    const walker = this.#walker;
    plan.reset();
    plan.version = walker.version;
    plan.maxWaitMs = walker.maxWaitMs;
    plan.minBytes = walker.minBytes;
    plan.maxBytes = Math.min(Math.max(walker.maxBytes, 0), host.node.fetchBytesMax);
    plan.readCommitted = walker.isolationLevel === 1;
    plan.replicaId = walker.replicaId;
    plan.sessionId = walker.sessionId;
    plan.sessionEpoch = walker.sessionEpoch;
    const { index } = host.image;
    while (walker.nextTopic()) {
      const topic = plan.addTopic();
      topic.idWords[0] = walker.topicId0;
      topic.idWords[1] = walker.topicId1;
      topic.idWords[2] = walker.topicId2;
      topic.idWords[3] = walker.topicId3;
      topic.topic =
        walker.version >= TOPIC_IDS_FROM
          ? index.byId(walker.topicId0, walker.topicId1, walker.topicId2, walker.topicId3)
          : index.byName(walker.bytes, walker.topicNameStart, walker.topicNameEnd);
      if (topic.topic === null && walker.version < TOPIC_IDS_FROM) {
        topic.nameBytes = walker.bytes.slice(walker.topicNameStart, walker.topicNameEnd);
      }
      while (walker.nextPartition()) {
        const at = plan.addPartition();
        plan.partitionIndex[at] = walker.partitionIndex;
        plan.slot[at] = topic.topic === null ? -1 : topic.topic.slotOf(walker.partitionIndex);
        plan.leaderEpoch[at] = walker.currentLeaderEpoch;
        plan.fetchOffset[at] = walker.fetchOffset;
        plan.maxBytesOf[at] = walker.partitionMaxBytes;
      }
    }
  }

  /** Looks at every partition. True: there is something to answer with. */
  #evaluate(request: Request, plan: FetchPlan, host: ApiHost): boolean {
    let available = 0;
    let hasError = false;
    for (let at = 0; at < plan.partitionCount; at++) {
      plan.available[at] = 0;
      plan.piece[at] = -1;
      const error = this.#look(request, plan, at, host);
      plan.errorCode[at] = error;
      if (error !== ErrorCode.NONE) hasError = true;
      else available += Math.min(plan.available[at]!, Math.max(plan.maxBytesOf[at]!, 0));
    }
    return hasError || plan.partitionCount === 0 || (available > 0 && available >= plan.minBytes) || plan.minBytes <= 0;
  }

  #look(request: Request, plan: FetchPlan, at: number, host: ApiHost): ErrorCode {
    const row = this.#row;
    const slot = plan.slot[at]!;
    plan.highWatermark[at] = -1;
    plan.lastStableOffset[at] = -1;
    plan.logStartOffset[at] = -1;
    if (slot < 0 || !host.table.snapshot(slot, row)) {
      return plan.version >= TOPIC_IDS_FROM && plan.topics[plan.topicOf[at]!]!.topic === null
        ? ErrorCode.UNKNOWN_TOPIC_ID
        : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    }
    if (row.state === replicaState.offline) return ErrorCode.KAFKA_STORAGE_ERROR;
    if (row.state !== replicaState.leader) return ErrorCode.NOT_LEADER_OR_FOLLOWER;
    const epoch = plan.leaderEpoch[at]!;
    if (epoch >= 0 && epoch < row.leaderEpoch) return ErrorCode.FENCED_LEADER_EPOCH;
    if (epoch > row.leaderEpoch) return ErrorCode.UNKNOWN_LEADER_EPOCH;
    const offset = plan.fetchOffset[at]!;
    if (offset < row.logStartOffset || offset > row.logEndOffset) return ErrorCode.OFFSET_OUT_OF_RANGE;
    plan.highWatermark[at] = row.highWatermark;
    plan.lastStableOffset[at] = row.lastStableOffset;
    plan.logStartOffset[at] = row.logStartOffset;
    plan.incarnation[at] = row.incarnation;
    const end = plan.readCommitted ? row.lastStableOffset : row.highWatermark;
    if (offset < end)
      plan.available[at] = plan.minBytes <= 1 ? BYTES_UNKNOWN : this.#bytesAhead(request, plan, at, host);
    return ErrorCode.NONE;
  }

  /** What a read would find. What lies on the disk alone is a lot. */
  #bytesAhead(request: Request, plan: FetchPlan, at: number, host: ApiHost): number {
    const slot = plan.slot[at]!;
    const position = plan.positions[at]!;
    const hint = host.readPosition(request, slot);
    const located = host.reader.locate(this.#row, plan.fetchOffset[at]!, hint, position);
    return located === 'found' ? host.reader.bytesAhead(this.#row, position) : BYTES_UNKNOWN;
  }

  #answer(request: Request, plan: FetchPlan, host: ApiHost): void {
    host.unpark(request);
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
    this.#write(request, plan, host);
  }

  /** False: the disk works on it, and `#readOn` is called again. */
  #read(request: Request, plan: FetchPlan, at: number, host: ApiHost): boolean {
    const slot = plan.slot[at]!;
    const row = this.#row;
    if (!this.#sameRow(plan, at, host, row)) return true;
    const position = plan.positions[at]!;
    const hint = host.readPosition(request, slot);
    const offset = plan.fetchOffset[at]!;
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
    const again = this.#again;
    const slot = plan.slot[at]!;
    const position = plan.positions[at]!;
    const isThere = host.table.snapshot(slot, again);
    if (!isThere || again.incarnation !== position.incarnation || again.readEpoch !== position.readEpoch) return true;
    // More than the client wants: the size of the first batch was not known.
    const limit = this.#limit(plan, at);
    if (plan.isFirst && !result.isPartial && result.bytes > limit) {
      const bytes = batchesWithin(piece, result.bytes, limit);
      if (bytes < result.bytes) return this.#gave(plan, piece, bytes);
    }
    // Where it goes on, or, for a part, how large the batch is.
    host.readPosition(request, slot).copyFrom(result.next);
    if (result.isPartial) {
      if (!plan.isFirst || result.next.batchBytes <= position.batchBytes) return true;
      request.pieces.pop();
      plan.piece[at] = -1;
      host.answers.giveBack(piece);
      return false;
    }
    return this.#gave(plan, piece, result.bytes);
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

  #refuseSession(request: Request, plan: FetchPlan, host: ApiHost): void {
    const { sessionId } = plan;
    const code = sessionId === 0 ? ErrorCode.INVALID_FETCH_SESSION_EPOCH : ErrorCode.FETCH_SESSION_ID_NOT_FOUND;
    this.#writer.begin(request.response, plan.version, request.correlationId, 0, code, 0, 0);
    this.#writer.end();
    host.complete(request);
  }

  #write(request: Request, plan: FetchPlan, host: ApiHost): void {
    const writer = request.response;
    const response = this.#writer;
    const splices = this.#splices;
    splices.length = 0;
    response.begin(writer, plan.version, request.correlationId, 0, ErrorCode.NONE, 0, plan.topicCount);
    let at = 0;
    for (let index = 0; index < plan.topicCount; index++) {
      const topic = plan.topics[index]!;
      this.#writeTopic(topic, plan.version);
      for (const end = at + topic.partitions; at < end; at++) this.#writePartition(request, plan, at, splices);
    }
    response.end();
    weave(request, splices, host);
    host.complete(request);
  }

  #writeTopic(topic: TopicPlan, version: number): void {
    const { idWords } = topic;
    if (version >= TOPIC_IDS_FROM) {
      this.#writer.topicId(idWords[0]!, idWords[1]!, idWords[2]!, idWords[3]!, topic.partitions);
      return;
    }
    const name = topic.topic === null ? topic.nameBytes : topic.topic.nameBytes;
    this.#writer.topicName(name, 0, name.length, topic.partitions);
  }

  #writePartition(request: Request, plan: FetchPlan, at: number, splices: number[]): void {
    const response = this.#writer;
    const piece = plan.piece[at]! < 0 ? null : request.pieces[plan.piece[at]!]!;
    const bytes = piece === null ? 0 : piece.end - piece.start;
    response.partition(
      plan.partitionIndex[at]!,
      plan.errorCode[at]!,
      plan.highWatermark[at]!,
      plan.lastStableOffset[at]!,
      plan.logStartOffset[at]!,
      plan.slot[at]! < 0 || (plan.readCommitted && plan.errorCode[at] === ErrorCode.NONE) ? 0 : -1,
    );
    const splice = response.records(-1, bytes);
    if (piece !== null) splices.push(splice);
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

const TOPIC_IDS_FROM = 13;
/** Something is there; how much is seen when it is read. Above every `min.bytes`. */
const BYTES_UNKNOWN = 2 ** 40;
/** Tells the size of a batch that is larger than what the client wants at most. */
const FIRST_READ_BYTES = 4096;
/** In front of the records of a piece: the answer up to there. Behind: the end of the answer. */
const HEADROOM = 512;
const TAILROOM = 64;
