import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { requestCounts, type RequestCount } from '../api/request_counts.ts';
import {
  CONTROL_CALL,
  CONTROL_CALL_ANSWER,
  CONTROL_CALL_REQUEST,
  LISTEN,
  LISTEN_ANSWER,
  LISTEN_REQUEST,
  STOP,
  STOP_ACCEPTING,
  STOP_ANSWER,
  STOP_CLOSE,
  STOP_REQUEST,
} from '../api/thread_messages.ts';
import { assert } from '../base/assert.ts';
import { DynamicConfig } from '../config/dynamic_config.ts';
import type { NodeConfig } from '../config/node_config.ts';
import { partitionIndexBytes, PartitionIndex } from '../metadata/partition_index.ts';
import { metadataWatermarkBytes, MetadataWatermark } from '../metadata/watermark.ts';
import type { Timer } from '../port/clock.ts';
import { DiskError } from '../port/disk.ts';
import type { ThreadFailure } from '../port/threads.ts';
import type { ChannelHandler } from '../shared-memory/channel.ts';
import { counter } from '../shared-memory/counters.ts';
import { allocateSharedMemory, type SharedMemory } from '../shared-memory/layout.ts';
import { PartitionColumnsWriter } from '../shared-memory/partition_columns.ts';
import { PartitionSlots, replicaState, RowSnapshot } from '../shared-memory/partition_table.ts';
import { RecoveryPoints, recoveryPointsBytes } from '../shared-memory/recovery_points.ts';
import { RequestCountSums } from '../shared-memory/request_counts.ts';
import { ThreadMemory } from '../shared-memory/thread_memory.ts';
import { ListenerPorts, type ShardBoot } from '../shard/shard_boot.ts';
import { Checkpoints } from './checkpoints.ts';
import { ClusterMetadata } from './cluster_metadata.ts';
import { configureConnectionRates } from './connection_rates.ts';
import { ControlApis } from './control_apis.ts';
import type { ControlPorts } from './control_ports.ts';
import { openDataDirectories, type DataDirectories } from '../storage/data_directories.ts';
import { DiskBrake } from './disk_brake.ts';
import { FoundLogs } from './found_logs.ts';
import { LeavingReplicas } from './leaving_replicas.ts';
import { LogDirectories } from './log_directories.ts';
import { ReplicaPlacement } from './replica_placement.ts';
import { geometryOf } from './geometry.ts';
import { NodeRegistration } from './node_registration.ts';
import { logsToRecover, Recovery, type RecoveryProgress } from './recovery.ts';

/** What the node tells whoever started it. One of `failed` and `stopped` is the last call. */
export interface ControlEvents {
  /** All listeners listen, and all logs are open that need no recovery. */
  ready(info: NodeInfo): void;
  /** Logs are being recovered after a crash; their partitions are served as they are done, the node may be ready before. */
  recovering(progress: RecoveryProgress): void;
  /** The node cannot start, or ended by itself. `exitCode` is 1 for what an administrator can mend, 70 for a bug. */
  failed(message: string, exitCode: number): void;
  stopped(): void;
}

export interface NodeInfo {
  readonly clusterId: string;
  /** The cluster was begun by this start. */
  readonly isNewCluster: boolean;
  /** Ports by listener, as bound. */
  readonly ports: readonly number[];
  readonly partitions: number;
}

/**
 * The control thread: it starts the shards, decides, and stops the node. It never touches a record and never waits
 * for a shard.
 *
 *     directories → metadata → shards started, recovery begins → clean logs open → listening → registered, elected → ready → stopping (accept, drain, close) → stopped
 *
 * A thread that ends unexpectedly raises the stop word, and nothing is acknowledged any more.
 */
export class ControlThread implements ChannelHandler {
  readonly #ports: ControlPorts;
  readonly #config: NodeConfig;
  readonly #events: ControlEvents;
  readonly #shared: SharedMemory;
  readonly #memory: ThreadMemory;
  readonly #metadata: ClusterMetadata;
  readonly #apis: ControlApis;
  readonly #checkpoints: Checkpoints;
  readonly #recovery: Recovery;
  readonly #placement: ReplicaPlacement;
  readonly #leaving: LeavingReplicas;
  readonly #logDirectories: LogDirectories;
  readonly #diskBrake: DiskBrake;
  readonly #directories: DataDirectories;
  readonly #listenerPorts: ListenerPorts;
  readonly #arenas: readonly { readonly bytes: Uint8Array; readonly view: DataView }[];
  readonly #arguments: ByteReader;
  readonly #writer: ByteWriter;
  readonly #row = new RowSnapshot();
  readonly #registration: NodeRegistration;

