import { assert } from '../base/assert.ts';
import { empty } from '../base/empty.ts';
import type { NodeConfig, TopicConfig } from '../config/node_config.ts';
import { BatchScanner } from '../log/batch_scanner.ts';
import { LogFailure } from '../log/log_failure.ts';
import { LeaderPartition, type LeaderHost } from '../partition/leader_partition.ts';
import { LeaderTools } from '../partition/leader_tools.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { replicaState } from '../shared-memory/partition_table.ts';
import type { RecoveryPoints } from '../shared-memory/recovery_points.ts';
import type { SegmentHeap } from '../shared-memory/segment_lists.ts';
import type { ThreadMemory } from '../shared-memory/thread_memory.ts';
import { DirectoryClaims } from './directory_claims.ts';
import { DirectoryWatch } from './directory_watch.ts';
import { Replica, type Leadership, type ReplicaIdentity } from './replica.ts';
import { ReplicaConfigs } from './replica_config.ts';
import { ReplicaDepartures } from './replica_departures.ts';
import { openReplicaLog } from './replica_opening.ts';
import type { ShardPorts } from './shard_ports.ts';

export interface OwnedPartitionsOptions {
  readonly ports: ShardPorts;
  readonly config: NodeConfig;
  readonly memory: ThreadMemory;
  readonly heap: SegmentHeap;
  readonly recoveryPoints: RecoveryPoints;
  /** A turn is due. */
  readonly wake: () => void;
}

/** A replica that this shard hosts, whoever leads the partition. */
export interface ReplicaToOpen extends ReplicaIdentity, Leadership {
  readonly topicConfig: TopicConfig;
}

/** The replicas whose one writer this shard is: opened, led or not, committed once a turn, flushed, closed, given up. */
export class OwnedPartitions implements LeaderHost {
  readonly #options: OwnedPartitionsOptions;
  readonly #watch: DirectoryWatch;
  readonly #departures: ReplicaDepartures;
  readonly #claims: DirectoryClaims;
  readonly #bySlot = new Map<number, Replica>();
  /** For the logs that are opened, one after the other. */
  readonly #scanner: BatchScanner;
  readonly #tools: LeaderTools;
  readonly #configs: ReplicaConfigs;
  /** Leaders that took appends in this turn. */
  #touched: LeaderPartition[] = [];
  #spareTouched: LeaderPartition[] = [];
  /** The turn is at its writes: it goes on to send what comes of them. */
  #isCommitting = false;
  /** Replicas whose logs could not be opened for now. */
  #toRetry: Replica[] = [];
  #nextFlushMs = 0;
  #nextExpiryMs = 0;
  #refusalSaidMs = -Infinity;
  /** Writes that failed since that was said last. */
  #refusalsUnsaid = 0;
  #putOffSaidMs = -Infinity;
  /** Logs are flushed and closed: neither an append nor a flush that comes due finds them any more. */
  #isClosing = false;

