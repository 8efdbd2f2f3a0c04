import { ErrorCode } from '../protocol/errors.ts';
import { RecordErrors } from '../partition/record_errors.ts';
import { insertDetails, patchProducePartition, ProduceResponseTemplate } from '../protocol/produce_response.ts';
import { ProduceRequestWalker } from '../protocol/produce_walker.ts';
import {
  CODEC_ZSTD,
  codecOf,
  CURRENT_MAGIC,
  frameAt,
  INCOMPLETE,
  magicOf,
  MALFORMED,
  RECORDS_AT,
} from '../protocol/record_batch.ts';
import { replicaState, RowPlacement } from '../shared-memory/partition_table.ts';
import type { TopicImage } from '../metadata/topic_image.ts';
import { CurrentLeader, endpointsOf } from './current_leaders.ts';
import type { ApiHandler, ApiHost } from './host.ts';
import type { Request } from './request.ts';

/**
 * Produce (0), versions 3 to 13: KIP-98 batches only, KIP-516 topic ids from 13 on.
 *
 * Runs on the receiving shard; each partition's records go to the shard that owns it. May wait: for the write, with
 * acks=all for the watermark. The only request that overlaps others of its kind on one connection.
 *
 * The answer is written at once, as a template in the order of the request; each partition's outcome is patched into
 * it when it comes. What goes to a directory that is nearly full has its connection throttled (KIP-219: the answer says
 * so and leaves at once, the connection is not read meanwhile). Single records at fault (KIP-467) and leaders elsewhere (KIP-951) are put in when all are there. Not
 * done yet: transactions.
 *
 *     served by  the owners of the partitions, gathered
 *     bound      a batch to max.message.bytes of its topic, unpacked to 256 MiB
 *     errors     UNKNOWN_TOPIC_OR_PARTITION NOT_LEADER_OR_FOLLOWER KAFKA_STORAGE_ERROR UNKNOWN_TOPIC_ID
 *                INVALID_TOPIC_EXCEPTION INVALID_REQUIRED_ACKS NOT_ENOUGH_REPLICAS REQUEST_TIMED_OUT CORRUPT_MESSAGE
 *                INVALID_RECORD INVALID_TIMESTAMP MESSAGE_TOO_LARGE RECORD_LIST_TOO_LARGE UNSUPPORTED_COMPRESSION_TYPE
 *                OUT_OF_ORDER_SEQUENCE_NUMBER DUPLICATE_SEQUENCE_NUMBER INVALID_PRODUCER_EPOCH INVALID_TXN_STATE
 *                TRANSACTIONAL_ID_AUTHORIZATION_FAILED
 */
export class ProduceHandler implements ApiHandler {
  readonly #walker = new ProduceRequestWalker();
  readonly #template = new ProduceResponseTemplate();
  readonly #row = new RowPlacement();
  readonly #recordErrors = new RecordErrors();
  readonly #leader = new CurrentLeader();
  /** How long the connection of the request at hand is held off for what it brings. */
  #throttleMs = 0;

  handle(request: Request, host: ApiHost): void {
    const walker = this.#walker;
    const version = request.apiVersion;
    if (!walker.reset(host.arenaView, host.arenaBytes, request.bodyStart, request.bodyEnd, version)) {
      return host.refuse(request, 'a malformed Produce request');
    }
    request.acks = walker.acks;
    request.silent = walker.acks === 0;
    // Guards against completion by a partition that answers at once while others are still to be handed out.
    request.parts = 1;
    this.#throttleMs = 0;
    // Who is no transactional producer writes nothing of a request with transactional records.
    const isForbidden = walker.transactionalIdStart < 0 && walker.hasTransactionalRecords;
    const writer = request.response;
    this.#template.begin(writer, version, request.correlationId, walker.filledTopicCount);
    while (walker.nextTopic()) {
      if (walker.partitionCount === 0) continue;
      const topic = this.#topic(walker, host, version);
      while (walker.nextPartition()) {
        const at = this.#template.partition(walker.partitionIndex);
        const error = isForbidden
          ? ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
          : this.#begin(request, host, topic, at);
        if (error !== ErrorCode.NONE) this.#finish(request, at, error, -1, -1, -1);
      }
    }
    this.#template.end(this.#throttleMs);
    if (this.#throttleMs > 0) host.throttle(request, this.#throttleMs);
    request.parts--;
    if (request.parts === 0) this.#complete(request, host);
    else if (walker.timeoutMs >= 0 && walker.acks === -1) host.expireAt(request, request.arrivalMs + walker.timeoutMs);
  }

  /** The outcome of one partition, from whichever thread. */
  appended(
    request: Request,
    host: ApiHost,
    at: number,
    errorCode: number,
    baseOffset: number,
    logAppendTimeMs: number,
    logStartOffset: number,
    recordErrorsAt: number,
  ): void {
    request.parts--;
    if (request.done) return;
    if (recordErrorsAt >= 0) this.#noteRecordErrors(request, host, at, errorCode, recordErrorsAt);
    this.#finish(request, at, errorCode, baseOffset, logAppendTimeMs, logStartOffset);
    if (request.parts === 0) this.#complete(request, host);
  }

  /** What has not come by now keeps REQUEST_TIMED_OUT; it may take effect all the same. */
  expire(request: Request, host: ApiHost): void {
    this.#complete(request, host);
  }

  #complete(request: Request, host: ApiHost): void {
    const { details } = request;
    if (details !== null) {
      const leaderIds = new Set(details.flatMap(({ leader }) => leader?.id ?? []));
      insertDetails(request.response, request.apiVersion, details, endpointsOf(leaderIds, request, host));
    }
    host.complete(request);
  }