  #phase: 'opening' | 'listening' | 'registering' | 'ready' | 'stopping' | 'over' = 'opening';
  #stopPhase = 0;
  /** Answers of shards that the present phase waits for. */
  #awaited = 0;
  #stopAsked = false;
  #nextListener = 0;
  #turnIsDue = false;
  #timer: Timer | null = null;
  /** Until the node is ready. */
  #startTimer: Timer | null = null;
  readonly #runTurn = (): void => this.#turn();
  readonly #wake = (): void => this.#wakeUp();
  readonly #hasWork = (): boolean => this.#memory.hasWork() || this.#logDirectories.hasNews;
  readonly #noticed = (slot: number): void => this.#rowChanged(slot);

  /** Returns a sentence for the administrator where the node cannot start; nothing is left running then. */
  static start(ports: ControlPorts, config: NodeConfig, events: ControlEvents): ControlThread | string {
    const directories = openDataDirectories(ports, config);
    if (typeof directories === 'string') return directories;
    const shared = allocateSharedMemory(geometryOf(config));
    const memory = new ThreadMemory(shared, ports.threads);
    const watermark = new SharedArrayBuffer(metadataWatermarkBytes(config.shards));
    const index = new SharedArrayBuffer(partitionIndexBytes(config.storage.partitionsMax));
    const slots = new PartitionSlots(memory.table);
    const recoveryPoints = new SharedArrayBuffer(recoveryPointsBytes(config.storage.partitionsMax));
    const partitionIndex = new PartitionIndex(index);
    for (const [directory, { failure, path }] of directories.all.entries()) {
      if (failure !== null) memory.logDirectories.fail(directory, new DiskError(failure, 'probe', path));
    }
    const placement = new ReplicaPlacement({
      ports,
      config,
      directories,
      foundLogs: new FoundLogs(ports, directories),
      recoveryPoints: new RecoveryPoints(recoveryPoints),
      memory,
      slots,
      index: partitionIndex,
    });
    const metadata = new ClusterMetadata({
      ports,
      config,
      directories,
      placement,
      index: partitionIndex,
      columns: memory.columns,
      columnsWriter: new PartitionColumnsWriter(shared.partitionColumns, shared.idLists, shared.geometry.partitionsMax),
      watermark: new MetadataWatermark(watermark),
      advanced: () => {
        for (let thread = 1; thread <= config.shards; thread++) memory.doorbell.ring(thread);
      },
    });
    const problem = metadata.open();
    if (problem !== null) return problem;
    placement.setStraysAside();
    return new ControlThread(ports, config, events, {
      directories,
      shared,
      memory,
      metadata,
      placement,
      slots,
      watermark,
      index,
      recoveryPoints,
    });
  }

