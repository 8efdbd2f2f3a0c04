import { assert } from '../base/assert.ts';
import { DynamicConfig } from '../config/dynamic_config.ts';
import type { NodeConfig, TopicConfig } from '../config/node_config.ts';
import { storedTopicConfig } from '../config/topic_config.ts';
import type { MetadataChanges, MetadataImage } from '../metadata/metadata_image.ts';
import type { TopicImage } from '../metadata/topic_image.ts';
import { PartitionState } from '../shared-memory/partition_columns.ts';
import { replicaState } from '../shared-memory/partition_table.ts';
import type { ThreadMemory } from '../shared-memory/thread_memory.ts';
import type { OwnedPartitions, ReplicaToOpen } from './owned_partitions.ts';
import { partitionDirectory, type Leadership, type ReplicaIdentity } from './replica.ts';
import type { ShardPorts } from './shard_ports.ts';

export interface PartitionKeeperOptions {
  readonly ports: ShardPorts;
  readonly config: NodeConfig;
  readonly memory: ThreadMemory;
  readonly image: MetadataImage;
  readonly partitions: OwnedPartitions;
  /** The partition in this row is gone: whatever this thread holds of it is void. */
  readonly forget: (slot: number) => void;
  /** Settings of this broker, or of all, are others. */
  readonly configured: (config: NodeConfig) => void;
}

interface KnownPartition {
  readonly topic: TopicImage;
  readonly partition: number;
  readonly slot: number;
}

/**
 * Makes of committed metadata what this shard does about it: replicas that it owns are opened, led or not, configured and
 * given up, and every replica that is gone is forgotten. Records come in batches in which the settings of a topic stand
 * behind its partitions, so what changed is noted, and acted on when all that is committed was applied.
 */
export class PartitionKeeper implements MetadataChanges {
  readonly #options: PartitionKeeperOptions;
  readonly #dynamic: DynamicConfig;
  /** What topics have unless they say otherwise: the node's settings under those in the metadata. */
  #topicDefaults: TopicConfig;
  /** By slot: where its files lie. What a read in flight still asks of a replica that is gone leads nowhere. */
  readonly #directories = new Map<number, string>();
  #added: KnownPartition[] = [];
  #changed: KnownPartition[] = [];
  readonly #configured = new Set<TopicImage>();
  /** Of topics whose partitions were opened since the metadata last changed: all partitions of one share them. */
  readonly #settings = new Map<TopicImage, TopicConfig>();
  #removed: TopicImage[] = [];
  #isNodeConfigured = false;
  /**
   * By slot: partitions of this shard whose rows are still control's: their logs are being recovered, or the directory of
   * a namesake is on its way out.
   */
  readonly #awaited = new Map<number, KnownPartition>();
  readonly #state = new PartitionState();

  constructor(options: PartitionKeeperOptions) {
    this.#options = options;
    this.#dynamic = new DynamicConfig(options.config);
    this.#topicDefaults = options.config.topics.config;
  }

  /** The directory of the replica in this row. */
  directoryOf(slot: number): string {
    const directory = this.#directories.get(slot);
    assert(directory !== undefined, 'a row that is read has a directory');
    return directory;
  }

  partitionAdded(topic: TopicImage, partition: number): void {
    const { config, memory } = this.#options;
    const slot = topic.slotOf(partition);
    const dataDirectory = config.storage.directories[memory.table.row(slot).logDirectory]!;
    this.#directories.set(slot, partitionDirectory(dataDirectory, topic.name, partition));
    this.#added.push({ topic, partition, slot });
  }

  partitionChanged(topic: TopicImage, partition: number): void {
    this.#changed.push({ topic, partition, slot: topic.slotOf(partition) });
  }

  topicRemoved(topic: TopicImage): void {
    this.#removed.push(topic);
  }

  topicConfigured(topic: TopicImage): void {
    this.#configured.add(topic);
  }