  #noteLeader(request: Request, host: ApiHost, slot: number, at: number): void {
    const leader = this.#leader;
    if (!leader.find(slot, host)) return;
    const { id, epoch } = leader;
    request.details ??= [];
    request.details.push({ place: at, records: [], message: null, leader: { id, epoch } });
  }

  /** Takes them out of the request's memory, where the owner of the partition has left them. */
  #noteRecordErrors(request: Request, host: ApiHost, at: number, errorCode: number, place: number): void {
    const errors = this.#recordErrors;
    errors.take(host.arenaView, place);
    const records = [];
    for (let index = 0; index < errors.count; index++) {
      records.push({ batchIndex: errors.indexAt(index), message: RECORD_ERROR_MESSAGES[errors.errorAt(index)] });
    }
    request.details ??= [];
    request.details.push({ place: at, message: batchMessage(errorCode, records.length), records, leader: null });
  }

  #topic(walker: ProduceRequestWalker, host: ApiHost, version: number): TopicImage | null {
    const { index } = host.image;
    if (version >= TOPIC_IDS_FROM) {
      this.#template.topicId(walker.topicId0, walker.topicId1, walker.topicId2, walker.topicId3, walker.partitionCount);
      return index.byId(walker.topicId0, walker.topicId1, walker.topicId2, walker.topicId3);
    }
    this.#template.topicName(walker.bytes, walker.topicNameStart, walker.topicNameEnd, walker.partitionCount);
    return index.byName(walker.bytes, walker.topicNameStart, walker.topicNameEnd);
  }

  #begin(request: Request, host: ApiHost, topic: TopicImage | null, at: number): ErrorCode {
    const walker = this.#walker;
    if (topic === null) {
      return request.apiVersion >= TOPIC_IDS_FROM ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    }
    const slot = topic.slotOf(walker.partitionIndex);
    const row = this.#row;
    if (slot < 0 || !host.table.placement(slot, row)) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    const refusal = this.#refusalOfRecords(request, host.arenaView);
    if (refusal !== ErrorCode.NONE) return refusal;
    if (walker.acks < -1 || walker.acks > 1) return ErrorCode.INVALID_REQUIRED_ACKS;
    if (topic.isInternal) return ErrorCode.INVALID_TOPIC_EXCEPTION;
    if (row.state === replicaState.offline) return ErrorCode.KAFKA_STORAGE_ERROR;
    if (row.state !== replicaState.leader) {
      this.#noteLeader(request, host, slot, at);
      return ErrorCode.NOT_LEADER_OR_FOLLOWER;
    }
    this.#leaveTimedOut(request, at);
    const throttleMs = host.chargeDirectory(row.logDirectory, walker.recordsEnd - walker.recordsStart);
    if (throttleMs > this.#throttleMs) this.#throttleMs = throttleMs;
    host.append(request, slot, row.incarnation, row.owner, walker.recordsStart, walker.recordsEnd, at);
    return ErrorCode.NONE;
  }

  /** What the head of the records tells: exactly one batch of format 2, which this version may carry. */
  #refusalOfRecords(request: Request, view: DataView): ErrorCode {
    const { recordsStart: start, recordsEnd: end } = this.#walker;
    if (start < 0) return ErrorCode.INVALID_RECORD;
    const size = frameAt(view, start, end);
    if (size === MALFORMED) return ErrorCode.CORRUPT_MESSAGE;
    if (size === INCOMPLETE || magicOf(view, start) !== CURRENT_MAGIC) return ErrorCode.INVALID_RECORD;
    if (size < RECORDS_AT) return ErrorCode.CORRUPT_MESSAGE;
    if (frameAt(view, start + size, end) >= 0) return ErrorCode.INVALID_RECORD;
    return request.apiVersion < ZSTD_FROM && codecOf(view, start) === CODEC_ZSTD
      ? ErrorCode.UNSUPPORTED_COMPRESSION_TYPE
      : ErrorCode.NONE;
  }

  /** The template says "no error"; until the outcome comes it must not. */
  #leaveTimedOut(request: Request, at: number): void {
    patchProducePartition(request.response.view, at, request.apiVersion, ErrorCode.REQUEST_TIMED_OUT, -1, -1, -1);
  }

  #finish(
    request: Request,
    at: number,
    errorCode: number,
    baseOffset: number,
    logAppendTimeMs: number,
    logStartOffset: number,
  ): void {
    if (errorCode !== ErrorCode.NONE && request.silent) request.closes = true;
    // Kafka tells where the log starts only when it is the records that are wrong.
    const isToldStart = errorCode === ErrorCode.NONE || !UNTOLD_START.has(errorCode);
    patchProducePartition(
      request.response.view,
      at,
      request.apiVersion,
      errorCode,
      baseOffset,
      logAppendTimeMs,
      isToldStart ? logStartOffset : -1,
    );
  }
}

const RECORD_ERROR_MESSAGES = {
  'no key': 'a compacted topic takes no record without a key',
  time: "its timestamp is further from the broker's clock than message.timestamp.before.max.ms or message.timestamp.after.max.ms allow",
} as const;

function batchMessage(errorCode: number, records: number): string {
  const why = errorCode === ErrorCode.INVALID_TIMESTAMP ? 'for the time of' : 'for';
  return `the batch is refused ${why} ${records === 1 ? 'a record' : `${records} records`} in it`;
}

const TOPIC_IDS_FROM = 13;
/** KIP-110 */
const ZSTD_FROM = 7;
const UNTOLD_START: ReadonlySet<number> = new Set([
  ErrorCode.CORRUPT_MESSAGE,
  ErrorCode.MESSAGE_TOO_LARGE,
  ErrorCode.RECORD_LIST_TOO_LARGE,
  ErrorCode.KAFKA_STORAGE_ERROR,
]);
