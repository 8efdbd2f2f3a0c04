import { assert } from '../base/assert.ts';
import type { NodeConfig, TopicConfig } from '../config/node_config.ts';
import { noBatchObserver } from '../log/batch_observer.ts';
import { formatDirectoryName } from '../log/directory_name.ts';
import type { LogConfig } from '../log/log_config.ts';
import { LogFailure } from '../log/log_failure.ts';
import { PartitionLog } from '../log/partition_log.ts';
import { readPartitionMetadata, writePartitionMetadata } from '../log/partition_metadata.ts';
import { RowPublication } from '../log/row_publication.ts';
import { LeaderPartition, type LeaderConfig, type LeaderHost } from '../partition/leader_partition.ts';
import type { BatchCodecs, TargetCompression } from '../partition/recompression.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { CODEC_GZIP, CODEC_LZ4, CODEC_NONE, CODEC_SNAPPY, CODEC_ZSTD } from '../protocol/record_batch.ts';
import { replicaState } from '../shared-memory/partition_table.ts';
import type { RecoveryPoints } from '../shared-memory/recovery_points.ts';
import type { RowWriter } from '../shared-memory/row_writer.ts';
import type { SegmentHeap } from '../shared-memory/segment_lists.ts';
import { SegmentListWriter } from '../shared-memory/segment_lists.ts';
import type { ThreadMemory } from '../shared-memory/thread_memory.ts';
import type { ShardPorts } from './shard_ports.ts';

export interface OwnedPartitionsOptions {
  readonly ports: ShardPorts;
  readonly config: NodeConfig;
  readonly memory: ThreadMemory;
  readonly heap: SegmentHeap;
  readonly batchCodecs: BatchCodecs;
  readonly recoveryPoints: RecoveryPoints;
  /** A turn is due. */
  readonly wake: () => void;
}

/** What is known of a partition before its log is opened. */
export interface PartitionToOpen {
  readonly slot: number;
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly leaderEpoch: number;
  readonly topicConfig: TopicConfig;
  readonly directory: string;
}

/** A partition that this shard writes. */
export interface OwnedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly incarnation: number;
  readonly leader: LeaderPartition;
  /** The one writer of its row. */
  readonly row: RowWriter;
}

/** The partitions whose one writer this shard is: opened, committed once a turn, flushed, closed. */
export class OwnedPartitions implements LeaderHost {
  readonly #options: OwnedPartitionsOptions;
  readonly #bySlot = new Map<number, OwnedPartition>();
  /** Leaders that took appends in this turn. */
  #touched: LeaderPartition[] = [];
  #spareTouched: LeaderPartition[] = [];
  /** The turn is at its writes: it goes on to send what comes of them. */
  #isCommitting = false;
  /** Partitions whose logs could not be opened for now. */
  readonly #toRetry: PartitionToOpen[] = [];
  #nextFlushMs = 0;
  #refusalSaidMs = -Infinity;
  /** Writes that failed since that was said last. */
  #refusalsUnsaid = 0;
  /** Logs are flushed and closed: neither an append nor a flush that comes due finds them any more. */
  #isClosing = false;

  constructor(options: OwnedPartitionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#bySlot.size;
  }

  /** Nothing while logs are being closed. */
  bySlot(slot: number): OwnedPartition | undefined {
    return this.#isClosing ? undefined : this.#bySlot.get(slot);
  }

  /**
   * Opens the log and publishes the row as the leader's; or as offline, with a line that says why. Blocks, but for the
   * sync of what a crash left in the page cache alone: where an acknowledgement means stable storage, nothing is visible
   * before it is there.
   */
  open(wanted: PartitionToOpen): void {
    const { config, memory } = this.#options;
    const row = memory.table.row(wanted.slot);
    assert(row.owner === memory.self, 'a shard opens what it owns');
    const opened = this.#openLog(wanted, row);
    if (opened instanceof LogFailure) return this.#stayOffline(wanted, row, opened);
    const isDurable = opened.recoveryPoint === opened.logEndOffset;
    if (config.storage.flushPolicy !== 'acknowledged' || isDurable) return this.#begin(wanted, row, opened);
    opened.flush((failure) => {
      if (failure === null) this.#begin(wanted, row, opened);
      else this.#stayOffline(wanted, row, failure);
      this.#options.wake();
    });
  }

