import assert from 'node:assert/strict';
import { FetchSessions } from '../../src/api/fetch_sessions.ts';
import type { NodeView } from '../../src/api/host.ts';
import { APPEND, CONTROL_CALL, CONTROL_CALL_ANSWER, CONTROL_CALL_REQUEST } from '../../src/api/thread_messages.ts';
import { ByteReader, ByteWriter } from '../../src/base/bytes.ts';
import { uuidOfWords } from '../../src/base/uuid.ts';
import type { AbortedTransactions } from '../../src/log/aborted_transactions.ts';
import { LeaderEpochs } from '../../src/log/leader_epochs.ts';
import type { LogReader } from '../../src/log/log_reader.ts';
import { MetadataImage } from '../../src/metadata/metadata_image.ts';
import { privatePartitions } from '../../src/metadata/partition_store.ts';
import type { AppendSink } from '../../src/partition/append_queue.ts';
import type { Clock } from '../../src/port/clock.ts';
import { createCodecs } from '../../src/platform/codecs.ts';
import type { ApiKey } from '../../src/protocol/api_keys.ts';
import { codecOf } from '../../src/protocol/codec.ts';
import { writeRequestHeader } from '../../src/protocol/headers.ts';
import { ATTRIBUTES_AT, CURRENT_MAGIC, LENGTH_AT, LOG_OVERHEAD, MAGIC_AT } from '../../src/protocol/record_batch.ts';
import { produceRequest, produceResponse } from '../../src/protocol/schema/00_produce.ts';
import type { Encodable, Fields, Message } from '../../src/protocol/schema_language.ts';
import { Answers } from '../../src/shard/answers.ts';
import { AppendRouter, RemoteAppends, takeOutcome } from '../../src/shard/append_routing.ts';
import { Connections } from '../../src/shard/connections.ts';
import { ControlCalls } from '../../src/shard/control_calls.ts';
import { Dispatcher } from '../../src/shard/dispatch.ts';
import type { OwnedPartitions } from '../../src/shard/owned_partitions.ts';
import { ParkedFetches } from '../../src/shard/parked_fetches.ts';
import { PartitionApis } from '../../src/shard/partition_apis.ts';
import { PartitionCalls } from '../../src/shard/partition_calls.ts';
import { RequestPool } from '../../src/shard/request_pool.ts';
import { Requests } from '../../src/shard/requests.ts';
import { SendBuffers } from '../../src/shard/send_buffers.ts';
import { Arena, pageBytes } from '../../src/shared-memory/arena.ts';
import type { ChannelHandler } from '../../src/shared-memory/channel.ts';
import { ConnectionClaim } from '../../src/shared-memory/connection_limits.ts';
import { allocateSharedMemory, sharedGeometry, type SharedMemory } from '../../src/shared-memory/layout.ts';
import { replicaState } from '../../src/shared-memory/partition_table.ts';
import { ThreadMemory } from '../../src/shared-memory/thread_memory.ts';
import { resolveNode } from '../config/sources.ts';
import { SimulatedThreads } from '../shared-memory/simulated_threads.ts';
import { simKernels } from '../simulation/sim_kernels.ts';
import { FakeSocket } from './fake_socket.ts';

export const TOPIC = 'orders';
/** By which clients come. */
export const LISTENERS = ['PLAINTEXT', 'INSIDE'];
/** Partition 0 is this shard's, partition 1 the other one's. */
export const HERE = 0;
export const THERE = 1;
const KIB = 1024;
const ARENA_BYTES = 2 * KIB * KIB;

/** An append that its owner has not answered: where the records lie, and as they were sent. */
export interface WaitingAppend {
  readonly records: Uint8Array;
  readonly sent: Uint8Array;
  readonly acks: number;
  readonly answer: (errorCode: number, baseOffset: number) => void;
}

/** A call of control that was not answered. */
export interface WaitingCall {
  readonly apiKey: number;
  readonly arguments_: Uint8Array;
  readonly capacity: number;
  readonly answer: (body: Uint8Array | null) => void;
}

/**
 * What a shard does with requests, without its logs: connections, requests and answers are real, and so are the rings
 * to control and to another shard. Owners of partitions keep what they are asked for until the test answers.
 */
