import { ApiHandlers } from '../api/handlers.ts';
import type { FetchSessions } from '../api/fetch_sessions.ts';
import type { AnswerMemory, ApiHost, HostView, LogDirectoryView, NodeView, PartitionOutcome } from '../api/host.ts';
import type { Request } from '../api/request.ts';
import { assert } from '../base/assert.ts';
import { ByteReader, type ByteWriter } from '../base/bytes.ts';
import { empty } from '../base/empty.ts';
import { TimerQueue } from '../base/timer_queue.ts';
import type { AbortedTransactions } from '../log/aborted_transactions.ts';
import type { Decompressor } from '../log/decompressor.ts';
import type { LogReader } from '../log/log_reader.ts';
import type { ReadPosition } from '../log/read_position.ts';
import type { MetadataImage } from '../metadata/metadata_image.ts';
import type { AppendSink } from '../partition/append_queue.ts';
import type { Clock } from '../port/clock.ts';
import type { Kernels } from '../port/kernels.ts';
import { ApiKey } from '../protocol/api_keys.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { beginFrame, endFrame } from '../protocol/framing.ts';
import { writeResponseHeader } from '../protocol/headers.ts';
import type { Arena } from '../shared-memory/arena.ts';
import type { DiskBrakes } from '../shared-memory/disk_brakes.ts';
import type { PartitionColumns } from '../shared-memory/partition_columns.ts';
import type { PartitionTable } from '../shared-memory/partition_table.ts';
import type { Answers } from './answers.ts';
import type { AppendRouter } from './append_routing.ts';
import type { Connection } from './connection.ts';
import type { Connections } from './connections.ts';
import type { ControlCalls } from './control_calls.ts';
import type { OwnedPartitions } from './owned_partitions.ts';
import type { PartitionApis } from './partition_apis.ts';
import type { PartitionCalls } from './partition_calls.ts';
import type { ParkedFetches } from './parked_fetches.ts';
import type { RequestPool } from './request_pool.ts';

export interface RequestsOptions extends HostView {
  readonly thread: number;
  readonly arena: Arena;
  readonly diskBrakes: DiskBrakes;
  readonly connections: Connections;
  readonly answers: Answers;
  readonly pool: RequestPool;
  readonly partitions: OwnedPartitions;
  readonly parked: ParkedFetches;
  readonly router: AppendRouter;
  readonly controlCalls: ControlCalls;
  readonly partitionApis: PartitionApis;
  readonly partitionCalls: PartitionCalls;
}

/**
 * The life of requests on the shard that received them: what handlers ask of the shard, the outcomes that come back,
 * deadlines, and the end of each.
 */
export class Requests implements ApiHost, AppendSink {
  readonly handlers = new ApiHandlers();
  readonly clock: Clock;
  readonly kernels: Kernels;
  readonly node: NodeView;
  readonly image: MetadataImage;
  readonly table: PartitionTable;
  readonly columns: PartitionColumns;
  readonly reader: LogReader;
  readonly abortedTransactions: AbortedTransactions;
  readonly decompressor: Decompressor;
  readonly fetchSessions: FetchSessions;
  readonly logDirectories: readonly LogDirectoryView[];
  readonly arenaBytes: Uint8Array;
  readonly arenaView: DataView;
  readonly answers: AnswerMemory;
  readonly #options: RequestsOptions;
  readonly #body: ByteReader;
  readonly #timers = new TimerQueue();
  /** One reading of each clock a turn. */
  nowMs = 0;
  wallMs = 0;

  constructor(options: RequestsOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.kernels = options.kernels;
    this.node = options.node;
    this.image = options.image;
    this.table = options.table;
    this.columns = options.columns;
    this.reader = options.reader;
    this.abortedTransactions = options.abortedTransactions;
    this.decompressor = options.decompressor;
    this.fetchSessions = options.fetchSessions;
    this.logDirectories = options.logDirectories;
    this.arenaBytes = options.arena.bytes;
    this.arenaView = options.arena.view;
    this.answers = options.answers;
    this.#body = new ByteReader((bytes, start, end) => options.kernels.decodeText(bytes, start, end));
  }