  #begin(wanted: PartitionToOpen, row: RowWriter, log: PartitionLog): void {
    row.state = replicaState.leader;
    row.leaderEpoch = wanted.leaderEpoch;
    const leader = this.#lead(wanted, log, row);
    const { topic, partition, slot } = wanted;
    this.#bySlot.set(slot, { topic, partition, incarnation: row.incarnation, leader, row });
    this.#options.recoveryPoints.set(slot, log.recoveryPoint);
    this.#options.memory.notices.post(CONTROL, slot);
  }

  #stayOffline(wanted: PartitionToOpen, row: RowWriter, failure: LogFailure): void {
    this.#options.ports.log.error('a partition is offline: its log could not be opened', {
      topic: wanted.topic,
      partition: wanted.partition,
      why: failure.toString(),
    });
    row.state = replicaState.offline;
    row.publish();
    // What passes by itself needs no human: room on the disk, descriptors.
    if (failure.isPassing) this.#toRetry.push(wanted);
    this.#options.memory.notices.post(CONTROL, wanted.slot);
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

  /** Writes what was staged in this turn: one vectored write for a log. */
  commit(): void {
    const touched = this.#touched;
    this.#touched = this.#spareTouched;
    this.#spareTouched = touched;
    this.#isCommitting = true;
    for (const leader of touched) {
      leader.isTouched = false;
      leader.commit();
    }
    touched.length = 0;
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

  failed(leader: LeaderPartition, failure: LogFailure): void {
    this.#options.ports.log.error('a partition is offline: its log failed', {
      directory: leader.log.directory,
      why: failure.toString(),
    });
    const { row } = this.#bySlot.get(leader.slot)!;
    row.state = replicaState.offline;
    row.publish();
    this.#options.memory.table.takeWaiting(leader.slot, (thread, slot) =>
      this.#options.memory.notices.post(thread, slot),
    );
    this.#options.memory.notices.post(CONTROL, leader.slot);
    this.#options.wake();
  }

  /** Begins the flushes that are due by time or by count. */
  tick(nowMs: number): void {
    if (nowMs < this.#nextFlushMs || this.#isClosing) return;
    const { flushPolicy, flushIntervalMs, flushSchedulerIntervalMs } = this.#options.config.storage;
    const everyMs = flushPolicy === 'interval' ? Math.min(flushIntervalMs, FLUSH_TICK_MS) : FLUSH_TICK_MS;
    this.#nextFlushMs = nowMs + Math.max(1, Math.min(everyMs, flushSchedulerIntervalMs));
    for (const wanted of this.#toRetry.splice(0)) this.open(wanted);
    for (const [slot, { leader }] of this.#bySlot) {
      const isDue = flushPolicy === 'interval' ? leader.log.isDirty : leader.log.isFlushDue(nowMs);
      if (isDue) this.#flush(slot, leader);
    }
  }

  nextTickMs(): number {
    return (this.#bySlot.size === 0 && this.#toRetry.length === 0) || this.#isClosing ? Infinity : this.#nextFlushMs;
  }

  /** Flushes and closes every log. `done` is called when all are on stable storage or have failed. */
  closeAll(done: () => void): void {
    const all = [...this.#bySlot];
    this.#isClosing = true;
    let left = all.length;
    if (left === 0) return done();
    for (const [slot, { leader }] of all) {
      leader.flush(() => {
        leader.abandon(ErrorCode.NOT_LEADER_OR_FOLLOWER);
        const failure = leader.log.close(true);
        // Control marks no stop as clean over a log that is offline.
        if (failure !== null && leader.failure === null) this.failed(leader, failure);
        this.#options.recoveryPoints.set(slot, leader.log.recoveryPoint);
        if (--left === 0) done();
      });
    }
  }

  #flush(slot: number, leader: LeaderPartition): void {
    leader.flush((failure) => {
      if (failure === null) this.#options.recoveryPoints.set(slot, leader.log.recoveryPoint);
    });
  }

  #lead(wanted: PartitionToOpen, log: PartitionLog, row: RowWriter): LeaderPartition {
    const { table, notices } = this.#options.memory;
    const { slot } = wanted;
    const tell = (thread: number): void => notices.post(thread, slot);
    const publish = (
      logStartOffset: number,
      logEndOffset: number,
      highWatermark: number,
      lastStableOffset: number,
      activeSegmentBytes: number,
    ): void => {
      row.logStartOffset = logStartOffset;
      row.localLogStartOffset = logStartOffset;
      row.logEndOffset = logEndOffset;
      row.activeSegmentBytes = activeSegmentBytes;
      row.lastStableOffset = lastStableOffset;
      row.highWatermark = highWatermark;
      row.publish();
      table.takeWaiting(slot, tell);
    };
    const config = leaderConfigOf(wanted.topicConfig, this.#options.config);
    const { ports, batchCodecs } = this.#options;
    return new LeaderPartition(slot, log, wanted.leaderEpoch, config, { publish }, ports.kernels, batchCodecs, this);
  }

  #openLog(wanted: PartitionToOpen, row: RowWriter): PartitionLog | LogFailure {
    const { ports, memory, heap, recoveryPoints } = this.#options;
    const { disk, kernels, clock, entropy } = ports;
    const { directory } = wanted;
    const made = disk.makeDirectory(directory);
    if (made !== null) return LogFailure.ofDisk(made);
    const known = readPartitionMetadata(disk, kernels, directory);
    if (known instanceof LogFailure) return known;
    if (known === null) {
      const failure = writePartitionMetadata(disk, kernels, directory, wanted.topicId);
      if (failure !== null) return failure;
      const parent = directory.slice(0, directory.lastIndexOf('/'));
      const unsynced = disk.syncDirectory(parent);
      if (unsynced !== null) return LogFailure.ofDisk(unsynced);
    } else if (known !== wanted.topicId) {
      return new LogFailure('corrupt', directory, `it belongs to topic id ${known}, not ${wanted.topicId}`);
    }
    return PartitionLog.open({
      disk,
      kernels,
      clock,
      entropy,
      directory,
      config: logConfigOf(wanted.topicConfig),
      indexTail: memory.indexTailWriter(wanted.slot),
      publication: new RowPublication(row, new SegmentListWriter(heap, row)),
      observer: noBatchObserver,
      logStartOffset: row.logStartOffset,
      recoveryPoint: recoveryPoints.get(wanted.slot),
      // Whatever a crash left was recovered before the row came here.
      cleanShutdown: true,
      damageAboveRecoveryPoint: 'cut',
    });
  }
}

export function partitionDirectory(dataDirectory: string, topic: string, partition: number): string {
  return `${dataDirectory}/${formatDirectoryName(topic, partition)}`;
}

export function logConfigOf(topic: TopicConfig): LogConfig {
  return {
    segmentBytes: topic.segmentBytes,
    segmentMs: topic.segmentMs,
    segmentJitterMs: topic.segmentJitterMs,
    segmentIndexBytes: topic.segmentIndexBytes,
    indexIntervalBytes: topic.indexIntervalBytes,
    flushMessages: topic.flushMessages,
    flushMs: topic.flushMs,
    fileDeleteDelayMs: topic.fileDeleteDelayMs,
    gapsAllowed: topic.cleanupPolicy.includes('compact'),
  };
}

function leaderConfigOf(topic: TopicConfig, config: NodeConfig): LeaderConfig {
  return {
    maxMessageBytes: topic.maxMessageBytes,
    isLogAppendTime: topic.messageTimestampType === 'LogAppendTime',
    timestampBeforeMaxMs: topic.messageTimestampBeforeMaxMs,
    timestampAfterMaxMs: topic.messageTimestampAfterMaxMs,
    compression: compressionOf(topic),
    minInSyncReplicas: topic.minInsyncReplicas,
    isCompacted: topic.cleanupPolicy.includes('compact'),
    acknowledgesDurable: config.storage.flushPolicy === 'acknowledged',
  };
}

function compressionOf(topic: TopicConfig): TargetCompression | null {
  switch (topic.compressionType) {
    case 'producer':
      return null;
    case 'uncompressed':
      return { codec: CODEC_NONE, level: 0 };
    case 'gzip':
      return { codec: CODEC_GZIP, level: topic.compressionGzipLevel };
    case 'snappy':
      return { codec: CODEC_SNAPPY, level: 0 };
    case 'lz4':
      return { codec: CODEC_LZ4, level: topic.compressionLz4Level };
    case 'zstd':
      return { codec: CODEC_ZSTD, level: topic.compressionZstdLevel };
  }
}

/** Control is thread 0. */
const CONTROL = 0;
const FLUSH_TICK_MS = 1000;