export class SmallShard implements ChannelHandler {
  nowMs = 1_000;
  readonly shared: SharedMemory;
  readonly memory: ThreadMemory;
  readonly arena: Arena;
  readonly buffers = new SendBuffers(1024 * KIB);
  readonly connections: Connections;
  readonly requests: Requests;
  readonly pool: RequestPool;
  readonly router: AppendRouter;
  readonly controlCalls: ControlCalls;
  readonly parked: ParkedFetches;
  readonly image = new MetadataImage(simKernels, privatePartitions(8).store);
  readonly appendsHere: WaitingAppend[] = [];
  readonly appendsThere: WaitingAppend[] = [];
  readonly calls: WaitingCall[] = [];
  readonly refusals: string[] = [];
  /** As much as is seen of the log of partition 0. */
  readonly ownLog = { leaderEpochs: new LeaderEpochs(), logEndOffset: 0 };
  closed = 0;
  /** How often a turn was wanted between two sockets. */
  crowds = 0;
  readonly #answers: Answers;
  #seed = 0;
  readonly #dispatcher: Dispatcher;
  readonly #other: ThreadMemory;
  readonly #control: ThreadMemory;

  constructor(overrides: { readonly reader?: LogReader; readonly ringBytes?: number } = {}) {
    const threads = new SimulatedThreads();
    const shared = allocateSharedMemory(
      sharedGeometry(2, {
        partitionsMax: 128,
        ringBytes: overrides.ringBytes ?? 64 * KIB,
        arenaBytes: Math.ceil((2 * ARENA_BYTES) / pageBytes) * pageBytes,
        arenaBudgetBytes: ARENA_BYTES,
        segmentHeapBytes: 64 * KIB,
        addressEntries: 64,
        listenersMax: LISTENERS.length,
        tokenBuckets: 4,
      }),
    );
    this.shared = shared;
    const memory = new ThreadMemory(shared, threads.port(1));
    this.#control = new ThreadMemory(shared, threads.port(0));
    this.#other = new ThreadMemory(shared, threads.port(2));
    this.memory = memory;
    this.arena = new Arena(shared.arenas[0]!, ARENA_BYTES, { poison: true });
    const clock: Clock = {
      monotonicMs: () => this.nowMs,
      wallMs: () => 1_700_000_000_000 + this.nowMs,
      schedule: () => assert.fail('no timer is set here'),
      defer: () => assert.fail('nothing is deferred here'),
    };
    const encodeText = (text: string): Uint8Array => simKernels.encodeText(text);
    const log = {
      info: () => {},
      error: () => {},
      warn: (_: string, fields?: { readonly why?: unknown }) => this.refusals.push(String(fields?.why)),
    };
    this.connections = new Connections(resolveNode('').network, this.arena, memory.counters, this.buffers, clock, log, {
      wake: () => {},
      crowded: () => this.crowds++,
      unheard: (connection) => this.requests.hurry(connection),
      abandoned: (connection) => {
        this.closed++;
        this.requests.abandon(connection);
      },
      listenerName: () => 'PLAINTEXT',
    });
    this.#answers = new Answers(this.buffers, memory.stop, {
      nowMs: () => this.nowMs,
      retire: (connection) => this.requests.retire(connection),
      sent: () => {},
      settled: (connection) => {
        if (connection.frames.size > 0) this.connections.run(connection);
        this.connections.settled(connection);
      },
    });
    this.router = new AppendRouter([memory.channel(0), null, memory.channel(2)]);
    this.controlCalls = new ControlCalls(this.arena, memory.channel(0), simKernels);
    this.pool = new RequestPool(encodeText);
    this.parked = new ParkedFetches(memory.table, 1);
    this.#makePartitions();
    this.requests = new Requests({
      thread: 1,
      clock,
      kernels: simKernels,
      node: nodeView,
      image: this.image,
      table: memory.table,
      columns: memory.columns,
      reader: overrides.reader ?? (null as unknown as LogReader),
      abortedTransactions: null as unknown as AbortedTransactions,
      decompressor: createCodecs(null),
      fetchSessions: new FetchSessions(
        { slots: 8, idMin: 1, idMax: 1000 },
        { fill: () => {}, uint32: () => this.#seed++ },
      ),
      arena: this.arena,
      diskBrakes: memory.diskBrakes,
      connections: this.connections,
      answers: this.#answers,
      pool: this.pool,
      partitions: this.#partitions(),
      parked: this.parked,
      router: this.router,
      controlCalls: this.controlCalls,
      partitionApis: new PartitionApis(this.#partitions(), simKernels),
      partitionCalls: new PartitionCalls(this.arena, [memory.channel(0), null, memory.channel(2)], simKernels),
      logDirectories: [],
    });
    this.#dispatcher = new Dispatcher(
      this.arena,
      this.#answers,
      this.connections,
      this.pool,
      this.requests,
      this.router,
      memory.counters,
      memory.requestCounts,
    );
  }

  connect(listener = 0): FakeSocket {
    const socket = new FakeSocket();
    this.connections.add(listener, socket, new ConnectionClaim());
    return socket;
  }

  /** One turn, in the order of a shard's. */
  turn(): void {
    this.requests.nowMs = this.nowMs;
    this.memory.drain(1000, this);
    this.#dispatcher.run();
    this.connections.sendAll(this.nowMs, this.#answers);
    this.memory.flush();
    this.requests.expire();
    this.connections.tick(this.nowMs);
    this.memory.flush();
  }

  /** Turns of all threads until nothing is under way between them. */
  settle(): void {
    for (let round = 0; round < 20; round++) {
      this.turn();
      this.#other.drain(1000, this.#owner);
      this.#other.flush();
      this.#control.drain(1000, this.#controller);
      this.#control.flush();
    }
  }

  /** Nothing is held any more: every request is in the pool, every byte of frames and answers given back. */
  assertIdle(): void {
    assert.equal(this.pool.inUse, 0, 'requests in use');
    assert.ok(this.arena.usedBytes <= pageBytes, `${this.arena.usedBytes} bytes of the arena are in use`);
    assert.equal(this.buffers.takenBytes, 0, 'send buffers in use');
  }

  moveWatermark(slot: number, highWatermark: number): void {
    const row = this.memory.table.row(slot);
    row.logEndOffset = highWatermark;
    row.highWatermark = highWatermark;
    row.lastStableOffset = highWatermark;
    row.publish();
  }

  request(): void {
    assert.fail('nobody asks this shard');
  }

  answer(_peer: number, tag: number, kind: number, view: DataView, start: number): void {
    if (kind === CONTROL_CALL) {
      this.requests.controlAnswered(tag, view.getInt32(start + CONTROL_CALL_ANSWER.length, true));
      return;
    }
    takeOutcome(tag, view, start, this.requests);
  }

  creditReturned(peer: number): void {
    this.router.retry(peer);
    this.#dispatcher.creditReturned();
    if (peer === 0) this.controlCalls.retry();
  }

  #makePartitions(): void {
    this.image.addTopic(TOPIC, uuidOfWords(1, 2, 3, 4));
    const topic = this.image.topicByName(TOPIC)!;
    for (const [partition, owner] of [1, 2].entries()) {
      const row = this.memory.table.row(partition);
      row.state = replicaState.leader;
      row.owner = owner;
      row.incarnation = 70 + partition;
      row.leaderEpoch = 3;
      row.logStartOffset = 0;
      row.publish();
      topic.addPartition(partition, partition);
    }
  }

  /** As much of the shard's own partitions as requests see. */
  #partitions(): OwnedPartitions {
    const leader = {
      log: this.ownLog,
      append: (
        memory: { readonly bytes: Uint8Array },
        start: number,
        end: number,
        acks: number,
        _wallMs: number,
        sink: AppendSink,
        ref: number,
        at: number,
      ): void => {
        const records = memory.bytes.subarray(start, end);
        const answer = (errorCode: number, baseOffset: number): void =>
          sink.appended(ref, at, errorCode, baseOffset, -1, errorCode === 0 ? 0 : -1, -1);
        this.appendsHere.push({ records, sent: records.slice(), acks, answer });
      },
    };
    const owned = { bySlot: (slot: number) => (slot === 0 ? { incarnation: 70, leader } : undefined), touched() {} };
    return owned as unknown as OwnedPartitions;
  }

  readonly #owner: ChannelHandler = {
    request: (_peer, kind, correlation, view, start) => {
      assert.equal(kind, APPEND);
      const arena = { bytes: this.#other.arenaBytes[0]!, view: this.#other.arenaViews[0]! };
      new RemoteAppends(this.#other.channel(1), arena).take(correlation, view, start, {
        appendHere: (slot, incarnation, { bytes }, from, end, acks, sink, ref, at) => {
          assert.deepEqual([slot, incarnation], [1, 71]);
          const records = bytes.subarray(from, end);
          const answer = (errorCode: number, baseOffset: number): void =>
            sink.appended(ref, at, errorCode, baseOffset, -1, errorCode === 0 ? 0 : -1, -1);
          this.appendsThere.push({ records, sent: records.slice(), acks, answer });
        },
      });
    },
    answer: () => assert.fail('the other shard asks nothing'),
    creditReturned: () => {},
  };

  readonly #controller: ChannelHandler = {
    request: (_peer, kind, correlation, view, start) => {
      assert.equal(kind, CONTROL_CALL);
      const number = (at: number): number => view.getInt32(start + at, true);
      const arena = this.#control.arenaBytes[0]!;
      const place = number(CONTROL_CALL_REQUEST.place);
      const answerPlace = number(CONTROL_CALL_REQUEST.answerPlace);
      this.calls.push({
        apiKey: number(CONTROL_CALL_REQUEST.apiKey),
        arguments_: arena.slice(place, place + number(CONTROL_CALL_REQUEST.length)),
        capacity: number(CONTROL_CALL_REQUEST.answerCapacity),
        answer: (body) => {
          if (body !== null) arena.set(body, answerPlace);
          const channel = this.#control.channel(1);
          const position = channel.answer(correlation, CONTROL_CALL_ANSWER.bytes);
          channel.view.setInt32(position + CONTROL_CALL_ANSWER.length, body === null ? -1 : body.length, true);
        },
      });
    },
    answer: () => assert.fail('control asks nothing'),
    creditReturned: () => {},
  };
}

