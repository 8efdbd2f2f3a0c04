import { uuidOfRandomBytes, type Uuid } from '../base/uuid.ts';
import { deriveTopicConfig, InvalidTopicConfig } from '../config/topic_config.ts';
import { configResourceType } from '../metadata/configs_image.ts';
import type { TopicDefaults } from '../config/node_config.ts';
import type { MetadataImage } from '../metadata/metadata_image.ts';
import type { MetadataRecord } from '../metadata/records.ts';
import { metadataRecord } from '../metadata/metadata_record.ts';
import type { Entropy } from '../port/entropy.ts';
import { ErrorCode } from '../protocol/errors.ts';
import type { CreateTopicsRequest } from '../protocol/schema/19_create_topics.ts';
import { configRecord } from '../protocol/schema/metadata/config_record.ts';
import { topicRecord } from '../protocol/schema/metadata/topic_record.ts';
import { assignmentProblem, newPartition, type ReplicaPlace } from './new_partition.ts';
import { collisionKey, topicNameProblem } from './topic_names.ts';

type TopicToCreate = CreateTopicsRequest['topics'][number];

/** A topic that may be created: what will be written, or would be if the request only asks. */
export interface PlannedTopic {
  readonly name: string;
  readonly id: Uuid;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly records: readonly MetadataRecord[];
}

/** Why a topic is not created. */
export class TopicRefusal {
  readonly name: string;
  readonly errorCode: ErrorCode;
  readonly message: string;

  constructor(name: string, errorCode: ErrorCode, message: string) {
    this.name = name;
    this.errorCode = errorCode;
    this.message = message;
  }
}

export interface TopicCreatorOptions {
  readonly image: MetadataImage;
  readonly place: () => ReplicaPlace;
  /** What topics have unless they say otherwise, as it counts now. */
  readonly defaults: () => TopicDefaults;
  readonly entropy: Entropy;
  /** Level of `metadata.version`. */
  readonly metadataVersion: () => number;
  readonly partitionsLeft: () => number;
}

/** Decides which topics may be created, in Kafka's order of checks, and makes their records. Changes nothing. */
export class TopicCreator {
  readonly #options: TopicCreatorOptions;

  constructor(options: TopicCreatorOptions) {
    this.#options = options;
  }

  /** One outcome for each name. */
  plan(topics: readonly TopicToCreate[]): (PlannedTopic | TopicRefusal)[] {
    /** Null: named more than once. */
    const asked = new Map<string, TopicToCreate | null>();
    for (const topic of topics) asked.set(topic.name, asked.has(topic.name) ? null : topic);
    const collisions = this.#collisions();
    const planned: (PlannedTopic | TopicRefusal)[] = [];
    let partitionsLeft = this.#options.partitionsLeft();
    for (const [name, topic] of asked) {
      const outcome =
        topic === null
          ? new TopicRefusal(name, ErrorCode.INVALID_REQUEST, 'Duplicate topic name.')
          : this.#planOne(topic, collisions, partitionsLeft);
      planned.push(outcome);
      if (outcome instanceof TopicRefusal) continue;
      partitionsLeft -= outcome.partitions;
      collisions.set(collisionKey(outcome.name), outcome.name);
    }
    return planned;
  }

