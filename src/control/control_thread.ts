import { requestCounts, type RequestCount } from '../api/request_counts.ts';
import { CONTROL_CALL, LISTEN, STOP } from '../api/thread_messages.ts';
import { assert } from '../base/assert.ts';
import { DynamicConfig } from '../config/dynamic_config.ts';
import type { NodeConfig } from '../config/node_config.ts';
import type { Timer } from '../port/clock.ts';
import type { ThreadFailure } from '../port/threads.ts';
import { ListenerPorts, type ShardBoot } from '../shard/shard_boot.ts';
import type { ChannelHandler } from '../shared-memory/channel.ts';
import { counter } from '../shared-memory/counters.ts';
import type { SharedMemory } from '../shared-memory/layout.ts';
import { replicaState, RowSnapshot } from '../shared-memory/partition_table.ts';
import { RecoveryPoints } from '../shared-memory/recovery_points.ts';
import { RequestCountSums } from '../shared-memory/request_counts.ts';
import type { ThreadMemory } from '../shared-memory/thread_memory.ts';
import type { DataDirectories } from '../storage/data_directories.ts';
import { Checkpoints } from './checkpoints.ts';
import type { ClusterMetadata } from './cluster_metadata.ts';
import { configureConnectionRates } from './connection_rates.ts';
import { ControlApis } from './control_apis.ts';
import { EXIT_BUG, EXIT_CONFIGURATION, type ControlEvents } from './control_events.ts';
import type { ControlPorts } from './control_ports.ts';
import { DiskBrake } from './disk_brake.ts';
import { layFoundation, type Foundation } from './foundation.ts';
import { LeavingReplicas } from './leaving_replicas.ts';
import { Listening } from './listening.ts';
import { LogDirectories } from './log_directories.ts';
import type { NodeMemory } from './node_memory.ts';
import { NodeRegistration } from './node_registration.ts';
import { logsToRecover, Recovery } from './recovery.ts';
import type { ReplicaPlacement } from './replica_placement.ts';
import { ShardCalls } from './shard_calls.ts';
import { StartDeadline } from './start_deadline.ts';
import { StopPhases } from './stop_phases.ts';

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
  /** Of this thread. */
  readonly #memory: ThreadMemory;
  readonly #metadata: ClusterMetadata;
  readonly #apis: ControlApis;
  readonly #shardCalls: ShardCalls;
  readonly #checkpoints: Checkpoints;
  readonly #recovery: Recovery;
  readonly #placement: ReplicaPlacement;
  readonly #leaving: LeavingReplicas;
  readonly #logDirectories: LogDirectories;
  readonly #diskBrake: DiskBrake;
  readonly #directories: DataDirectories;
  readonly #listenerPorts: ListenerPorts;
  readonly #row = new RowSnapshot();
  readonly #registration: NodeRegistration;
  readonly #listening: Listening;
  readonly #stopPhases: StopPhases;
  readonly #startDeadline: StartDeadline;

  #phase: 'opening' | 'listening' | 'registering' | 'ready' | 'stopping' | 'over' = 'opening';
  #stopAsked = false;
  #turnIsDue = false;
  #timer: Timer | null = null;
  readonly #runTurn = (): void => this.#turn();
  readonly #wake = (): void => this.#wakeUp();
  readonly #hasWork = (): boolean => this.#memory.hasWork() || this.#logDirectories.hasNews;
  readonly #noticed = (slot: number): void => this.#rowChanged(slot);

  /** Returns a sentence for the administrator where the node cannot start; nothing is left running then. */
  static start(ports: ControlPorts, config: NodeConfig, events: ControlEvents): ControlThread | string {
    const foundation = layFoundation(ports, config);
    return typeof foundation === 'string' ? foundation : new ControlThread(ports, config, events, foundation);
  }

  private constructor(ports: ControlPorts, config: NodeConfig, events: ControlEvents, foundation: Foundation) {
    const { directories, metadata, placement } = foundation;
    const memory = foundation.memory.ofControl;
    const recoveryPoints = new RecoveryPoints(foundation.memory.recoveryPoints);
    const { kernels, clock, disk, background, log } = ports;
    this.#ports = ports;
    this.#config = config;
    this.#events = events;
    this.#shared = foundation.memory.shared;
    this.#memory = memory;
    this.#metadata = metadata;
    metadata.failed = (why) => this.#fail(why, EXIT_CONFIGURATION);
    this.#directories = directories;
    this.#apis = new ControlApis(ports, config, metadata, foundation.memory.slots);
    this.#shardCalls = new ShardCalls(memory, this.#apis, kernels, this.#wake);
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
      recoveryPoints,
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
    this.#listenerPorts = new ListenerPorts(foundation.memory.listenerPorts);
    this.#registration = new NodeRegistration(config, metadata, memory, directories, this.#listenerPorts);
    this.#listening = new Listening({
      memory,
      listeners: config.listeners,
      shards: config.shards,
      sharesPorts: ports.sharesPorts,
      ports: this.#listenerPorts,
      done: () => this.#register(),
      failed: (why) => this.#fail(why, EXIT_CONFIGURATION),
    });
    this.#stopPhases = new StopPhases(memory, config.shards, () => this.#close());
    this.#startDeadline = new StartDeadline(
      clock,
      config.startTimeoutMs,
      () => memory.notices.take(this.#noticed),
      () => this.#fail(this.#whyNotReady(), EXIT_CONFIGURATION),
    );
    this.#configure();
    metadata.configured = () => this.#configure();
    this.#spawnShards(foundation.memory);
    this.#recovery = new Recovery({
      background: ports.background,
      clock,
      log: ports.log,
      threadsPerDirectory: config.storage.recoveryThreadsPerDirectory,
      recovered: (slot) => this.#handOver(slot, replicaState.opening),
      failed: (slot) => this.#handOver(slot, replicaState.offline),
      progressed: (progress) => events.recovering(progress),
    });
    this.#recovery.begin(logsToRecover(config, metadata, memory.table, recoveryPoints));
    this.#wakeUp();
  }

  #spawnShards(memory: NodeMemory): void {
    for (let thread = 1; thread <= this.#config.shards; thread++) {
      const boot: ShardBoot = {
        thread,
        config: this.#config,
        clusterId: this.#directories.clusterId,
        shared: memory.shared,
        metadataWatermark: memory.metadataWatermark,
        partitionIndex: memory.partitionIndex,
        recoveryPoints: memory.recoveryPoints,
        metadataStart: this.#metadata.start,
        ports: memory.listenerPorts,
      };
      this.#ports.threads.spawnShard(thread, boot, (failure) => this.#shardExited(thread, failure));
    }
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
    this.#shardCalls.call(peer, correlation, view, start);
  }

  answer(_peer: number, tag: number, kind: number, view: DataView, start: number, _length: number): void {
    if (this.#phase === 'over') return;
    if (kind === STOP) return this.#stopPhases.answered();
    assert(kind === LISTEN, 'control asks shards to listen and to stop');
    this.#startDeadline.progressed();
    this.#listening.answered(tag, view, start);
  }

  creditReturned(_peer: number): void {}

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
    this.#startDeadline.progressed();
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
    this.#startDeadline.progressed();
    this.#placement.handOver(slot, state);
    this.#leaving.noticed(slot);
    this.#wakeUp();
  }

  #listen(): void {
    this.#phase = 'listening';
    this.#listening.begin();
  }

  /** Every address is known: the node says who it is, and is elected. */
  #register(): void {
    this.#phase = 'registering';
    const failure = this.#registration.register();
    if (failure !== null) return this.#fail(`the node cannot be registered: ${failure}`, EXIT_CONFIGURATION);
    this.#startDeadline.progressed();
    this.#wakeUp();
  }

  #becomeReady(): void {
    this.#phase = 'ready';
    this.#startDeadline.end();
    const { clusterId, isNew } = this.#directories;
    let partitions = 0;
    for (const topic of this.#metadata.image.topics()) partitions += topic.partitionCount;
    const ports = this.#config.listeners.map((_, listener) => this.#listenerPorts.get(listener));
    this.#events.ready({ clusterId, isNewCluster: isNew, ports, partitions });
  }

  #beginStopping(): void {
    this.#phase = 'stopping';
    this.#recovery.stop();
    this.#stopPhases.begin();
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
    this.#startDeadline.end();
  }

  /** What the start waits for. */
  #whyNotReady(): string {
    const stuck = `the start made no progress within millrace.start.timeout.ms (${this.#config.startTimeoutMs})`;
    if (this.#phase === 'opening') return `${stuck}: ${this.#metadata.opening.size} logs are not open`;
    if (this.#phase === 'listening') return `${stuck}: a listener is not open`;
    return `${stuck}: ${this.#registration.unserved} partitions have no leader`;
  }

  /** What the settings of this broker, and of all, say to control. */
  #configure(): void {
    const { tokens } = this.#memory;
    const dynamic = this.#metadata.image.configs.ofBroker(this.#config.nodeId);
    const { config } = new DynamicConfig(this.#config).effective(dynamic);
    configureConnectionRates(tokens, config, this.#ports.clock.monotonicMs());
  }
}

const RING_BUDGET = 256;
const TICK_MS = 1000;