const nodeView: NodeView = {
  clusterId: 'cluster',
  nodeId: 1,
  rack: null,
  listenerName: (listener) => LISTENERS[listener]!,
  endpoint: (listener) => ({ host: 'localhost', port: 9092 + listener }),
  topicDefaults: { autoCreate: true, partitions: 1 },
  written: [],
  fetchBytesMax: 50 * KIB * KIB,
  describedPartitionsMax: 2000,
  kraftVersion: () => 1,
  metadataEndOffset: () => 0,
  isControllerListener: () => false,
};

/** Takes the oldest, having seen that its records are what was sent. */
export function answerNext(waiting: WaitingAppend[], errorCode: number, baseOffset: number): void {
  const append = waiting.shift()!;
  assert.deepEqual(append.records, append.sent, 'records stay until they are answered');
  append.answer(errorCode, baseOffset);
}

/** A whole frame, its size first. */
export function frameOf<F extends Fields>(
  message: Message<F>,
  apiVersion: number,
  correlationId: number,
  body: Encodable<Message<F>>,
): Uint8Array {
  const writer = new ByteWriter((text) => simKernels.encodeText(text));
  writer.int32(0);
  writeRequestHeader(writer, message.apiKey! as ApiKey, apiVersion, correlationId, 'test');
  codecOf(message).encode(writer, apiVersion, body);
  writer.view.setInt32(0, writer.position - 4);
  return writer.copyWritten();
}

