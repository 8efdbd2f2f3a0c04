import { DynamicConfig } from '../config/dynamic_config.ts';
import type { NodeConfig, TopicConfig } from '../config/node_config.ts';
import { storedTopicConfig } from '../config/topic_config.ts';
import type { BrokerImage } from '../metadata/cluster_image.ts';
import type { MetadataImage } from '../metadata/metadata_image.ts';
import { PartitionState, type PartitionColumns, type PartitionValues } from '../shared-memory/partition_columns.ts';
import type { Uuid } from '../base/uuid.ts';

/** A partition as the controller decides over it. */
export interface PartitionOfTopic {
  readonly topic: string;
  readonly topicId: Uuid;
  readonly partition: number;
  readonly state: PartitionValues;
}

/** What of a broker decides over leaders and epochs. */
export type BrokerState = Pick<BrokerImage, 'incarnationId' | 'epoch' | 'isFenced' | 'isInControlledShutdown'>;

/** What the controller's decisions over the whole cluster are made from. */
export interface ClusterView {
  /** Level of `metadata.version`. */
  readonly metadataVersion: number;
  /** The finalized level of a feature; 0 where it is switched off. */
  featureLevel(feature: string): number;
  broker(brokerId: number): BrokerState | undefined;
  /** All partitions of the cluster, topic by topic, in the order of their indexes. */
  partitions(): Iterable<PartitionOfTopic>;
  /** The settings of a topic as they count. */
  settings(topic: string): TopicConfig;
}

/** The metadata image as a view. Made for one decision: it remembers settings that it has looked up. */
export class ImageView implements ClusterView {
  readonly #image: MetadataImage;
  readonly #columns: PartitionColumns;
  readonly #defaults: TopicConfig;
  readonly #settings = new Map<string, TopicConfig>();

  /** `config` is what the administrator of this node wrote. */
  constructor(image: MetadataImage, columns: PartitionColumns, config: NodeConfig) {
    this.#image = image;
    this.#columns = columns;
    this.#defaults = new DynamicConfig(config).effective(image.configs.ofBroker(config.nodeId)).config.topics.config;
  }

  get metadataVersion(): number {
    return this.#image.features.metadataVersion;
  }

  featureLevel(feature: string): number {
    return this.#image.features.level(feature);
  }

  broker(brokerId: number): BrokerState | undefined {
    return this.#image.cluster.brokers.get(brokerId);
  }

  *partitions(): Iterable<PartitionOfTopic> {
    for (const topic of this.#image.topics()) {
      for (const [partition, slot] of topic.slots.entries()) {
        const state = new PartitionState();
        if (slot < 0 || !this.#columns.read(slot, state)) continue;
        yield { topic: topic.name, topicId: topic.id, partition, state };
      }
    }
  }

  settings(topic: string): TopicConfig {
    let settings = this.#settings.get(topic);
    if (settings === undefined) {
      const stored = this.#image.topicByName(topic)?.configs ?? new Map<string, string>();
      settings = stored.size === 0 ? this.#defaults : storedTopicConfig(this.#defaults, stored).config;
      this.#settings.set(topic, settings);
    }
    return settings;
  }
}

/** Whether a broker may lead: registered, not fenced, not about to leave. */
export function isActive(broker: BrokerState | undefined): boolean {
  return broker !== undefined && !broker.isFenced && !broker.isInControlledShutdown;
}
