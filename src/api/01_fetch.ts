import { ApiKey } from '../protocol/api_keys.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { FetchRequestWalker } from '../protocol/fetch_walker.ts';
import { replicaState, RowSnapshot } from '../shared-memory/partition_table.ts';
import { FetchAnswer } from './fetch_answer.ts';
import { FetchPlan, TOPIC_IDS_FROM } from './fetch_plan.ts';
import { FetchReading } from './fetch_reading.ts';
import type { FetchSession, SessionTopic } from './fetch_session.ts';
import type { ApiHandler, ApiHost, PartitionOutcome } from './host.ts';
import type { Request } from './request.ts';

/**
 * Fetch (1), versions 4 to 18: KIP-74 limits, KIP-227 sessions, KIP-320 epochs, KIP-516 topic ids from 13 on.
 *
 * Runs on the receiving shard, whoever owns the partitions: it reads their rows and files itself. May wait: for
 * `min.bytes` up to `max.wait`, and for the disk.
 *
 *     taken apart (plan) ─► evaluated ─┬─ enough, an error, or no wait ─► read ─► answered
 *       ▲ full: the request            └─ parked ─ a partition moved, or time is up ─► evaluated
 *       └ incremental: the session, changed by the request
 *
 * KIP-951 addresses of leaders. KIP-595: where the last fetched epoch is one before the leader's, the owner of the
 * partition says where it ends, before the first evaluation. Not done yet: followers (none is known as a replica).
 *
 *     served by  this shard, asking owners for epochs
 *     bound      the answer by fetch.max.bytes; sessions by their slots, and 128 MiB a shard
 *     errors     UNKNOWN_TOPIC_OR_PARTITION NOT_LEADER_OR_FOLLOWER KAFKA_STORAGE_ERROR FENCED_LEADER_EPOCH
 *                UNKNOWN_LEADER_EPOCH UNKNOWN_TOPIC_ID INCONSISTENT_TOPIC_ID OFFSET_OUT_OF_RANGE
 *                FETCH_SESSION_ID_NOT_FOUND INVALID_FETCH_SESSION_EPOCH FETCH_SESSION_TOPIC_ID_ERROR
 */
export class FetchHandler implements ApiHandler {
  readonly #walker = new FetchRequestWalker();
  readonly #row = new RowSnapshot();
  readonly #reading = new FetchReading(this.#row, (request, plan, host) => this.#write(request, plan, host));
  readonly #answer = new FetchAnswer();
  readonly #plans: FetchPlan[] = [];

