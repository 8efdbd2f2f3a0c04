import { activationRecords } from '../controller/bootstrap.ts';
import type { NodeConfig } from '../config/node_config.ts';
import type { LogFailure } from '../log/log_failure.ts';
import { CLUSTER_DEFAULT } from '../metadata/configs_image.ts';
import { MetadataImage, type MetadataChanges } from '../metadata/metadata_image.ts';
import type { MetadataSink } from '../metadata/batch_file.ts';
import { appliedTo } from '../metadata/metadata_follower.ts';
import { metadataRecord } from '../metadata/metadata_record.ts';
import { MetadataLog, RECORDS_PER_APPEND_MAX } from '../metadata/metadata_log.ts';
import type { MetadataStart } from '../metadata/metadata_reader.ts';
import { KRAFT_VERSION_MAX } from '../metadata/quorum_voters.ts';
import { WrittenPartitions } from '../metadata/partition_store.ts';
import { MetadataSnapshots } from '../metadata/metadata_snapshots.ts';
import type { PartitionIndex } from '../metadata/partition_index.ts';
import type { MetadataRecord } from '../metadata/records.ts';
import type { TopicImage } from '../metadata/topic_image.ts';
import type { MetadataWatermark } from '../metadata/watermark.ts';
import { TaskFailure } from '../port/background.ts';
import { noOpRecord } from '../protocol/schema/metadata/no_op_record.ts';
import type { PartitionColumns, PartitionColumnsWriter } from '../shared-memory/partition_columns.ts';
import { voterEndpointsOf } from '../storage/beginning.ts';
import type { ControlPorts } from './control_ports.ts';
import type { DataDirectories } from '../storage/data_directories.ts';
import type { ReplicaPlacement } from './replica_placement.ts';

export interface ClusterMetadataOptions {
  readonly ports: ControlPorts;
  readonly config: NodeConfig;
  readonly directories: DataDirectories;
  readonly placement: ReplicaPlacement;
  readonly index: PartitionIndex;
  readonly columns: PartitionColumns;
  readonly columnsWriter: PartitionColumnsWriter;
  readonly watermark: MetadataWatermark;
  /** Wakes every thread that follows the metadata: the watermark moved. */
  readonly advanced: () => void;
}

/**
 * The cluster's metadata as the control thread keeps it: the log, the image, and for each partition its row, placed on
 * a shard and in a data directory before the record that makes it known passes the watermark.
 */
export class ClusterMetadata implements MetadataChanges {
  readonly image: MetadataImage;
  /** The metadata directory failed: the node cannot go on. */
  failed: (why: string) => void = () => {};
  /** A setting of this broker, or of all, is another. */
  configured: () => void = () => {};
  readonly #options: ClusterMetadataOptions;
  readonly #sink: MetadataSink;
  #log: MetadataLog | null = null;
  #snapshots: MetadataSnapshots | null = null;
  #lastCommitMs = 0;
  #nextCheckpointMs: number;

  constructor(options: ClusterMetadataOptions) {
    this.#options = options;
    const { kernels, clock } = options.ports;
    this.#nextCheckpointMs = clock.monotonicMs() + options.config.storage.recoveryPointCheckpointIntervalMs;
    const { columns, columnsWriter: writer, index, placement } = options;
    this.image = new MetadataImage(
      kernels,
      new WrittenPartitions({
        writer,
        columns,
        index,
        place: (topic, partition) => placement.place(topic, partition),
        removed: (topic, partition, slot) => placement.removed(topic, partition, slot),
      }),
    );
    this.#sink = appliedTo(this.image, this);
  }

  /** Reads the log and places what it tells of. Null, or a sentence for the administrator. */
  open(): string | null {
    const { ports, config, directories, watermark } = this.#options;
    const { disk, kernels, clock, entropy, log } = ports;
    const { metadata } = directories;
    const opened = MetadataLog.open(
      {
        disk,
        kernels,
        clock,
        entropy,
        config: config.storage.metadata,
        dataDirectory: metadata.path,
        isClean: metadata.isClean,
        voter: { id: config.nodeId, directoryId: metadata.id, endpoints: voterEndpointsOf(config) },
        kraftVersion: config.quorum.hasStaticVoters ? 0 : KRAFT_VERSION_MAX,
      },
      this.#sink,
    );
    if (typeof opened === 'string') return `the metadata log cannot be opened: ${opened}`;
    for (const why of opened.damagedSnapshots)
      log.warn('a snapshot of the metadata is damaged; an older one was read', { why });
    this.#log = opened;
    watermark.advance(opened.nextOffset);
    this.#snapshots = this.#snapshotsOf(opened);
    return this.#activate();
  }

