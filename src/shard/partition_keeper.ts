import { assert } from '../base/assert.ts';
import { storedTopicConfig } from '../config/topic_config.ts';
import type { NodeConfig, TopicConfig } from '../config/node_config.ts';
import { readOffsetCheckpoint, type PartitionOffsets } from '../log/checkpoint_file.ts';
import { formatDirectoryName } from '../log/directory_name.ts';
import { LogFailure } from '../log/log_failure.ts';
import type { MetadataChanges } from '../metadata/metadata_image.ts';
import type { TopicImage } from '../metadata/topic_image.ts';
import { PartitionState, type PartitionColumns } from '../shared-memory/partition_columns.ts';
import type { PartitionTable } from '../shared-memory/partition_table.ts';
import { partitionDirectory, type OwnedPartitions } from './owned_partitions.ts';
import type { ShardPorts } from './shard_ports.ts';

interface NewPartition {
  readonly topic: TopicImage;
  readonly partition: number;
  readonly slot: number;
}

/**
 * Makes of committed metadata what this shard does about it: finds the rows of new partitions, opens the logs of
 * those it owns. Topic settings come behind the partitions in the same batch, so logs are opened when it is applied
 * as a whole.
 */
export class PartitionKeeper implements MetadataChanges {
  readonly #ports: ShardPorts;
  readonly #config: NodeConfig;
  readonly #self: number;
  readonly #table: PartitionTable;
  readonly #columns: PartitionColumns;
  readonly #partitions: OwnedPartitions;
  /** By slot: where its files lie. */
  readonly #directories = new Map<number, string>();
  #added: NewPartition[] = [];
  /** By data directory, read when the first log of it is opened. */
  readonly #recoveryPoints = new Map<number, PartitionOffsets>();
  readonly #logStartOffsets = new Map<number, PartitionOffsets>();

  constructor(
    ports: ShardPorts,
    config: NodeConfig,
    self: number,
    table: PartitionTable,
    columns: PartitionColumns,
    partitions: OwnedPartitions,
  ) {
    this.#ports = ports;
    this.#config = config;
    this.#self = self;
    this.#table = table;
    this.#columns = columns;
    this.#partitions = partitions;
  }

  /** The directory of the replica in this row. */
  directoryOf(slot: number): string {
    const directory = this.#directories.get(slot);
    assert(directory !== undefined, 'a row that is read has a directory');
    return directory;
  }

  partitionAdded(topic: TopicImage, partition: number): void {
    const slot = topic.slotOf(partition);
    const dataDirectory = this.#config.storage.directories[this.#table.row(slot).logDirectory]!;
    this.#directories.set(slot, partitionDirectory(dataDirectory, topic.name, partition));
    this.#added.push({ topic, partition, slot });
  }

  partitionChanged(_topic: TopicImage, _partition: number): void {}

  topicRemoved(topic: TopicImage): void {
    for (const slot of topic.slots) this.#directories.delete(slot);
  }

  topicConfigured(_topic: TopicImage): void {}

  brokerConfigured(_name: string): void {}

  brokersChanged(): void {}

  featuresChanged(): void {}

  /** Opens the logs of the partitions that were added and are this shard's. */
  openAdded(): void {
    const added = this.#added;
    this.#added = [];
    const state = new PartitionState();
    for (const { topic, partition, slot } of added) {
      const row = this.#table.row(slot);
      if (row.owner !== this.#self) continue;
      // Removed again by a record that this thread has not come to yet.
      if (!this.#columns.read(slot, state) || !state.isOf(topic.idWords, partition)) continue;
      const { leaderEpoch } = state;
      this.#partitions.open({
        slot,
        topic: topic.name,
        topicId: topic.id,
        partition,
        leaderEpoch,
        topicConfig: this.#topicConfig(topic),
        directory: this.directoryOf(slot),
        recoveryPoint: this.#checkpointed(this.#recoveryPoints, row.logDirectory, RECOVERY_POINTS, topic, partition),
        logStartOffset: this.#checkpointed(this.#logStartOffsets, row.logDirectory, LOG_STARTS, topic, partition),
      });
    }
  }

  #topicConfig(topic: TopicImage): TopicConfig {
    const { config, ignored } = storedTopicConfig(this.#config.topics.config, topic.configs);
    for (const why of ignored) this.#ports.log.error('a setting of a topic has no effect', { topic: topic.name, why });
    return config;
  }

  #checkpointed(
    cache: Map<number, PartitionOffsets>,
    logDirectory: number,
    name: typeof RECOVERY_POINTS | typeof LOG_STARTS,
    topic: TopicImage,
    partition: number,
  ): number {
    let offsets = cache.get(logDirectory);
    if (offsets === undefined) {
      const { disk, kernels, log } = this.#ports;
      const path = this.#config.storage.directories[logDirectory]!;
      const read = readOffsetCheckpoint(disk, kernels, path, name);
      if (read instanceof LogFailure)
        log.warn('a checkpoint cannot be read; recovery takes longer', { why: read.toString() });
      offsets = read instanceof LogFailure ? new Map<string, number>() : read;
      cache.set(logDirectory, offsets);
    }
    return offsets.get(formatDirectoryName(topic.name, partition)) ?? 0;
  }
}

const RECOVERY_POINTS = 'recovery-point-offset-checkpoint';
const LOG_STARTS = 'log-start-offset-checkpoint';