  private constructor(ports: ControlPorts, config: NodeConfig, events: ControlEvents, parts: Parts) {
    const { directories, shared, memory, metadata, placement, slots, recoveryPoints } = parts;
    const { kernels, clock, disk, background, log } = ports;
    this.#ports = ports;
    this.#config = config;
    this.#events = events;
    this.#shared = shared;
    this.#memory = memory;
    this.#metadata = metadata;
    metadata.failed = (why) => this.#fail(why, EXIT_CONFIGURATION);
    this.#directories = directories;
    this.#apis = new ControlApis(ports, config, metadata, slots);
    this.#arenas = memory.arenaBytes.map((bytes, index) => ({ bytes, view: memory.arenaViews[index]! }));
    this.#arguments = new ByteReader((bytes, start, end) => kernels.decodeText(bytes, start, end));
    this.#writer = new ByteWriter((text) => kernels.encodeText(text), 4096);
    this.#logDirectories = new LogDirectories({
      states: memory.logDirectories,
      paths: config.storage.directories,
      metadata: config.storage.directories.indexOf(config.storage.metadataDirectory),
      background,
      log,
      tellAll: () => {
        for (let thread = 1; thread <= config.shards; thread++) memory.doorbell.ring(thread);
        this.#wakeUp();
      },
      nothingLeft: (why) => this.#fail(why, EXIT_CONFIGURATION),
    });
    this.#diskBrake = new DiskBrake({
      disk,
      brakes: memory.diskBrakes,
      paths: config.storage.directories,
      percent: config.storage.diskBrakePercent,
      isFailed: (directory) => memory.logDirectories.isFailed(directory),
      log,
    });
    this.#checkpoints = new Checkpoints(
      ports,
      config,
      metadata.image,
      memory.table,
      new RecoveryPoints(recoveryPoints),
      this.#logDirectories,
    );
    this.#placement = placement;
    this.#leaving = new LeavingReplicas({
      table: memory.table,
      shards: config.shards,
      clock,
      disk,
      background,
      log,
      isRecovering: (slot) => placement.recovering.has(slot),
      writeCheckpoints: (logDirectory) => this.#checkpoints.write(logDirectory),
      left: (replica) => placement.left(replica),
    });
    placement.leaving = this.#leaving;
    for (const [directory, path] of config.storage.directories.entries()) {
      if (this.#logDirectories.isFailed(directory)) continue;
      this.#leaving.resume(path, config.topics.config.fileDeleteDelayMs);
    }
    const listenerPorts = new SharedArrayBuffer(Math.max(1, config.listeners.length) * 4);
    this.#listenerPorts = new ListenerPorts(listenerPorts);
    this.#registration = new NodeRegistration(config, metadata, memory, directories, this.#listenerPorts);
    this.#configure();
    metadata.configured = () => this.#configure();
    for (let thread = 1; thread <= config.shards; thread++) {
      const boot: ShardBoot = {
        thread,
        config,
        clusterId: directories.clusterId,
        shared,
        metadataWatermark: parts.watermark,
        partitionIndex: parts.index,
        recoveryPoints,
        metadataStart: metadata.start,
        kraftVersion: metadata.kraftVersion,
        ports: listenerPorts,
      };
      ports.threads.spawnShard(thread, boot, (failure) => this.#shardExited(thread, failure));
    }
    this.#recovery = new Recovery({
      background: ports.background,
      clock,
      log: ports.log,
      threadsPerDirectory: config.storage.recoveryThreadsPerDirectory,
      recovered: (slot) => this.#handOver(slot, replicaState.opening),
      failed: (slot) => this.#handOver(slot, replicaState.offline),
      progressed: (progress) => events.recovering(progress),
    });
    this.#recovery.begin(logsToRecover(config, metadata, memory.table, new RecoveryPoints(recoveryPoints)));
    this.#wakeUp();
  }

  /** What clients have asked this node since it started. */
  requestCounts(): RequestCount[] {
    return requestCounts(new RequestCountSums(this.#shared.requestCounts));
  }

  /** Shared memory of the node, for whoever looks inside: counters, stages. */
  get shared(): SharedMemory {
    return this.#shared;
  }

  /** An orderly stop; `stopped` follows. A second call does nothing more. */
  stop(): void {
    this.#stopAsked = true;
    this.#wakeUp();
  }

  request(peer: number, kind: number, correlation: number, view: DataView, start: number, _length: number): void {
    assert(kind === CONTROL_CALL, 'shards ask control for calls alone');
    const arena = this.#arenas[peer - 1]!;
    const place = view.getInt32(start + CONTROL_CALL_REQUEST.place, true) >>> 0;
    const length = view.getInt32(start + CONTROL_CALL_REQUEST.length, true);
    const answerPlace = view.getInt32(start + CONTROL_CALL_REQUEST.answerPlace, true) >>> 0;
    const answerCapacity = view.getInt32(start + CONTROL_CALL_REQUEST.answerCapacity, true);
    const isKnown = this.#apis.call(
      view.getInt32(start + CONTROL_CALL_REQUEST.apiKey, true),
      view.getInt32(start + CONTROL_CALL_REQUEST.apiVersion, true),
      this.#arguments.reset(arena.view, arena.bytes, place, place + length),
      (write) => {
        const writer = this.#writer.clear();
        write(writer);
        const fits = writer.position <= answerCapacity;
        if (fits) arena.bytes.set(writer.written(), answerPlace);
        this.#answerCall(peer, correlation, fits ? writer.position : -1);
      },
    );
    if (!isKnown) this.#answerCall(peer, correlation, -1);
  }

  answer(_peer: number, tag: number, kind: number, view: DataView, start: number, _length: number): void {
    if (this.#phase === 'over') return;
    this.#awaited--;
    if (kind === STOP) {
      if (this.#awaited === 0) this.#nextStopPhase();
      return;
    }
    assert(kind === LISTEN, 'control asks shards to listen and to stop');
    const port = view.getInt32(start + LISTEN_ANSWER.port, true);
    const { name, host } = this.#config.listeners[tag]!;
    if (port < 0) return this.#fail(`the listener ${name} could not be opened on ${host}`, EXIT_CONFIGURATION);
    this.#listenerPorts.set(tag, port);
    // The kernel has chosen: the others join the first.
    if (this.#awaited === 0) this.#listenOn(tag, port);
  }

  creditReturned(_peer: number): void {}

  #answerCall(peer: number, correlation: number, length: number): void {
    const channel = this.#memory.channel(peer);
    const position = channel.answer(correlation, CONTROL_CALL_ANSWER.bytes);
    channel.view.setInt32(position + CONTROL_CALL_ANSWER.length, length, true);
    this.#wakeUp();
  }

  #wakeUp(): void {
    if (this.#turnIsDue || this.#phase === 'over') return;
    this.#turnIsDue = true;
    this.#ports.clock.defer(this.#runTurn);
  }

  #turn(): void {
    this.#turnIsDue = false;
    if (this.#phase === 'over') return;
    const memory = this.#memory;
    const nowMs = this.#ports.clock.monotonicMs();
    memory.doorbell.disarm();
    memory.counters.add(counter.turns, 1);
    const drained = memory.drain(RING_BUDGET, this);
    memory.notices.take(this.#noticed);
    if (this.#phase === 'opening' && this.#metadata.opening.size === 0) this.#listen();
    if (this.#phase === 'registering' && this.#registration.isServed) this.#becomeReady();
    if (this.#stopAsked && this.#phase === 'ready') this.#beginStopping();
    this.#metadata.tick(nowMs);
    this.#logDirectories.tick(nowMs);
    this.#diskBrake.tick(nowMs);
    if (this.#isOver()) return;
    this.#leaving.tick(nowMs);
    this.#checkpoints.tick(nowMs);
    memory.flush();
    if (drained > 0) return this.#wakeUp();
    if (this.#isOver()) return;
    if (!memory.doorbell.arm(this.#hasWork, this.#wake)) return this.#wakeUp();
    const restMs = Math.max(0, this.#metadata.restsUntilMs() - nowMs);
    this.#timer ??= this.#ports.clock.schedule(Math.min(TICK_MS, restMs), () => {
      this.#timer = null;
      this.#wakeUp();
    });
  }

  #isOver(): boolean {
    return this.#phase === 'over';
  }

  #rowChanged(slot: number): void {
    const { table } = this.#memory;
    const { state } = table.snapshot(slot, this.#row) ? this.#row : { state: replicaState.free };
    const isLeaving = this.#leaving.has(slot);
    this.#leaving.noticed(slot);
    this.#registration.noticed(slot);
    // A late word about a replica that had the row before.
    if (!isLeaving && (state === replicaState.opening || state === replicaState.recovering)) return;
    this.#apis.opened(slot);
  }

  /** The row of a log that was recovered, or could not be, is its owner's from now on. */
  #handOver(slot: number, state: number): void {
    this.#placement.handOver(slot, state);
    this.#leaving.noticed(slot);
    this.#wakeUp();
  }

  #listen(): void {
    this.#phase = 'listening';
    const { startTimeoutMs } = this.#config;
    this.#startTimer = this.#ports.clock.schedule(startTimeoutMs, () =>
      this.#fail(`no listener within millrace.start.timeout.ms (${startTimeoutMs})`, EXIT_CONFIGURATION),
    );
    this.#nextListener = 0;
    this.#listenNext();
  }

  /** One listener after the other: its port is known before all shards share it. */
  #listenNext(): void {
    const listener = this.#nextListener;
    if (listener === this.#config.listeners.length) return this.#register();
    this.#sendListen(1, listener, this.#config.listeners[listener]!.port);
    this.#awaited = 1;
  }

  #listenOn(listener: number, port: number): void {
    const isFirst = this.#nextListener === listener;
    this.#nextListener = isFirst ? listener + 1 : this.#nextListener;
    if (isFirst && this.#config.shards > 1 && this.#ports.sharesPorts) {
      for (let thread = 2; thread <= this.#config.shards; thread++) this.#sendListen(thread, listener, port);
      this.#awaited = this.#config.shards - 1;
    } else this.#listenNext();
  }

  #sendListen(thread: number, listener: number, port: number): void {
    const channel = this.#memory.channel(thread);
    const position = channel.request(LISTEN, listener, LISTEN_REQUEST.bytes, LISTEN_ANSWER.bytes);
    assert(position >= 0, 'the rings are empty when the node starts');
    channel.view.setInt32(position + LISTEN_REQUEST.listener, listener, true);
    channel.view.setInt32(position + LISTEN_REQUEST.port, port, true);
  }

  /** Every address is known: the node says who it is, and is elected. */
  #register(): void {
    this.#phase = 'registering';
    const failure = this.#registration.register();
    if (failure !== null) return this.#fail(`the node cannot be registered: ${failure}`, EXIT_CONFIGURATION);
    this.#wakeUp();
  }

  #becomeReady(): void {
    this.#phase = 'ready';
    this.#startTimer?.cancel();
    const { clusterId, isNew } = this.#directories;
    let partitions = 0;
    for (const topic of this.#metadata.image.topics()) partitions += topic.partitionCount;
    const ports = this.#config.listeners.map((_, listener) => this.#listenerPorts.get(listener));
    this.#events.ready({ clusterId, isNewCluster: isNew, ports, partitions });
  }

  #beginStopping(): void {
    this.#phase = 'stopping';
    this.#recovery.stop();
    this.#stopPhase = STOP_ACCEPTING;
    this.#sendStop();
  }

  #sendStop(): void {
    this.#awaited = this.#config.shards;
    for (let thread = 1; thread <= this.#config.shards; thread++) {
      const channel = this.#memory.channel(thread);
      const position = channel.request(STOP, 0, STOP_REQUEST.bytes, STOP_ANSWER.bytes);
      assert(position >= 0, 'control owes its shards little enough to reach them');
      channel.view.setInt32(position + STOP_REQUEST.phase, this.#stopPhase, true);
    }
  }

  #nextStopPhase(): void {
    if (this.#stopPhase === STOP_CLOSE) return this.#close();
    this.#stopPhase++;
    this.#sendStop();
  }

  /** All logs are on stable storage: what speaks of them follows, the mark of the clean stop last. */
  #close(): void {
    this.#ports.background.close(() => this.#closed());
  }

  #closed(): void {
    if (this.#isOver()) return;
    const notLeft = this.#registration.leave();
    if (notLeft !== null) this.#ports.log.warn('the cluster was not told that the node stops', { why: notLeft });
    if (this.#isOver()) return;
    const failure =
      this.#metadata.close() ??
      this.#checkpoints.writeAll() ??
      this.#checkpoints.markClean(this.#registration.brokerEpoch);
    if (failure !== null)
      this.#ports.log.error('the next start recovers as after a crash', { why: failure.toString() });
    this.#end();
    this.#events.stopped();
  }

  #shardExited(thread: number, failure: ThreadFailure | null): void {
    if (failure === null && (this.#phase === 'stopping' || this.#phase === 'over')) return;
    this.#memory.stop.raise();
    this.#fail(
      `shard ${thread} ended: ${failure === null ? 'it left' : `${failure.name}: ${failure.message}`}`,
      EXIT_BUG,
    );
  }

  #fail(message: string, exitCode: number): void {
    if (this.#phase === 'over') return;
    this.#memory.stop.raise();
    this.#end();
    this.#ports.background.close(() => {});
    this.#events.failed(message, exitCode);
  }

  #end(): void {
    this.#phase = 'over';
    this.#leaving.stop();
    this.#timer?.cancel();
    this.#timer = null;
    this.#startTimer?.cancel();
  }

  /** What the settings of this broker, and of all, say to control. */
  #configure(): void {
    const { tokens } = this.#memory;
    const dynamic = this.#metadata.image.configs.ofBroker(this.#config.nodeId);
    const { config } = new DynamicConfig(this.#config).effective(dynamic);
    configureConnectionRates(tokens, config, this.#ports.clock.monotonicMs());
  }
}

/** What `start` has made before there is a control thread. */
interface Parts {
  readonly directories: DataDirectories;
  readonly shared: SharedMemory;
  readonly memory: ThreadMemory;
  readonly metadata: ClusterMetadata;
  readonly placement: ReplicaPlacement;
  readonly slots: PartitionSlots;
  readonly watermark: SharedArrayBuffer;
  readonly index: SharedArrayBuffer;
  readonly recoveryPoints: SharedArrayBuffer;
}

const RING_BUDGET = 256;
const TICK_MS = 1000;
/** Something that an administrator can mend. */
const EXIT_CONFIGURATION = 1;
/** EX_SOFTWARE: a bug of ours. */
const EXIT_BUG = 70;