  /** Snapshots, cleaning, the checkpoint, and the sign of life of a log at rest, where they are due. */
  tick(nowMs: number): void {
    this.#snapshots?.tick(nowMs);
    // A refused one is not missed: the next is due in time.
    if (nowMs >= this.restsUntilMs()) this.commit([metadataRecord(noOpRecord, 0, {})]);
    if (nowMs >= this.#nextCheckpointMs) this.#checkpoint(nowMs);
  }

  #checkpoint(nowMs: number): void {
    const { config, ports } = this.#options;
    this.#nextCheckpointMs = nowMs + config.storage.recoveryPointCheckpointIntervalMs;
    const failure = this.#log!.writeRecoveryPoint();
    if (failure !== null) ports.log.warn('a checkpoint was not written', { why: failure.toString() });
  }

  /** When the log has been at rest for as long as it may, monotonic: followers see by its records that it has a leader. */
  restsUntilMs(): number {
    const { idleMsMax } = this.#options.config.storage.metadata;
    return idleMsMax === 0 ? Infinity : this.#lastCommitMs + idleMsMax;
  }

  /** The log; open. */
  get log(): MetadataLog {
    return this.#log!;
  }

  /** From where shards read the log. */
  get start(): MetadataStart {
    return this.#log!.start;
  }

  /** Level of the feature `kraft.version`. */
  get kraftVersion(): number {
    return this.#log!.kraftVersion;
  }

  /** Commits records: written, synced, applied here, then published to every thread. Null, or why nothing happened. */
  commit(records: readonly MetadataRecord[]): string | null {
    return this.#commit((log, nowMs) => log.append(records, nowMs));
  }

  /** Raises `kraft.version`, in the same way. */
  nameVoters(): string | null {
    return this.#commit((log, nowMs) => log.nameVoters(nowMs));
  }

  #commit(write: (log: MetadataLog, nowMs: number) => LogFailure | null): string | null {
    const { ports, watermark, advanced } = this.#options;
    const log = this.#log!;
    this.#lastCommitMs = ports.clock.monotonicMs();
    const failure = write(log, ports.clock.wallMs());
    if (failure !== null) {
      // A change that the disk has no room for is refused; without a log that can be written there is no control.
      const isRefused = failure.kind === 'refused' || failure.isPassing;
      if (!isRefused || log.failure !== null) this.#fail(failure.toString());
      return failure.toString();
    }
    // Applied from the file, like in every other thread: what cannot be read back must not be lived by.
    const problem = log.reader.readTo(log.nextOffset, this.#sink);
    if (problem !== null) {
      this.#fail(problem);
      return problem;
    }
    watermark.advance(log.nextOffset);
    advanced();
    return null;
  }

  /** Offset of the next record. */
  get nextOffset(): number {
    return this.#log!.nextOffset;
  }

  /** Commits records that need not take place together, in order: as many as it takes. */
  commitMany(records: readonly MetadataRecord[]): string | null {
    for (let from = 0; from < records.length; from += RECORDS_PER_APPEND_MAX) {
      const failure = this.commit(records.slice(from, from + RECORDS_PER_APPEND_MAX));
      if (failure !== null) return failure;
    }
    return null;
  }

  /** Rows that were placed and whose owners have not opened them yet. */
  get opening(): Set<number> {
    return this.#options.placement.opening;
  }

  /** Rows whose logs a crash has left: control's until they are recovered. */
  get recovering(): ReadonlySet<number> {
    return this.#options.placement.recovering;
  }

  partitionAdded(_topic: TopicImage, _partition: number): void {}

  partitionChanged(_topic: TopicImage, _partition: number): void {}

  topicRemoved(_topic: TopicImage): void {}

  topicConfigured(_topic: TopicImage): void {}

  brokerConfigured(name: string): void {
    if (name === CLUSTER_DEFAULT || name === String(this.#options.config.nodeId)) this.configured();
  }

  brokersChanged(): void {}

  featuresChanged(): void {}

  /** Null, or why the log is not as after a clean stop. */
  close(): string | null {
    return this.#log?.close(true) ?? null;
  }

  /** What the log must have before anything else is written. */
  #activate(): string | null {
    const { ports, config, directories } = this.#options;
    const { features, isInTransaction } = this.image;
    const records = activationRecords(ports.kernels, {
      metadataVersion: features.metadataVersion,
      isInTransaction,
      bootstrap: directories.bootstrap,
      minInSyncReplicas: config.topics.config.minInsyncReplicas,
    });
    return records.length === 0 ? null : this.commit(records);
  }

  #snapshotsOf(metadataLog: MetadataLog): MetadataSnapshots {
    const { ports, config, watermark } = this.#options;
    const { disk, kernels, clock, background, log } = ports;
    return new MetadataSnapshots({
      disk,
      kernels,
      clock,
      config: config.storage.metadata,
      log: metadataLog,
      watermark,
      partitionsMax: config.storage.partitionsMax,
      isInTransaction: () => this.image.isInTransaction,
      run: (task, done) =>
        background.run({ kind: 'metadata-snapshot', ...task }, (outcome) =>
          done(outcome instanceof TaskFailure ? null : outcome),
        ),
      warn: (message, why) => log.warn(message, { why }),
      failed: (why) => this.#fail(why),
    });
  }

  #fail(why: string): void {
    this.failed(`the metadata directory failed: ${why}`);
  }
}