  handle(request: Request, host: ApiHost): void {
    const walker = this.#walker;
    if (!walker.reset(host.arenaView, host.arenaBytes, request.bodyStart, request.bodyEnd, request.apiVersion)) {
      return host.refuse(request, 'a malformed Fetch request');
    }
    const plan = this.#plans.pop() ?? new FetchPlan();
    request.fetch = plan;
    this.#readHead(plan, host);
    const refusal = this.#takeApart(request, plan, host);
    if (refusal !== ErrorCode.NONE) return this.#answer.refuse(request, plan, host, refusal);
    if (!this.#askForEpochs(request, plan, host)) this.#begin(request, plan, host);
  }

  #begin(request: Request, plan: FetchPlan, host: ApiHost): void {
    if (this.#evaluate(request, plan, host) || plan.maxWaitMs <= 0) return this.#read(request, plan, host);
    host.park(request);
    // What moved between the look and the parking would wake nobody.
    if (this.#evaluate(request, plan, host)) return this.#read(request, plan, host);
    host.expireAt(request, request.arrivalMs + plan.maxWaitMs);
  }

  retry(request: Request, host: ApiHost): void {
    const plan = request.fetch!;
    if (this.#evaluate(request, plan, host)) this.#read(request, plan, host);
  }

  expire(request: Request, host: ApiHost): void {
    const plan = request.fetch!;
    if (!plan.isParked) return;
    this.#evaluate(request, plan, host);
    this.#read(request, plan, host);
  }

  /** The request is over, answered or not. */
  forget(request: Request): void {
    if (request.fetch !== null) this.#plans.push(request.fetch);
    request.fetch = null;
  }

  #readHead(plan: FetchPlan, host: ApiHost): void {
    const walker = this.#walker;
    plan.reset();
    plan.version = walker.version;
    plan.maxWaitMs = walker.maxWaitMs;
    plan.maxBytes = Math.min(Math.max(walker.maxBytes, 0), host.node.fetchBytesMax);
    // More than an answer may hold never comes.
    plan.minBytes = Math.min(walker.minBytes, plan.maxBytes);
    plan.readCommitted = walker.isolationLevel === 1;
    plan.replicaId = walker.replicaId;
    plan.sessionId = walker.sessionId;
    plan.sessionEpoch = walker.sessionEpoch;
  }

  /** Fills the plan: from the request, or from the session after the request has changed it. */
  #takeApart(request: Request, plan: FetchPlan, host: ApiHost): ErrorCode {
    const sessions = host.fetchSessions;
    if (plan.sessionEpoch === FULL_WITHOUT_SESSION || plan.sessionEpoch === FULL_WITH_NEW_SESSION) {
      // A session that is named here is over.
      if (plan.sessionId !== 0) sessions.remove(plan.sessionId);
      this.#planOfRequest(plan, host);
      return ErrorCode.NONE;
    }
    const session = sessions.get(plan.sessionId);
    if (session === null) return ErrorCode.FETCH_SESSION_ID_NOT_FOUND;
    if (!session.isNext(plan.sessionEpoch)) return ErrorCode.INVALID_FETCH_SESSION_EPOCH;
    if (session.usesTopicIds !== plan.version >= TOPIC_IDS_FROM) return ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR;
    if (!sessions.update(session, request.arrivalMs, (changed) => this.#change(changed))) {
      return ErrorCode.FETCH_SESSION_ID_NOT_FOUND;
    }
    if (session.size === 0) {
      // Nothing is left to remember: answered as a full request without partitions.
      sessions.remove(session.id);
      return ErrorCode.NONE;
    }
    session.advanceEpoch();
    plan.session = session;
    plan.epochAfter = session.epoch;
    this.#planOfSession(plan, session, host);
    return ErrorCode.NONE;
  }

  /** Asks owners where epochs end, and goes on when they have answered. False: nothing is to be asked. */
  #askForEpochs(request: Request, plan: FetchPlan, host: ApiHost): boolean {
    const row = this.#row;
    let isAsked = false;
    const done = (): void => {
      request.parts--;
      if (request.parts > 0) return;
      if (request.isAbandoned) host.returned(request);
      else this.#begin(request, plan, host);
    };
    for (let at = 0; at < plan.partitionCount; at++) {
      const epoch = plan.lastFetchedEpoch[at]!;
      const slot = plan.slot[at]!;
      if (epoch < 0 || slot < 0 || !host.table.snapshot(slot, row)) continue;
      if (row.state !== replicaState.leader || epoch >= row.leaderEpoch) continue;
      // Guards against going on by an answer at once while others are still to be asked for.
      if (!isAsked) request.parts = 1;
      isAsked = true;
      request.parts++;
      host.callPartition(row.owner, ApiKey.OffsetForLeaderEpoch, slot, row.incarnation, epoch, 0, (outcome) => {
        plan.epochEnds.set(at, { ...outcome, body: null });
        done();
      });
    }
    if (isAsked) done();
    return isAsked;
  }

  #planOfRequest(plan: FetchPlan, host: ApiHost): void {
    const walker = this.#walker;
    const { index } = host.image;
    const usesTopicIds = walker.version >= TOPIC_IDS_FROM;
    while (walker.nextTopic()) {
      const topic = plan.addTopic();
      topic.idWords[0] = walker.topicId0;
      topic.idWords[1] = walker.topicId1;
      topic.idWords[2] = walker.topicId2;
      topic.idWords[3] = walker.topicId3;
      topic.topic = usesTopicIds
        ? index.byId(walker.topicId0, walker.topicId1, walker.topicId2, walker.topicId3)
        : index.byName(walker.bytes, walker.topicNameStart, walker.topicNameEnd);
      topic.missing = usesTopicIds ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
      if (topic.topic === null && !usesTopicIds) {
        topic.nameBytes = walker.bytes.slice(walker.topicNameStart, walker.topicNameEnd);
      }
      while (walker.nextPartition()) {
        const at = plan.addPartition();
        plan.partitionIndex[at] = walker.partitionIndex;
        plan.slot[at] = topic.topic === null ? -1 : topic.topic.slotOf(walker.partitionIndex);
        plan.leaderEpoch[at] = walker.currentLeaderEpoch;
        plan.fetchOffset[at] = walker.fetchOffset;
        plan.lastFetchedEpoch[at] = walker.lastFetchedEpoch;
        plan.maxBytesOf[at] = walker.partitionMaxBytes;
      }
    }
  }