  body(request: Request): ByteReader {
    return this.#body.reset(this.arenaView, this.arenaBytes, request.bodyStart, request.bodyEnd);
  }

  beginAnswer(request: Request): ByteWriter {
    beginFrame(request.response);
    writeResponseHeader(request.response, request.apiKey, request.apiVersion, request.correlationId);
    return request.response;
  }

  complete(request: Request): void {
    assert(!request.done, 'a request is answered once');
    request.done = true;
    if (request.apiKey === ApiKey.Fetch) this.handlers.fetch.forget(request);
    else if (!request.silent && request.response.position > 0) endFrame(request.response, 0);
    // An abandoned one goes back by `returned`.
    if (request.isAbandoned) return;
    const connection = request.origin as Connection;
    let bytes = request.response.position;
    for (const piece of request.pieces) bytes += piece.end - piece.start;
    connection.answered(request, request.apiKey === ApiKey.Produce, bytes);
    this.#options.connections.send(connection);
  }

  refuse(request: Request, why: string): void {
    request.done = true;
    request.closes = true;
    if (!request.isAbandoned) this.#options.connections.refuseInTurn(request.origin as Connection, why);
  }

  expireAt(request: Request, atMs: number): void {
    const connection = request.origin as Connection;
    const isHurried = request.fetch !== null && connection.isUnheard;
    request.deadlineMs = isHurried ? Math.min(atMs, this.nowMs) : atMs;
    this.#watch(connection, request.deadlineMs);
  }

  /** If nothing more is heard of the connection's peer, a fetch of its that waits for data is answered without. */
  hurry(connection: Connection): void {
    let request = connection.oldest;
    while (request !== null && request.done) request = request.next;
    if (request !== null && request.fetch !== null) this.expireAt(request, request.deadlineMs);
  }

