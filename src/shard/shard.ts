import { assert } from '../base/assert.ts';
import { FetchSessions, shareOfShard } from '../api/fetch_sessions.ts';
import {
  APPEND,
  CONTROL_CALL,
  CONTROL_CALL_ANSWER,
  LISTEN,
  LISTEN_ANSWER,
  LISTEN_REQUEST,
  PARTITION_CALL,
  STOP,
  STOP_ANSWER,
  STOP_REQUEST,
} from '../api/thread_messages.ts';
import { MetadataFollower } from '../metadata/metadata_follower.ts';
import { MetadataImage } from '../metadata/metadata_image.ts';
import { PartitionIndex } from '../metadata/partition_index.ts';
import { FoundPartitions } from '../metadata/partition_store.ts';
import { MetadataWatermark } from '../metadata/watermark.ts';
import type { Timer } from '../port/clock.ts';
import { Arena } from '../shared-memory/arena.ts';
import type { ChannelHandler } from '../shared-memory/channel.ts';
import { counter } from '../shared-memory/counters.ts';
import { RecoveryPoints } from '../shared-memory/recovery_points.ts';
import { SegmentHeap } from '../shared-memory/segment_lists.ts';
import { stageNames, type StageName } from '../shared-memory/stages.ts';
import { ThreadMemory } from '../shared-memory/thread_memory.ts';
import { Answers } from './answers.ts';
import { AppendRouter, RemoteAppends, takeOutcome } from './append_routing.ts';
import { ConnectionGate } from './connection_gate.ts';
import { Connections } from './connections.ts';
import { ControlCalls } from './control_calls.ts';
import { Dispatcher } from './dispatch.ts';
import { LogReading } from './log_reading.ts';
import { logDirectoryViews, nodeView } from './node_view.ts';
import { OwnedPartitions } from './owned_partitions.ts';
import { ParkedFetches } from './parked_fetches.ts';
import { PartitionApis } from './partition_apis.ts';
import { PartitionCalls } from './partition_calls.ts';
import { PartitionKeeper } from './partition_keeper.ts';
import { RequestPool } from './request_pool.ts';
import { Requests } from './requests.ts';
import { SendBuffers } from './send_buffers.ts';
import type { ShardBoot } from './shard_boot.ts';
import type { ShardPorts } from './shard_ports.ts';
import { ShardStop } from './shard_stop.ts';

/**
 * One shard: its sockets, the requests they bring, the partitions it owns. Callbacks of sockets and disks only put
 * things in lists; all work is done in turns, in one order, each step bounded:
 *
 *     metadata → rings → notices → requests begin → logs are written → answers leave → rings are published → deadlines
 *
 * so that one system call, one publication, one wake-up serves everything that came in the same turn. Where sockets bring
 * more than the processor's cache holds, a turn is taken between two of them.
 */
export class Shard implements ChannelHandler {
  readonly #ports: ShardPorts;
  readonly #memory: ThreadMemory;
  readonly #metadata: MetadataFollower;
  readonly #keeper: PartitionKeeper;
  readonly #gate: ConnectionGate;
  readonly #connections: Connections;
  readonly #answers: Answers;
  readonly #partitions: OwnedPartitions;
  readonly #router: AppendRouter;
  readonly #remoteAppends: readonly (RemoteAppends | null)[];
  readonly #requests: Requests;
  readonly #dispatcher: Dispatcher;
  readonly #controlCalls: ControlCalls;
  readonly #partitionCalls: PartitionCalls;
  readonly #partitionApis: PartitionApis;
  readonly #logReading: LogReading;
  readonly #arena: Arena;
  readonly #stop: ShardStop;

