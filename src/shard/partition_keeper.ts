import { assert } from '../base/assert.ts';
import { storedTopicConfig } from '../config/topic_config.ts';
import type { NodeConfig, TopicConfig } from '../config/node_config.ts';
import { readOffsetCheckpoint, type PartitionOffsets } from '../log/checkpoint_file.ts';
import { formatDirectoryName } from '../log/directory_name.ts';
import { LogFailure } from '../log/log_failure.ts';
import type { MetadataChanges } from '../metadata/metadata_image.ts';
import { PartitionIndex } from '../metadata/partition_index.ts';
import type { TopicImage } from '../metadata/topic_image.ts';
import type { PartitionTable } from '../shared-memory/partition_table.ts';
import { partitionDirectory, type OwnedPartitions } from './owned_partitions.ts';
import type { ShardPorts } from './shard_ports.ts';

interface NewPartition {
  readonly topic: TopicImage;
  readonly partition: number;
  readonly slot: number;
  readonly leaderEpoch: number;
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
  readonly #index: PartitionIndex;
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
    partitionIndex: SharedArrayBuffer,
    partitions: OwnedPartitions,
  ) {
    this.#ports = ports;
    this.#config = config;
    this.#self = self;
    this.#table = table;
    this.#index = new PartitionIndex(partitionIndex);
    this.#partitions = partitions;
  }

  /** The directory of the replica in this row. */
  directoryOf(slot: number): string {
    const directory = this.#directories.get(slot);
    assert(directory !== undefined, 'a row that is read has a directory');
    return directory;
  }

  partitionAdded(topic: TopicImage, partition: number, leaderEpoch: number): void {
    const slot = this.#index.find(topic.idWords, partition);
    // Removed again by a later record, which this thread has not come to yet.
    if (slot < 0) return;
    topic.addPartition(partition, slot);
    const dataDirectory = this.#config.storage.directories[this.#table.row(slot).logDirectory]!;
    this.#directories.set(slot, partitionDirectory(dataDirectory, topic.name, partition));
    this.#added.push({ topic, partition, slot, leaderEpoch });
  }

  topicRemoved(topic: TopicImage): void {
    for (const slot of topic.slots) this.#directories.delete(slot);
  }

  topicConfigured(_topic: TopicImage): void {}

  /** Opens the logs of the partitions that were added and are this shard's. */
  openAdded(): void {
    const added = this.#added;
    this.#added = [];
    for (const { topic, partition, slot, leaderEpoch } of added) {
      const row = this.#table.row(slot);
      if (row.owner !== this.#self) continue;
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
