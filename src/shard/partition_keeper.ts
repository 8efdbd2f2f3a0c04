import { assert } from '../base/assert.ts';
import { storedTopicConfig } from '../config/topic_config.ts';
import type { NodeConfig, TopicConfig } from '../config/node_config.ts';
import type { MetadataChanges } from '../metadata/metadata_image.ts';
import type { TopicImage } from '../metadata/topic_image.ts';
import { PartitionState, type PartitionColumns } from '../shared-memory/partition_columns.ts';
import { replicaState, type PartitionTable } from '../shared-memory/partition_table.ts';
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
  /** By slot: partitions of this shard whose logs are being recovered after a crash. */
  readonly #recovering = new Map<number, NewPartition>();
  readonly #state = new PartitionState();

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

  /** Opens the logs of the partitions that were added and are this shard's, but for those that are being recovered. */
  openAdded(): void {
    const added = this.#added;
    this.#added = [];
    for (const partition of added) {
      const row = this.#table.row(partition.slot);
      if (row.owner !== this.#self) continue;
      if (row.state === replicaState.recovering) this.#recovering.set(partition.slot, partition);
      else if (row.state === replicaState.opening) this.#open(partition);
    }
  }

  /** Something of the row changed: if it was being recovered, control may have handed it over. */
  recovered(slot: number): void {
    const partition = this.#recovering.get(slot);
    if (partition === undefined) return;
    const { state } = this.#table.row(slot);
    if (state === replicaState.recovering) return;
    this.#recovering.delete(slot);
    if (state === replicaState.opening) this.#open(partition);
  }

  #open({ topic, partition, slot }: NewPartition): void {
    const state = this.#state;
    // Removed again by a record that this thread has not come to yet.
    if (!this.#columns.read(slot, state) || !state.isOf(topic.idWords, partition)) return;
    this.#partitions.open({
      slot,
      topic: topic.name,
      topicId: topic.id,
      partition,
      leaderEpoch: state.leaderEpoch,
      topicConfig: this.#topicConfig(topic),
      directory: this.directoryOf(slot),
    });
  }

  #topicConfig(topic: TopicImage): TopicConfig {
    const { config, ignored } = storedTopicConfig(this.#config.topics.config, topic.configs);
    for (const why of ignored) this.#ports.log.error('a setting of a topic has no effect', { topic: topic.name, why });
    return config;
  }
}