  #turnIsDue = false;
  /** What of them is in the counters already. */
  readonly #counted = { notified: 0, moved: 0, retries: 0 };
  #hasEnded = false;
  #timer: Timer | null = null;
  #timerAtMs = Infinity;
  readonly #hasWork = (): boolean =>
    this.#memory.hasWork() || this.#metadata.isBehind || this.#partitions.hasDirectoryNews;
  readonly #runTurn = (): void => {
    try {
      this.#turn();
    } catch (error) {
      // A bug of ours: nobody acknowledges anything any more. What ended the thread is told by control.
      this.#memory.stop.raise();
      throw error;
    }
  };
  readonly #deferred = (): void => {
    if (this.#turnIsDue) this.#runTurn();
  };
  readonly #wake = (): void => this.wake();
  readonly #rung = (): void => {
    this.#memory.counters.add(counter.wakeups, 1);
    this.wake();
  };
  readonly #noticed = (slot: number): void => {
    this.#memory.counters.add(counter.noticesTaken, 1);
    this.#keeper.noticed(slot);
    this.#requests.moved(slot);
  };

  constructor(ports: ShardPorts, boot: ShardBoot) {
    const { clock, disk, network, threads, kernels, log } = ports;
    const { config, shared, thread } = boot;
    assert(threads.self === thread, 'a shard runs on its own thread');
    this.#ports = ports;
    const memory = new ThreadMemory(shared, threads);
    this.#memory = memory;
    const { table, counters } = memory;
    const arena = new Arena(shared.arenas[thread - 1]!, shared.geometry.arenaBudgetBytes);
    this.#arena = arena;
    const encodeText = (text: string): Uint8Array => kernels.encodeText(text);
    const image = new MetadataImage(kernels, new FoundPartitions(new PartitionIndex(boot.partitionIndex)));
    const watermark = new MetadataWatermark(boot.metadataWatermark);
    this.#metadata = new MetadataFollower(disk, kernels, boot.metadataStart, watermark, thread, image);
    this.#partitions = new OwnedPartitions({
      ports,
      config,
      memory,
      heap: new SegmentHeap(shared.segmentHeaps[thread - 1]!),
      recoveryPoints: new RecoveryPoints(boot.recoveryPoints),
      wake: this.#wake,
    });
    this.#keeper = new PartitionKeeper({
      ports,
      config,
      memory,
      image,
      partitions: this.#partitions,
      forget: (slot) => {
        this.#logReading.forget(slot);
        this.#requests.forget(slot);
      },
      configured: (effective) => this.#gate.configure(effective.network),
    });
    const buffers = new SendBuffers(SEND_BYTES_KEPT);
    this.#connections = new Connections(config.network, arena, counters, buffers, clock, log, {
      wake: this.#wake,
      crowded: this.#runTurn,
      abandoned: (connection) => {
        this.#gate.left(connection.claim);
        this.#requests.abandon(connection);
      },
      unheard: (connection) => this.#requests.hurry(connection),
      listenerName: (listener) => config.listeners[listener]!.name,
    });
    this.#gate = new ConnectionGate({
      config,
      network,
      clock,
      kernels,
      log,
      limits: memory.connections,
      tokens: memory.tokens,
      counters,
      enter: (listener, socket, claim) => this.#connections.add(listener, socket, claim),
    });
    this.#answers = new Answers(buffers, memory.stop, {
      nowMs: () => clock.monotonicMs(),
      retire: (connection) => this.#requests.retire(connection),
      sent: (bytes, copied) => {
        counters.add(counter.bytesSent, bytes);
        counters.add(counter.bytesCopied, copied);
      },
      settled: (connection) => {
        if (connection.frames.size > 0) this.#connections.run(connection);
        this.#connections.settled(connection);
      },
    });
    const channels = Array.from({ length: config.shards + 1 }, (_, peer) =>
      peer === thread ? null : memory.channel(peer),
    );
    this.#router = new AppendRouter(channels);
    this.#remoteAppends = channels.map((channel, peer) =>
      channel === null || peer === CONTROL
        ? null
        : new RemoteAppends(channel, { bytes: memory.arenaBytes[peer - 1]!, view: memory.arenaViews[peer - 1]! }),
    );
    this.#partitionCalls = new PartitionCalls(arena, channels, kernels);
    this.#partitionApis = new PartitionApis(this.#partitions, kernels);
    this.#controlCalls = new ControlCalls(arena, memory.channel(CONTROL), kernels);
    this.#logReading = new LogReading(
      ports,
      memory,
      (slot) => this.#keeper.directoryOf(slot),
      (slot, failure) => this.#partitions.directoryTrouble(slot, failure),
    );
    const pool = new RequestPool(encodeText);
    this.#requests = new Requests({
      thread,
      clock,
      kernels,
      node: nodeView(boot, this.#metadata),
      image,
      table,
      columns: memory.columns,
      reader: this.#logReading.reader,
      abortedTransactions: this.#logReading.abortedTransactions,
      decompressor: ports.codecs,
      fetchSessions: new FetchSessions(
        shareOfShard(config.network.fetchSessionsMax, config.shards, thread - 1),
        ports.entropy,
      ),
      arena,
      diskBrakes: memory.diskBrakes,
      connections: this.#connections,
      answers: this.#answers,
      pool,
      partitions: this.#partitions,
      parked: new ParkedFetches(table, thread),
      router: this.#router,
      controlCalls: this.#controlCalls,
      partitionApis: this.#partitionApis,
      partitionCalls: this.#partitionCalls,
      logDirectories: logDirectoryViews(config, disk, memory.logDirectories),
    });
    this.#dispatcher = new Dispatcher(
      arena,
      this.#answers,
      this.#connections,
      pool,
      this.#requests,
      this.#router,
      counters,
      memory.requestCounts,
    );
    this.#stop = this.#stopOf();
    this.wake();
  }

  /** A turn is due. */
  wake(): void {
    if (this.#turnIsDue) return;
    this.#turnIsDue = true;
    this.#ports.clock.defer(this.#deferred);
  }

  request(peer: number, kind: number, correlation: number, view: DataView, start: number, _length: number): void {
    if (kind === APPEND) return this.#remoteAppends[peer]!.take(correlation, view, start, this.#requests);
    if (kind === PARTITION_CALL) {
      const arena = this.#memory.arenaBytes[peer - 1]!;
      return this.#partitionApis.callFor(this.#memory.channel(peer), arena, correlation, view, start);
    }
    assert(peer === CONTROL, 'only control tells a shard what to do');
    if (kind === LISTEN) {
      const listener = view.getInt32(start + LISTEN_REQUEST.listener, true);
      const port = view.getInt32(start + LISTEN_REQUEST.port, true);
      this.#listen(listener, port, correlation);
      return;
    }
    assert(kind === STOP, 'control sends LISTEN and STOP');
    this.#stop.begin(view.getInt32(start + STOP_REQUEST.phase, true), correlation, this.#requests.nowMs);
  }

  answer(_peer: number, tag: number, kind: number, view: DataView, start: number, _length: number): void {
    if (kind === APPEND) return takeOutcome(tag, view, start, this.#requests);
    if (kind === PARTITION_CALL) return this.#partitionCalls.answered(tag, view, start);
    assert(kind === CONTROL_CALL, 'a shard asks for appends and control calls');
    this.#requests.controlAnswered(tag, view.getInt32(start + CONTROL_CALL_ANSWER.length, true));
  }

  creditReturned(peer: number): void {
    this.#router.retry(peer);
    if (peer !== CONTROL) this.#partitionCalls.retry(peer);
    this.#dispatcher.creditReturned();
    if (peer === CONTROL) this.#controlCalls.retry();
  }

  #turn(): void {
    this.#turnIsDue = false;
    if (this.#hasEnded) return;
    const memory = this.#memory;
    memory.doorbell.disarm();
    const { clock } = this.#ports;
    const nowMs = clock.monotonicMs();
    this.#requests.nowMs = nowMs;
    this.#requests.wallMs = clock.wallMs();
    memory.counters.add(counter.turns, 1);
    memory.stage.countTurn();
    // Somewhere a thread died: nothing more is written, answered or promised.
    if (memory.stop.isStopping()) return;

    memory.stage.enter(RINGS, nowMs);
    if (this.#metadata.isBehind) this.#applyMetadata();
    const drained = memory.drain(RING_BUDGET, this);
    memory.counters.add(counter.ringMessages, drained);
    memory.notices.take(this.#noticed);

    memory.stage.enter(SOCKETS, nowMs);
    this.#partitions.lookAtDirectories();
    this.#dispatcher.run();
    memory.stage.enter(LOG, nowMs);
    this.#partitions.commit();
    memory.stage.enter(ANSWERS, nowMs);
    // A watermark that moved just now may have fetches of this very shard waiting for it.
    memory.notices.take(this.#noticed);
    this.#connections.sendAll(nowMs, this.#answers);
    memory.flush();

    memory.stage.enter(TIMERS, nowMs);
    this.#requests.expire();
    this.#connections.tick(nowMs);
    this.#partitions.tick(nowMs);
    if (this.#stop.isUnderWay && this.#stop.goOn(nowMs)) this.wake();
    memory.flush();
    this.#count();
    this.#sleep(nowMs, drained);
  }

  /** Adds to the counters what others count for themselves. */
  #count(): void {
    const { counters, doorbell, table } = this.#memory;
    counters.add(counter.wakeupsSent, doorbell.notified - this.#counted.notified);
    counters.add(counter.framesMoved, this.#arena.movedFrames - this.#counted.moved);
    counters.add(counter.rowRetries, table.retries - this.#counted.retries);
    this.#counted.notified = doorbell.notified;
    this.#counted.moved = this.#arena.movedFrames;
    this.#counted.retries = table.retries;
  }

  /** Nothing to do: sleep until a socket, a neighbour or a deadline wakes the shard. */
  #sleep(nowMs: number, drained: number): void {
    if (drained > 0 || this.#connections.hasWork || this.#partitions.hasWork) return this.wake();
    if (this.#turnIsDue) return;
    this.#memory.stage.enter(ASLEEP, nowMs);
    if (!this.#memory.doorbell.arm(this.#hasWork, this.#rung)) return this.wake();
    const at = Math.min(this.#requests.nextDeadlineMs, this.#connections.nextTickMs(), this.#partitions.nextTickMs());
    if (at >= this.#timerAtMs) return;
    this.#timer?.cancel();
    this.#timerAtMs = at;
    this.#timer = this.#ports.clock.schedule(Math.max(0, at - nowMs), () => {
      this.#timer = null;
      this.#timerAtMs = Infinity;
      this.wake();
    });
  }

  #applyMetadata(): void {
    const problem = this.#metadata.catchUp(this.#keeper);
    // Going on with half of the metadata would be guessing: the node ends, with the reason.
    if (problem !== null) throw new Error(`metadata: ${problem}`);
    this.#keeper.settle();
  }

  #listen(listener: number, port: number, correlation: number): void {
    this.#gate.listen(listener, port, this.#ports.network.sharesPorts, (bound) => {
      const channel = this.#memory.channel(CONTROL);
      const position = channel.answer(correlation, LISTEN_ANSWER.bytes);
      channel.view.setInt32(position + LISTEN_ANSWER.port, bound, true);
      this.wake();
    });
  }

  #stopOf(): ShardStop {
    return new ShardStop({
      stopAccepting: () => this.#gate.close(),
      stopReading: () => this.#connections.stopReading(),
      drain: (isLate) => {
        this.#requests.answerParked();
        if (isLate && this.#connections.size > 0) this.#connections.closeAll();
        return this.#connections.size === 0 && !this.#router.isBackedUp;
      },
      closeLogs: (closed) =>
        this.#partitions.closeAll(() => {
          this.#logReading.close();
          this.#metadata.close();
          closed();
          this.wake();
        }),
      phaseDone: (correlation, isLast) => {
        this.#memory.channel(CONTROL).answer(correlation, STOP_ANSWER.bytes);
        if (isLast) this.#end();
      },
    });
  }

  #end(): void {
    this.#hasEnded = true;
    this.#timer?.cancel();
    this.#memory.flush();
    this.#ports.threads.exit();
  }
}

const CONTROL = 0;
/** Messages taken from each neighbour in one turn. */
const RING_BUDGET = 1024;
/** Memory for answers that is kept for the next ones. */
const SEND_BYTES_KEPT = 32 * 1024 * 1024;

const stageOf = (name: StageName): number => stageNames.indexOf(name);
const RINGS = stageOf('rings');
const SOCKETS = stageOf('sockets');
const LOG = stageOf('log');
const ANSWERS = stageOf('answers');
const TIMERS = stageOf('timers');
const ASLEEP = stageOf('asleep');