  brokerConfigured(name: string): void {
    if (name === '' || name === String(this.#options.config.nodeId)) this.#isNodeConfigured = true;
  }

  brokersChanged(): void {}

  featuresChanged(): void {}

  /** Acts on all that was applied since the last call. */
  settle(): void {
    if (this.#isNodeConfigured) this.#configureNode();
    this.#settings.clear();
    this.#options.partitions.open(this.#added.splice(0).flatMap((known) => this.#host(known)));
    for (const known of this.#changed.splice(0)) this.#lead(known);
    for (const topic of this.#configured) this.#configure(topic);
    this.#configured.clear();
    for (const topic of this.#removed.splice(0)) this.#remove(topic);
  }

  /** A notice about the row: control may have handed it over. */
  noticed(slot: number): void {
    const known = this.#awaited.get(slot);
    if (known === undefined) return;
    const { state } = this.#options.memory.table.row(slot);
    if (state === replicaState.recovering) return;
    this.#awaited.delete(slot);
    if (this.#isGone(known)) this.#options.partitions.remove(this.#identityOf(known));
    else if (state === replicaState.opening) this.#options.partitions.open(this.#wanted(known));
  }

  /** A new partition of this shard's is opened as soon as its row is ours. */
  #host(known: KnownPartition): ReplicaToOpen[] {
    const { table, self } = this.#options.memory;
    const { owner, state } = table.row(known.slot);
    if (owner !== self) return [];
    if (state === replicaState.recovering) this.#awaited.set(known.slot, known);
    return state === replicaState.opening ? this.#wanted(known) : [];
  }

  /** Nothing for one that is removed again by a record that this thread has not come to yet. */
  #wanted(known: KnownPartition): ReplicaToOpen[] {
    const leadership = this.#leadershipOf(known);
    if (leadership === null) return [];
    const topicConfig = this.#settings.get(known.topic) ?? this.#topicConfig(known.topic);
    this.#settings.set(known.topic, topicConfig);
    return [{ ...this.#identityOf(known), ...leadership, topicConfig }];
  }

  #lead(known: KnownPartition): void {
    const leadership = this.#leadershipOf(known);
    if (leadership !== null) this.#options.partitions.lead(known.slot, leadership);
  }

  /** Null: the slot is not this partition's any more. */
  #leadershipOf({ slot, topic, partition }: KnownPartition): Leadership | null {
    const { memory, config } = this.#options;
    const state = this.#state;
    if (!memory.columns.read(slot, state) || !state.isOf(topic.idWords, partition)) return null;
    const { leader, leaderEpoch, replicas } = state;
    return { isLeader: leader === config.nodeId, leaderEpoch, replicaCount: replicas.length };
  }

  #isGone(known: KnownPartition): boolean {
    return this.#options.image.topicById(known.topic.id) === undefined;
  }

  /** Every thread forgets the topic's replicas; the owner of each gives it up first. */
  #remove(topic: TopicImage): void {
    const { memory, partitions, forget } = this.#options;
    const { table, notices, self } = memory;
    this.#configured.delete(topic);
    for (const [partition, slot] of topic.slots.entries()) {
      if (slot < 0) continue;
      forget(slot);
      if (table.row(slot).owner !== self) {
        table.release(slot, self);
        notices.post(CONTROL, slot);
      } else if (!this.#awaited.has(slot)) partitions.remove(this.#identityOf({ topic, partition, slot }));
    }
  }

  #identityOf({ topic, partition, slot }: KnownPartition): ReplicaIdentity {
    return {
      slot,
      topic: topic.name,
      topicId: topic.id,
      partition,
      logDirectory: this.#options.memory.table.row(slot).logDirectory,
      directory: this.directoryOf(slot),
    };
  }

  #configure(topic: TopicImage): void {
    if (topic.partitionCount === 0) return;
    const topicConfig = this.#topicConfig(topic);
    for (const slot of topic.slots) if (slot >= 0) this.#options.partitions.configure(slot, topicConfig);
  }

  /** Settings of this broker, or of all: every topic falls back to others. */
  #configureNode(): void {
    this.#isNodeConfigured = false;
    const { image, config, ports } = this.#options;
    const effective = this.#dynamic.effective(image.configs.ofBroker(config.nodeId));
    for (const why of effective.ignored) ports.log.warn('a setting of the node has no effect', { why });
    this.#topicDefaults = effective.config.topics.config;
    this.#options.configured(effective.config);
    for (const topic of image.topics()) this.#configured.add(topic);
  }

  #topicConfig(topic: TopicImage): TopicConfig {
    const { config, ignored } = storedTopicConfig(this.#topicDefaults, topic.configs);
    for (const why of ignored) {
      this.#options.ports.log.error('a setting of a topic has no effect', { topic: topic.name, why });
    }
    return config;
  }
}

/** Control is thread 0. */
const CONTROL = 0;