/** A Produce request of one byte pattern to each partition, with acks. */
export function produceFrame(
  correlationId: number,
  partitions: readonly number[],
  acks: number,
  more: { readonly timeoutMs?: number; readonly bytes?: number; readonly topic?: string } = {},
): Uint8Array {
  return frameOf(produceRequest, 9, correlationId, {
    transactionalId: null,
    acks,
    timeoutMs: more.timeoutMs ?? 30_000,
    topicData: [
      {
        name: more.topic ?? TOPIC,
        partitionData: partitions.map((index) => ({
          index,
          records: headedRecords(more.bytes ?? 100, 1 + ((correlationId + index) % 200)),
        })),
      },
    ],
  });
}

/** Bytes with as much of a batch's header as the receiving shard looks at: length, magic, attributes. */
function headedRecords(bytes: number, filler: number): Uint8Array {
  const records = new Uint8Array(bytes).fill(filler);
  const view = new DataView(records.buffer);
  view.setInt32(LENGTH_AT, bytes - LOG_OVERHEAD);
  view.setInt8(MAGIC_AT, CURRENT_MAGIC);
  view.setInt16(ATTRIBUTES_AT, 0);
  return records;
}

export interface ProduceOutcome {
  readonly correlationId: number;
  /** By partition of the request, in its order: partition, error, base offset. */
  readonly partitions: readonly (readonly [number, number, number])[];
}

/** The answers in a stream of them, each with its header; the stream must end with an answer. */
export function splitAnswers(bytes: Uint8Array): { correlationId: number; body: Uint8Array }[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const answers: { correlationId: number; body: Uint8Array }[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = at + 4 + view.getInt32(at);
    assert.ok(end <= bytes.length, 'an answer is whole');
    answers.push({ correlationId: view.getInt32(at + 4), body: bytes.slice(at + 8, end) });
    at = end;
  }
  return answers;
}

export function produceOutcomes(bytes: Uint8Array): ProduceOutcome[] {
  return splitAnswers(bytes).map(({ correlationId, body }) => {
    const reader = new ByteReader((from, start, end) => simKernels.decodeText(from, start, end));
    // Behind the tags of the header.
    const answer = codecOf(produceResponse).decode(reader.resetTo(body.subarray(1)), 9);
    assert.ok(answer !== null);
    const partitions = answer.responses.flatMap(({ partitionResponses }) =>
      partitionResponses.map(({ index, errorCode, baseOffset }) => [index, errorCode, baseOffset] as const),
    );
    return { correlationId, partitions };
  });
}
