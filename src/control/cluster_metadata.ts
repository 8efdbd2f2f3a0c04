import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { shardOf } from '../cluster/placement.ts';
import type { NodeConfig } from '../config/node_config.ts';
import { formatDirectoryName } from '../log/directory_name.ts';
import { MetadataImage, type MetadataChanges } from '../metadata/metadata_image.ts';
import { MetadataLog } from '../metadata/metadata_log.ts';
import { WrittenPartitions } from '../metadata/partition_store.ts';
import type { PartitionIndex } from '../metadata/partition_index.ts';
import type { MetadataRecord } from '../metadata/records.ts';
import type { TopicImage } from '../metadata/topic_image.ts';
import type { MetadataWatermark } from '../metadata/watermark.ts';
import type { PartitionColumns, PartitionColumnsWriter } from '../shared-memory/partition_columns.ts';
import { replicaState, type PartitionSlots, type PartitionTable } from '../shared-memory/partition_table.ts';
import type { RecoveryPoints } from '../shared-memory/recovery_points.ts';
import type { ControlPorts } from './control_ports.ts';
import type { DataDirectories } from '../storage/data_directories.ts';
import type { FoundLogs } from './found_logs.ts';

export interface ClusterMetadataOptions {
  readonly ports: ControlPorts;
  readonly config: NodeConfig;
  readonly directories: DataDirectories;
  readonly foundLogs: FoundLogs;
  readonly recoveryPoints: RecoveryPoints;
  readonly table: PartitionTable;
  readonly slots: PartitionSlots;
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
  readonly #options: ClusterMetadataOptions;
  readonly #key = new Uint8Array(20);
  readonly #fields: ByteWriter;
  readonly #reader: ByteReader;
  #log: MetadataLog | null = null;
  /** Rows that were placed and whose owners have not opened them yet. */
  readonly opening = new Set<number>();
  /** Rows whose logs a crash has left: control's until they are recovered. */
  readonly recovering = new Set<number>();

  constructor(options: ClusterMetadataOptions) {
    this.#options = options;
    const { kernels } = options.ports;
    const { columns, columnsWriter: writer, index } = options;
    this.image = new MetadataImage(
      kernels,
      new WrittenPartitions({
        writer,
        columns,
        index,
        place: (topic, partition) => this.#place(topic, partition),
        removed: () => {},
      }),
    );
    this.#fields = new ByteWriter((text) => kernels.encodeText(text));
    this.#reader = new ByteReader((bytes, start, end) => kernels.decodeText(bytes, start, end));
  }

  /** Reads the log and places what it tells of. Null, or a sentence for the administrator. */
  open(): string | null {
    const { ports, config } = this.#options;
    const opened = MetadataLog.open(
      ports.disk,
      ports.kernels,
      config.storage.metadataDirectory,
      (type, version, fields) => this.image.apply(type, version, fields, this),
    );
    if (typeof opened === 'string') return opened;
    this.#log = opened;
    this.#options.watermark.advance(opened.position, opened.nextOffset);
    return null;
  }

  get logPath(): string {
    return this.#log!.path;
  }

  /** Commits records: written, synced, applied here, then published to every thread. Null, or why nothing happened. */
  commit(records: readonly MetadataRecord[]): string | null {
    const log = this.#log!;
    const failure = log.append(records, this.#options.ports.clock.wallMs());
    if (failure !== null) return failure;
    // Applied from bytes, like in every other thread: what cannot be read back must not be lived by.
    for (const record of records) {
      record.write(this.#fields.clear());
      const problem = this.image.apply(record.type, record.version, this.#reader.resetTo(this.#fields.written()), this);
      if (problem !== null) throw new Error(`metadata: ${problem}`);
    }
    this.#options.watermark.advance(log.position, log.nextOffset);
    this.#options.advanced();
    return null;
  }

  partitionAdded(topic: TopicImage, partition: number): void {
    const slot = topic.slotOf(partition);
    if (!this.recovering.has(slot)) this.opening.add(slot);
  }

  partitionChanged(_topic: TopicImage, _partition: number): void {}

  topicRemoved(_topic: TopicImage): void {}

  topicConfigured(_topic: TopicImage): void {}

  brokerConfigured(_name: string): void {}

  brokersChanged(): void {}

  featuresChanged(): void {}

  close(): void {
    this.#log?.close();
  }

  /** A row for a new partition, placed on a shard and in a data directory. */
  #place(topic: TopicImage, partition: number): number {
    const { slots, table, foundLogs, recoveryPoints } = this.#options;
    const found = foundLogs.take(formatDirectoryName(topic.name, partition));
    const logDirectory = found?.directory ?? this.#emptiestDirectory();
    const slot = slots.allocate(this.#ownerOf(topic, partition), 0);
    if (slot < 0) throw new Error('millrace.partitions.max is below the number of partitions');
    const row = table.row(slot);
    row.logDirectory = logDirectory;
    row.logStartOffset = found?.logStartOffset ?? 0;
    row.highWatermark = found?.highWatermark ?? 0;
    recoveryPoints.set(slot, found?.recoveryPoint ?? 0);
    if (found?.needsRecovery === true) {
      row.state = replicaState.recovering;
      this.recovering.add(slot);
    }
    row.publish();
    return slot;
  }

  /** Placement on a shard is not on disk: a restart with another number of shards places anew. */
  #ownerOf(topic: TopicImage, partition: number): number {
    const view = new DataView(this.#key.buffer);
    for (let word = 0; word < 4; word++) view.setInt32(word * 4, topic.idWords[word]!);
    view.setInt32(16, partition);
    const hash = this.#options.ports.kernels.xxhash(this.#key, 0, this.#key.length);
    return 1 + shardOf(hash, this.#options.config.shards);
  }

  #emptiestDirectory(): number {
    const { counts } = this.#options.directories;
    let fewest = 0;
    for (let directory = 1; directory < counts.length; directory++) {
      if (counts[directory]! < counts[fewest]!) fewest = directory;
    }
    counts[fewest]!++;
    return fewest;
  }
}