  /** Partitions that the request names come into the session or are changed in it, those that it forgets leave. */
  #change(session: FetchSession): void {
    const walker = this.#walker;
    while (walker.nextTopic()) {
      const topic = this.#topicOf(session);
      while (walker.nextPartition()) {
        const partition = session.put(topic, walker.partitionIndex);
        partition.leaderEpoch = walker.currentLeaderEpoch;
        partition.fetchOffset = walker.fetchOffset;
        partition.lastFetchedEpoch = walker.lastFetchedEpoch;
        partition.maxBytes = walker.partitionMaxBytes;
      }
      session.dropIfEmpty(topic);
    }
    while (walker.nextForgottenTopic()) {
      const topic = this.#topicOf(session);
      while (walker.nextForgottenPartition()) session.forget(topic, walker.partitionIndex);
      session.dropIfEmpty(topic);
    }
  }

  /** The topic at which the walker is. */
  #topicOf(session: FetchSession): SessionTopic {
    const walker = this.#walker;
    return session.usesTopicIds
      ? session.topicOfId(walker.topicId0, walker.topicId1, walker.topicId2, walker.topicId3)
      : session.topicOfName(walker.bytes, walker.topicNameStart, walker.topicNameEnd);
  }

  #planOfSession(plan: FetchPlan, session: FetchSession, host: ApiHost): void {
    let topic: SessionTopic | null = null;
    for (let partition = session.first; partition !== null; partition = partition.next) {
      if (partition.topic !== topic) {
        topic = partition.topic;
        topic.resolve(host.image.index, session.usesTopicIds);
        const planned = plan.addTopic();
        planned.idWords.set(topic.idWords);
        planned.topic = topic.image;
        planned.nameBytes = topic.nameBytes;
        planned.missing = topic.missing;
      }
      const at = plan.addPartition();
      plan.members[at] = partition;
      plan.partitionIndex[at] = partition.partitionIndex;
      plan.slot[at] = topic.image === null ? -1 : topic.image.slotOf(partition.partitionIndex);
      plan.leaderEpoch[at] = partition.leaderEpoch;
      plan.fetchOffset[at] = partition.fetchOffset;
      plan.lastFetchedEpoch[at] = partition.lastFetchedEpoch;
      plan.maxBytesOf[at] = partition.maxBytes;
    }
  }

  /**
   * Looks at every partition. True: there is something to answer with. That nobody knows a partition is no reason to
   * answer before the others have something, unless there are no others.
   */
  #evaluate(request: Request, plan: FetchPlan, host: ApiHost): boolean {
    let known = 0;
    let hasError = false;
    if (plan.diverging.size > 0) plan.diverging.clear();
    for (let at = 0; at < plan.partitionCount; at++) {
      plan.available[at] = 0;
      plan.piece[at] = -1;
      const error = this.#look(request, plan, at, host);
      plan.errorCode[at] = error;
      if (plan.slot[at]! < 0) continue;
      known++;
      if (error !== ErrorCode.NONE || plan.diverging.has(at)) hasError = true;
    }
    return hasError || known === 0 || plan.availableBytes() >= plan.minBytes;
  }

  #look(request: Request, plan: FetchPlan, at: number, host: ApiHost): ErrorCode {
    const row = this.#row;
    const slot = plan.slot[at]!;
    plan.highWatermark[at] = -1;
    plan.lastStableOffset[at] = -1;
    plan.logStartOffset[at] = -1;
    if (slot < 0 || !host.table.snapshot(slot, row)) {
      const { topic, missing } = plan.topics[plan.topicOf[at]!]!;
      return topic === null ? missing : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    }
    if (row.state === replicaState.offline) return ErrorCode.KAFKA_STORAGE_ERROR;
    if (row.state !== replicaState.leader) return ErrorCode.NOT_LEADER_OR_FOLLOWER;
    const epoch = plan.leaderEpoch[at]!;
    if (epoch >= 0 && epoch < row.leaderEpoch) return ErrorCode.FENCED_LEADER_EPOCH;
    if (epoch > row.leaderEpoch) return ErrorCode.UNKNOWN_LEADER_EPOCH;
    if (plan.replicaId >= 0) return ErrorCode.NOT_LEADER_OR_FOLLOWER;
    if (plan.lastFetchedEpoch[at]! >= 0) {
      const error = this.#compareEpochs(plan, at);
      if (error !== ErrorCode.NONE || plan.diverging.has(at)) return error;
    }
    const offset = plan.fetchOffset[at]!;
    if (offset < row.logStartOffset || offset > row.logEndOffset) return ErrorCode.OFFSET_OUT_OF_RANGE;
    this.#noteOffsets(plan, at);
    const end = plan.readCommitted ? row.lastStableOffset : row.highWatermark;
    if (offset < end)
      plan.available[at] = plan.minBytes <= 1 ? BYTES_UNKNOWN : this.#bytesUpTo(request, plan, at, end, host);
    return ErrorCode.NONE;
  }

  /** Whether the client's log is a part of this one; notes from where on it is not. */
  #compareEpochs(plan: FetchPlan, at: number): ErrorCode {
    const row = this.#row;
    const epoch = plan.lastFetchedEpoch[at]!;
    const offset = plan.fetchOffset[at]!;
    // Nobody knows where an epoch ends that is still to come.
    if (epoch > row.leaderEpoch) return ErrorCode.OFFSET_OUT_OF_RANGE;
    const isCurrent = epoch === row.leaderEpoch;
    const end = isCurrent ? endOfLog(row) : plan.epochEnds.get(at);
    // It came to lead in a newer epoch just now.
    if (end === undefined) return ErrorCode.NOT_LEADER_OR_FOLLOWER;
    if (end.errorCode !== ErrorCode.NONE) return end.errorCode as ErrorCode;
    if (end.offset < 0 || end.epoch < 0 || offset < row.logStartOffset) return ErrorCode.OFFSET_OUT_OF_RANGE;
    if (end.epoch >= epoch && end.offset >= offset) return ErrorCode.NONE;
    plan.diverging.set(at, end);
    this.#noteOffsets(plan, at);
    return ErrorCode.NONE;
  }

  #noteOffsets(plan: FetchPlan, at: number): void {
    const row = this.#row;
    plan.highWatermark[at] = row.highWatermark;
    plan.lastStableOffset[at] = row.lastStableOffset;
    plan.logStartOffset[at] = row.logStartOffset;
    plan.incarnation[at] = row.incarnation;
  }

  /** What the client may have of it by now. What lies in an older segment, or on the disk alone, is a lot. */
  #bytesUpTo(request: Request, plan: FetchPlan, at: number, end: number, host: ApiHost): number {
    const slot = plan.slot[at]!;
    const position = plan.positions[at]!;
    const offset = plan.fetchOffset[at]!;
    const hint = host.readPosition(request, slot, offset);
    const located = host.reader.locate(this.#row, offset, hint, position);
    return located === 'found' ? host.reader.bytesUpTo(this.#row, position, end) : BYTES_UNKNOWN;
  }

  #read(request: Request, plan: FetchPlan, host: ApiHost): void {
    host.unpark(request);
    this.#reading.begin(request, plan, host);
  }

  #write(request: Request, plan: FetchPlan, host: ApiHost): void {
    const { session } = plan;
    if (session === null) {
      const made = plan.sessionEpoch === FULL_WITH_NEW_SESSION ? this.#newSession(request, plan, host) : null;
      return this.#answer.write(request, plan, host, made === null ? 0 : made.id);
    }
    // Another request went on with the session meanwhile: what this one would tell, that one must not leave out.
    if (session.epoch !== plan.epochAfter) {
      for (const piece of request.pieces.splice(0)) host.answers.giveBack(piece);
      return this.#answer.refuse(request, plan, host, ErrorCode.INVALID_FETCH_SESSION_EPOCH);
    }
    for (let at = 0; at < plan.partitionCount; at++) this.#tell(request, plan, session, at);
    this.#answer.write(request, plan, host, session.id);
  }

  /** Decides whether the answer names the partition. */
  #tell(request: Request, plan: FetchPlan, session: FetchSession, at: number): void {
    const member = plan.members[at]!;
    const piece = plan.piece[at]! < 0 ? null : request.pieces[plan.piece[at]!]!;
    const bytes = piece === null ? 0 : piece.end - piece.start;
    const { errorCode, highWatermark, logStartOffset } = plan;
    const isTold = member.tell(errorCode[at]!, highWatermark[at]!, logStartOffset[at]!, bytes);
    // A piece that was taken has its place in the answer, even when what was read turned out to be void.
    plan.isTold[at] = isTold || piece !== null || plan.diverging.has(at) ? 1 : 0;
    if (bytes > 0) session.moveToEnd(member);
  }

  /** The session that a full request asks for, with what its answer tells; null when there is no room for one. */
  #newSession(request: Request, plan: FetchPlan, host: ApiHost): FetchSession | null {
    const usesTopicIds = plan.version >= TOPIC_IDS_FROM;
    return host.fetchSessions.create(
      plan.partitionCount,
      usesTopicIds,
      plan.replicaId >= 0,
      request.arrivalMs,
      (session) => {
        for (let at = 0; at < plan.partitionCount; at++) {
          const { topic, idWords, nameBytes } = plan.topics[plan.topicOf[at]!]!;
          const name = topic === null ? nameBytes : topic.nameBytes;
          const member = session.put(
            usesTopicIds
              ? session.topicOfId(idWords[0]!, idWords[1]!, idWords[2]!, idWords[3]!)
              : session.topicOfName(name, 0, name.length),
            plan.partitionIndex[at]!,
          );
          member.leaderEpoch = plan.leaderEpoch[at]!;
          member.fetchOffset = plan.fetchOffset[at]!;
          member.lastFetchedEpoch = plan.lastFetchedEpoch[at]!;
          member.maxBytes = plan.maxBytesOf[at]!;
          if (topic !== null && usesTopicIds) member.topic.nameBytes = name;
          member.tell(plan.errorCode[at]!, plan.highWatermark[at]!, plan.logStartOffset[at]!, 0);
        }
      },
    );
  }
}

function endOfLog({ leaderEpoch, logEndOffset }: RowSnapshot): PartitionOutcome {
  return { errorCode: ErrorCode.NONE, epoch: leaderEpoch, offset: logEndOffset, body: null };
}

/** Session epochs on the wire; others are of the session that is gone on with. */
const FULL_WITHOUT_SESSION = -1;
const FULL_WITH_NEW_SESSION = 0;
/** Something is there; how much is seen when it is read. Above every `min.bytes`. */
const BYTES_UNKNOWN = 2 ** 40;