  constructor(options: OwnedPartitionsOptions) {
    this.#options = options;
    const { memory, ports, config } = options;
    this.#watch = new DirectoryWatch({
      states: memory.logDirectories,
      paths: config.storage.directories,
      log: ports.log,
      tellAll: () => {
        for (let thread = 0; thread <= memory.geometry.shards; thread++) memory.doorbell.ring(thread);
        options.wake();
      },
    });
    this.#scanner = new BatchScanner(ports.kernels);
    this.#tools = new LeaderTools(ports.kernels, ports.codecs);
    this.#configs = new ReplicaConfigs(config);
    this.#claims = new DirectoryClaims(ports, options.recoveryPoints);
    this.#departures = new ReplicaDepartures({
      disk: ports.disk,
      kernels: ports.kernels,
      log: ports.log,
      watch: this.#watch,
      departed: (slot) => this.#release(slot),
    });
  }

  get size(): number {
    return this.#bySlot.size;
  }

  /** Nothing while logs are being closed. */
  bySlot(slot: number): Replica | undefined {
    return this.#isClosing ? undefined : this.#bySlot.get(slot);
  }

  /** The replicas of this shard, for whoever tells of all of them. */
  all(): IterableIterator<Replica> {
    return this.#bySlot.values();
  }

  /** Something in a log directory failed, found by a read: what it says of the directory is acted on. */
  directoryTrouble(slot: number, failure: LogFailure): void {
    this.#watch.report(this.#options.memory.table.row(slot).logDirectory, failure);
  }

  /**
   * Opens the logs, and leads where the leadership says so; or a replica is offline, with a line that says why. Blocks, but
   * for the sync of what a crash left in the page cache alone: where an acknowledgement means stable storage, nothing is
   * visible before it is there.
   */
  open(allWanted: readonly ReplicaToOpen[]): void {
    this.#open(allWanted.map((wanted) => this.#add(wanted)));
  }

  #add(wanted: ReplicaToOpen): Replica {
    const { memory } = this.#options;
    const row = memory.table.row(wanted.slot);
    assert(row.owner === memory.self, 'a shard opens what it owns');
    assert(!this.#bySlot.has(wanted.slot), 'a replica is opened once');
    const replica = new Replica(wanted, row, wanted, wanted.topicConfig);
    replica.hasNoRoom = this.#watch.isFull(wanted.logDirectory);
    this.#bySlot.set(wanted.slot, replica);
    return replica;
  }

  /** The metadata has another leader, or another epoch. */
  lead(slot: number, leadership: Leadership): void {
    const replica = this.#bySlot.get(slot);
    if (replica === undefined) return;
    replica.leadership = leadership;
    if (replica.isSteppingDown) return;
    const { state } = replica.row;
    if (state === replicaState.leader || state === replicaState.follower) this.#serve(replica);
  }

  /** Other settings of the topic, or of the node below them. */
  configure(slot: number, topicConfig: TopicConfig): void {
    const replica = this.#bySlot.get(slot);
    if (replica === undefined) return;
    replica.topicConfig = topicConfig;
    replica.log?.configure(this.#configs.logOf(topicConfig));
    replica.leader?.configure(this.#configs.leaderOf(topicConfig));
  }

  /**
   * The topic was deleted: nothing is taken any more, whoever waits is answered, the directory gets another name. Then
   * this shard releases the row. A replica that was never opened here is released all the same.
   */
  remove(identity: ReplicaIdentity): void {
    const replica = this.#bySlot.get(identity.slot);
    this.#bySlot.delete(identity.slot);
    if (replica === undefined) return this.#departures.depart(identity);
    const { leader } = replica;
    if (leader === null) this.#giveUp(replica);
    else leader.resign(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, () => this.#giveUp(replica));
  }

  /** The partition took an append: `commit` writes it at the end of the turn. */
  touched(leader: LeaderPartition): void {
    if (leader.isTouched) return;
    leader.isTouched = true;
    this.#touched.push(leader);
  }

  get hasWork(): boolean {
    return this.#touched.length > 0;
  }

  /** Writes what was staged in this turn, log by log. */
  commit(): void {
    const touched = this.#touched;
    this.#touched = this.#spareTouched;
    this.#spareTouched = touched;
    this.#isCommitting = true;
    for (const leader of touched) {
      leader.isTouched = false;
      leader.commit();
    }
    empty(touched);
    this.#isCommitting = false;
  }

  committed(leader: LeaderPartition): void {
    if (leader.needsCommit) this.touched(leader);
    if (!this.#isCommitting || leader.needsCommit) this.#options.wake();
  }

  refused(leader: LeaderPartition, failure: LogFailure): void {
    const { clock, log } = this.#options.ports;
    const nowMs = clock.monotonicMs();
    this.#refusalsUnsaid++;
    const replica = this.#bySlot.get(leader.slot);
    if (replica !== undefined) this.#watch.report(replica.identity.logDirectory, failure);
    if (nowMs - this.#refusalSaidMs < 1000) return;
    const { directory } = leader.log;
    log.error('appends were refused: they could not be written', {
      directory,
      why: failure.toString(),
      times: this.#refusalsUnsaid,
    });
    this.#refusalSaidMs = nowMs;
    this.#refusalsUnsaid = 0;
  }

  putOff({ log: { directory } }: LeaderPartition, failure: LogFailure): void {
    const { clock, log } = this.#options.ports;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#putOffSaidMs < 1000) return;
    this.#putOffSaidMs = nowMs;
    log.warn('a log is not synced yet: it will be tried again', { directory, why: failure.toString() });
  }

  failed(leader: LeaderPartition, failure: LogFailure): void {
    const replica = this.#bySlot.get(leader.slot);
    if (replica?.leader === leader) this.#fail(replica, failure);
  }

  get hasDirectoryNews(): boolean {
    return this.#watch.hasNews;
  }

  /** Acts on what this thread or others found out about the log directories. Once a turn. */
  lookAtDirectories(): void {
    this.#watch.look((directory) => {
      const isFailed = this.#watch.isFailed(directory);
      const hasNoRoom = this.#watch.isFull(directory);
      for (const replica of this.#bySlot.values()) {
        if (replica.identity.logDirectory !== directory) continue;
        replica.hasNoRoom = hasNoRoom;
        if (isFailed) this.#fail(replica, this.#directoryFailure(replica));
      }
    });
  }

  /** Begins the flushes that are due by time or by count; forgets producers whose time is over. */
  tick(nowMs: number): void {
    if (nowMs < this.#nextFlushMs || this.#isClosing) return;
    this.#expireProducers(nowMs);
    const { flushPolicy, flushIntervalMs, flushSchedulerIntervalMs } = this.#options.config.storage;
    const everyMs = flushPolicy === 'interval' ? Math.min(flushIntervalMs, FLUSH_TICK_MS) : FLUSH_TICK_MS;
    this.#nextFlushMs = nowMs + Math.max(1, Math.min(everyMs, flushSchedulerIntervalMs));
    if (this.#toRetry.length > 0) this.#open(this.#toRetry.splice(0).filter((replica) => this.#isOurs(replica)));
    for (const replica of this.#bySlot.values()) {
      const { log } = replica;
      if (log === null) continue;
      const isDue = flushPolicy === 'interval' ? log.isDirty : log.isFlushDue(nowMs);
      if (isDue) this.#flush(replica);
      replica.leader?.syncAgain();
    }
  }

  #expireProducers(nowMs: number): void {
    if (nowMs < this.#nextExpiryMs) return;
    this.#nextExpiryMs = nowMs + this.#options.config.storage.producerExpirationCheckIntervalMs;
    const wallMs = this.#options.ports.clock.wallMs();
    for (const { log, topicConfig } of this.#bySlot.values()) {
      log?.producers.expire(wallMs, topicConfig.producerIdExpirationMs);
    }
  }

  nextTickMs(): number {
    return this.#bySlot.size === 0 || this.#isClosing ? Infinity : this.#nextFlushMs;
  }

  /** Flushes and closes every log. `done` is called when all are on stable storage or have failed. */
  closeAll(done: () => void): void {
    const open = [...this.#bySlot.values()].filter(({ log }) => log !== null);
    this.#isClosing = true;
    let left = open.length;
    if (left === 0) return done();
    const closed = (): void => {
      if (--left === 0) done();
    };
    for (const replica of open) {
      const { log, leader } = replica;
      // A sync that is under way may fail, and is heard before the log is closed: one after it would not say so again.
      const close = (): void =>
        log!.flush(() => {
          this.#close(replica);
          closed();
        });
      if (leader === null) close();
      else log!.flush(() => leader.resign(ErrorCode.NOT_LEADER_OR_FOLLOWER, close));
    }
  }

  #open(replicas: readonly Replica[]): void {
    const usable = replicas.filter((replica) => {
      if (!this.#watch.isFailed(replica.identity.logDirectory)) return true;
      this.#fail(replica, this.#directoryFailure(replica));
      return false;
    });
    const claimed = this.#claims.claim(usable, (replica, failure) => this.#stayOffline(replica, failure));
    for (const replica of claimed) this.#openLog(replica);
  }

  #openLog(replica: Replica): void {
    const { config } = this.#options;
    const { logDirectory } = replica.identity;
    // What was opened before it may have found out.
    if (this.#watch.isFailed(logDirectory)) return this.#fail(replica, this.#directoryFailure(replica));
    const failure = openReplicaLog(replica, this.#configs.logOf(replica.topicConfig), this.#options, this.#scanner);
    if (failure !== null) return this.#stayOffline(replica, failure);
    const log = replica.log!;
    const isDurable = log.recoveryPoint === log.logEndOffset;
    if (config.storage.flushPolicy !== 'acknowledged' || isDurable) return this.#serve(replica);
    log.flush((flushFailure) => {
      if (!this.#isOurs(replica) || this.#isClosing) return;
      if (flushFailure === null) this.#serve(replica);
      else this.#fail(replica, flushFailure);
      this.#options.wake();
    });
  }

  #stayOffline(replica: Replica, failure: LogFailure): void {
    this.#fail(replica, failure);
    // What passes by itself needs no human: room on the disk, descriptors.
    if (failure.isPassing && !this.#watch.isFailed(replica.identity.logDirectory)) this.#toRetry.push(replica);
  }

  /** The log is open: the replica does what the metadata says. */
  #serve(replica: Replica): void {
    const { recoveryPoints, memory } = this.#options;
    const { leadership, log, identity } = replica;
    replica.failure = null;
    if (leadership.isLeader) this.#lead(replica);
    else if (replica.leader === null) this.#follow(replica);
    else this.#stepDown(replica, replica.leader);
    recoveryPoints.set(identity.slot, log!.recoveryPoint);
    memory.notices.post(CONTROL, identity.slot);
  }

  #lead(replica: Replica): void {
    const { row, identity, leadership, topicConfig } = replica;
    const { leaderEpoch, replicaCount } = leadership;
    const log = replica.log!;
    if (replica.leader !== null) replica.leader.replicaCount = replicaCount;
    if (replica.leader !== null && replica.leader.leaderEpoch === leaderEpoch) return;
    log.beginLeaderEpoch(leaderEpoch);
    row.leaderEpoch = leaderEpoch;
    if (replica.leader !== null) {
      replica.leader.leaderEpoch = leaderEpoch;
      return row.publish();
    }
    row.state = replicaState.leader;
    const publish = this.#publisher(replica);
    const leaderConfig = this.#configs.leaderOf(topicConfig);
    replica.leader = new LeaderPartition(identity.slot, log, leaderEpoch, leaderConfig, { publish }, this.#tools, this);
    replica.leader.replicaCount = replicaCount;
  }

  /** Somebody else leads, or nobody: the log stays open, and nothing is served from it. */
  #follow(replica: Replica): void {
    const { row, leadership } = replica;
    const log = replica.log!;
    row.state = replicaState.follower;
    row.leaderEpoch = leadership.leaderEpoch;
    const highWatermark = Math.min(row.highWatermark, log.logEndOffset);
    const { logStartOffset, logEndOffset, activeSegmentBytes } = log;
    this.#publisher(replica)(logStartOffset, logEndOffset, highWatermark, highWatermark, activeSegmentBytes);
  }

  #stepDown(replica: Replica, leader: LeaderPartition): void {
    replica.isSteppingDown = true;
    leader.resign(ErrorCode.NOT_LEADER_OR_FOLLOWER, () => {
      replica.leader = null;
      replica.isSteppingDown = false;
      // It may lead again by the time that its last write has ended.
      if (this.#isOurs(replica) && replica.failure === null) this.#serve(replica);
    });
  }

  #publisher({ row, identity }: Replica): (...offsets: [number, number, number, number, number]) => void {
    const { slot } = identity;
    return (logStartOffset, logEndOffset, highWatermark, lastStableOffset, activeSegmentBytes) => {
      row.logStartOffset = logStartOffset;
      row.localLogStartOffset = logStartOffset;
      row.logEndOffset = logEndOffset;
      row.activeSegmentBytes = activeSegmentBytes;
      row.lastStableOffset = lastStableOffset;
      row.highWatermark = highWatermark;
      row.publish();
      this.#wakeWaiting(slot);
    };
  }

  /** The replica is offline: its log has failed, or could not be opened, or its directory has failed. */
  #fail(replica: Replica, failure: LogFailure): void {
    if (replica.failure !== null) return;
    replica.failure = failure;
    const { identity, row, log, leader } = replica;
    this.#watch.report(identity.logDirectory, failure);
    if (!this.#watch.isFailed(identity.logDirectory)) {
      const fields = { topic: identity.topic, partition: identity.partition, why: failure.toString() };
      this.#options.ports.log.error('a partition is offline', fields);
    }
    row.state = replicaState.offline;
    row.publish();
    log?.failWith(failure);
    leader?.failWith(failure);
    this.#wakeWaiting(identity.slot);
    this.#options.memory.notices.post(CONTROL, identity.slot);
    this.#options.wake();
  }

  #directoryFailure({ identity }: Replica): LogFailure {
    const reason = this.#options.memory.logDirectories.reason(identity.logDirectory);
    return new LogFailure('failed', identity.directory, `its log directory is offline: ${reason}`);
  }

  /** Nobody writes the log any more: what readers may hold of it is void, and its name goes. */
  #giveUp(replica: Replica): void {
    const { row, log, publication, identity } = replica;
    replica.leader = null;
    row.state = replicaState.closing;
    row.readEpoch = (row.readEpoch + 1) | 0;
    row.publish();
    this.#wakeWaiting(identity.slot);
    log?.close(false);
    publication?.close();
    this.#departures.depart(identity);
  }

  /** The last word of this shard about the row: from here on it is control's. */
  #release(slot: number): void {
    const { memory, wake } = this.#options;
    memory.table.release(slot, memory.self);
    memory.notices.post(CONTROL, slot);
    wake();
  }

  #close(replica: Replica): void {
    const log = replica.log!;
    const failure = log.close(replica.failure === null);
    // Control marks no stop as clean over a log that is offline.
    if (failure !== null) this.#fail(replica, failure);
    this.#options.recoveryPoints.set(replica.identity.slot, log.recoveryPoint);
  }

  #flush(replica: Replica): void {
    const log = replica.log!;
    const flushed = (failure: LogFailure | null): void => {
      if (!this.#isOurs(replica)) return;
      if (failure === null) this.#options.recoveryPoints.set(replica.identity.slot, log.recoveryPoint);
      // What is put off stays to be done.
      else if (log.failure !== null) this.#fail(replica, failure);
    };
    if (replica.leader === null) log.flush(flushed);
    else replica.leader.flush(flushed);
  }

  #wakeWaiting(slot: number): void {
    const { table, notices } = this.#options.memory;
    table.takeWaiting(slot, (thread) => notices.post(thread, slot));
  }

  /** Whether it is still the replica of its slot: it was not given up since. */
  #isOurs(replica: Replica): boolean {
    return this.#bySlot.get(replica.identity.slot) === replica;
  }
}

/** Control is thread 0. */
const CONTROL = 0;
const FLUSH_TICK_MS = 1000;