  append(
    request: Request,
    slot: number,
    incarnation: number,
    owner: number,
    start: number,
    end: number,
    at: number,
  ): void {
    request.parts++;
    if (owner === this.#options.thread) {
      this.appendHere(slot, incarnation, this.#options.arena, start, end, request.acks, this, request.index, at);
    } else {
      (request.origin as Connection).wentAway(request);
      this.#options.router.send(owner, request.index, at, slot, incarnation, start, end - start, request.acks);
    }
  }

  /** Appends to a partition that this shard owns, for itself or for another shard. */
  appendHere(
    slot: number,
    incarnation: number,
    memory: { readonly bytes: Uint8Array; readonly view: DataView },
    start: number,
    end: number,
    acks: number,
    sink: AppendSink,
    ref: number,
    at: number,
  ): void {
    const partition = this.#options.partitions.bySlot(slot);
    // The row may belong to another partition by now: the sender's picture of it is old.
    if (partition === undefined || partition.incarnation !== incarnation || partition.leader === null) {
      return sink.appended(ref, at, ErrorCode.NOT_LEADER_OR_FOLLOWER, -1, -1, -1, -1);
    }
    if (partition.hasNoRoom) return sink.appended(ref, at, ErrorCode.KAFKA_STORAGE_ERROR, -1, -1, -1, -1);
    partition.leader.append(memory, start, end, acks, this.wallMs, sink, ref, at);
    this.#options.partitions.touched(partition.leader);
  }

  appended(
    ref: number,
    at: number,
    errorCode: number,
    baseOffset: number,
    logAppendTimeMs: number,
    logStartOffset: number,
    recordErrorsAt: number,
  ): void {
    const request = this.#options.pool.at(ref);
    this.handlers.produce.appended(
      request,
      this,
      at,
      errorCode,
      baseOffset,
      logAppendTimeMs,
      logStartOffset,
      recordErrorsAt,
    );
    this.handled(request);
    this.returned(request);
  }

  chargeDirectory(logDirectory: number, bytes: number): number {
    return this.#options.diskBrakes.charge(logDirectory, bytes, this.nowMs);
  }

  throttle(request: Request, throttleMs: number): void {
    this.#options.connections.throttle(request.origin as Connection, this.nowMs + throttleMs);
  }

  callControl(
    request: Request | null,
    apiKey: number,
    apiVersion: number,
    write: (writer: ByteWriter) => void,
    answerBytesMax: number,
    answered: (answer: ByteReader | null) => void,
  ): boolean {
    return this.#options.controlCalls.call(request, apiKey, apiVersion, write, answerBytesMax, answered);
  }

  controlAnswered(tag: number, length: number): void {
    const request = this.#options.controlCalls.answered(tag, length);
    if (request !== null) this.returned(request);
  }

  callPartition(
    owner: number,
    apiKey: number,
    slot: number,
    incarnation: number,
    argument: number,
    bodyBytes: number,
    answered: (outcome: PartitionOutcome) => void,
  ): void {
    const { thread, partitionApis, partitionCalls } = this.#options;
    if (owner === thread) answered(partitionApis.call(apiKey, slot, incarnation, argument));
    else partitionCalls.call(owner, apiKey, slot, incarnation, argument, bodyBytes, answered);
  }

  park(request: Request): void {
    this.#options.parked.park(request);
  }

  unpark(request: Request): void {
    this.#options.parked.unpark(request);
  }

  /** A notice: this partition moved. */
  moved(slot: number): void {
    this.#options.parked.notice(slot, (request) => this.handlers.fetch.retry(request, this));
  }

  /** The partition in this row is gone: fetches that wait for it are answered now. */
  forget(slot: number): void {
    this.#options.parked.forget(slot, (request) => this.handlers.fetch.expire(request, this));
  }

  returned(request: Request): void {
    if (request.isAbandoned && request.parts === 0) this.#recycle(request);
  }

  readPosition(request: Request, slot: number, offset: number): ReadPosition {
    return (request.origin as Connection).readPositions.of(slot, offset);
  }

  /** A handler has returned, or a part came back: memory of the frame that nothing refers to any more goes back. */
  handled(request: Request): void {
    if (request.parts > 0 || request.framePlace < 0) return;
    this.#options.arena.releaseFrom(request.framePlace);
    request.framePlace = -1;
  }

  /** The oldest request of a connection was sent. */
  retire(connection: Connection): void {
    const request = connection.oldest!;
    connection.shift();
    if (request.parts > 0) request.isAbandoned = true;
    else this.#recycle(request);
  }

  /** The connection is over: what it began is answered to nobody. */
  abandon(connection: Connection): void {
    for (let request = connection.oldest; request !== null; request = connection.oldest) {
      if (request.fetch !== null) this.#options.parked.unpark(request);
      this.retire(connection);
    }
  }

  /** Ends what waits although nothing moved, for the stop: better an early answer than a closed connection. */
  answerParked(): void {
    for (const request of this.#options.parked.all()) this.handlers.fetch.expire(request, this);
  }

  get nextDeadlineMs(): number {
    return this.#timers.nextMs();
  }

  /** Requests whose time is up. */
  expire(): void {
    for (;;) {
      const id = this.#timers.takeDue(this.nowMs);
      if (id < 0) return;
      const connection = this.#options.connections.byId(id);
      if (connection !== undefined) this.#expireOf(connection);
    }
  }

  #expireOf(connection: Connection): void {
    // An entry that was overtaken by an earlier one, which has set the next since.
    if (this.nowMs < connection.timerAtMs) return;
    connection.timerAtMs = Infinity;
    let next = Infinity;
    for (let request = connection.oldest; request !== null; request = request.next) {
      if (request.done) continue;
      if (request.deadlineMs <= this.nowMs) this.handlers.of(request.apiKey).expire!(request, this);
      else next = Math.min(next, request.deadlineMs);
    }
    if (next !== Infinity) this.#watch(connection, next);
  }

  /**
   * One timer for a connection, at its earliest deadline: nearly every request is done long before its own, and a
   * timer each would be a hundred thousand of them.
   */
  #watch(connection: Connection, atMs: number): void {
    if (atMs >= connection.timerAtMs) return;
    connection.timerAtMs = atMs;
    this.#timers.add(atMs, connection.id);
  }

  #recycle(request: Request): void {
    this.handled(request);
    for (const piece of request.pieces) this.#options.answers.giveBack(piece);
    empty(request.pieces);
    if (request.fetch !== null) this.handlers.fetch.forget(request);
    request.done = true;
    this.#options.pool.give(request);
  }
}