  #planOne(
    topic: TopicToCreate,
    collisions: ReadonlyMap<string, string>,
    partitionsLeft: number,
  ): PlannedTopic | TopicRefusal {
    const { name } = topic;
    const refuse = (errorCode: ErrorCode, message: string): TopicRefusal => new TopicRefusal(name, errorCode, message);
    if (name === METADATA_TOPIC) {
      return refuse(ErrorCode.INVALID_REQUEST, `Creation of internal topic ${name} is prohibited.`);
    }
    const problem = topicNameProblem(name);
    if (problem !== null) return refuse(ErrorCode.INVALID_TOPIC_EXCEPTION, `Topic name is invalid: ${problem}`);
    if (this.#options.image.topicByName(name) !== undefined) {
      return refuse(ErrorCode.TOPIC_ALREADY_EXISTS, `Topic '${name}' already exists.`);
    }
    const other = collisions.get(collisionKey(name));
    if (other !== undefined) {
      return refuse(ErrorCode.INVALID_TOPIC_EXCEPTION, `Topic '${name}' collides with existing topic: ${other}`);
    }
    const configProblem = this.#configProblem(topic);
    if (configProblem !== null) return refuse(ErrorCode.INVALID_CONFIG, configProblem);
    const partitions = topic.assignments.length > 0 ? this.#assigned(topic) : this.#counted(topic);
    if (partitions instanceof TopicRefusal) return partitions;
    if (partitions > partitionsLeft) {
      return refuse(
        ErrorCode.POLICY_VIOLATION,
        `This node has room for ${partitionsLeft} more partitions; millrace.partitions.max sets how many.`,
      );
    }
    return this.#planned(topic, partitions);
  }

  #configProblem(topic: TopicToCreate): string | null {
    const overrides = new Map<string, string>();
    for (const { name, value } of topic.configs) {
      if (value === null) return `Null value not supported for topic configs: ${name}`;
      overrides.set(name, value);
    }
    const config = deriveTopicConfig(this.#options.defaults().config, overrides);
    return config instanceof InvalidTopicConfig ? config.message : null;
  }

  /** The number of partitions asked for, with one replica each: this node is alone. */
  #counted(topic: TopicToCreate): number | TopicRefusal {
    const defaults = this.#options.defaults();
    const replicationFactor = topic.replicationFactor === -1 ? defaults.replicationFactor : topic.replicationFactor;
    if (topic.replicationFactor < -1 || topic.replicationFactor === 0) {
      return new TopicRefusal(
        topic.name,
        ErrorCode.INVALID_REPLICATION_FACTOR,
        'Replication factor must be larger than 0, or -1 to use the default value.',
      );
    }
    if (topic.numPartitions < -1 || topic.numPartitions === 0) {
      return new TopicRefusal(
        topic.name,
        ErrorCode.INVALID_PARTITIONS,
        'Number of partitions was set to an invalid non-positive value.',
      );
    }
    if (replicationFactor > 1) {
      return new TopicRefusal(
        topic.name,
        ErrorCode.INVALID_REPLICATION_FACTOR,
        `A replication factor of ${replicationFactor} cannot be reached: only 1 broker is registered.`,
      );
    }
    return topic.numPartitions === -1 ? defaults.partitions : topic.numPartitions;
  }

  /** A manual assignment, which can name this node alone. */
  #assigned(topic: TopicToCreate): number | TopicRefusal {
    const refuse = (errorCode: ErrorCode, message: string): TopicRefusal =>
      new TopicRefusal(topic.name, errorCode, message);
    if (topic.replicationFactor !== -1) {
      return refuse(ErrorCode.INVALID_REQUEST, 'With a manual assignment the replication factor must be -1.');
    }
    if (topic.numPartitions !== -1) {
      return refuse(ErrorCode.INVALID_REQUEST, 'With a manual assignment the number of partitions must be -1.');
    }
    const seen = new Set<number>();
    for (const { partitionIndex, brokerIds } of topic.assignments) {
      if (seen.has(partitionIndex)) {
        return refuse(ErrorCode.INVALID_REPLICA_ASSIGNMENT, `Partition ${partitionIndex} is assigned more than once.`);
      }
      seen.add(partitionIndex);
      const problem = assignmentProblem(brokerIds, this.#options.place().nodeId);
      if (problem !== null) return refuse(ErrorCode.INVALID_REPLICA_ASSIGNMENT, problem);
    }
    for (let partition = 0; partition < seen.size; partition++) {
      if (seen.has(partition)) continue;
      return refuse(ErrorCode.INVALID_REPLICA_ASSIGNMENT, 'Partitions must be numbered consecutively from 0.');
    }
    return seen.size;
  }

  #planned(topic: TopicToCreate, partitions: number): PlannedTopic {
    const { entropy } = this.#options;
    const bytes = new Uint8Array(16);
    entropy.fill(bytes);
    const topicId = uuidOfRandomBytes(bytes);
    const records: MetadataRecord[] = [metadataRecord(topicRecord, 0, { name: topic.name, topicId })];
    for (const { name, value } of topic.configs) {
      records.push(
        metadataRecord(configRecord, 0, {
          resourceType: configResourceType.topic,
          resourceName: topic.name,
          name,
          value,
        }),
      );
    }
    const { place, metadataVersion } = this.#options;
    const level = metadataVersion();
    for (let partitionId = 0; partitionId < partitions; partitionId++) {
      records.push(newPartition(topicId, partitionId, place(), level));
    }
    return { name: topic.name, id: topicId, partitions, replicationFactor: 1, records };
  }

  #collisions(): Map<string, string> {
    const collisions = new Map<string, string>();
    for (const topic of this.#options.image.topics()) collisions.set(collisionKey(topic.name), topic.name);
    return collisions;
  }
}

const METADATA_TOPIC = '__cluster_metadata';
