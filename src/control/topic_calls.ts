import { ZERO_UUID } from '../base/uuid.ts';
import { DynamicConfig } from '../config/dynamic_config.ts';
import type { NodeConfig } from '../config/node_config.ts';
import type { ReplicaPlace } from '../controller/new_partition.ts';
import { PartitionCreator } from '../controller/partition_creator.ts';
import { TopicCreator, TopicRefusal, type PlannedTopic } from '../controller/topic_creator.ts';
import { TopicDeleter, type NamedTopic } from '../controller/topic_deleter.ts';
import type { MetadataRecord } from '../metadata/records.ts';
import { ErrorCode } from '../protocol/errors.ts';
import type { CreateTopicsRequest, createTopicsResponse } from '../protocol/schema/19_create_topics.ts';
import type { DeleteTopicsRequest, deleteTopicsResponse } from '../protocol/schema/20_delete_topics.ts';
import type { CreatePartitionsRequest, createPartitionsResponse } from '../protocol/schema/37_create_partitions.ts';
import type { Encodable } from '../protocol/schema_language.ts';
import type { PartitionSlots } from '../shared-memory/partition_table.ts';
import type { ClusterMetadata } from './cluster_metadata.ts';
import type { ControlPorts } from './control_ports.ts';
import { commitRecords, toldOutcomes, type CommitRefusal } from './record_commit.ts';

type TopicsAnswer = Encodable<typeof createTopicsResponse>;
type TopicAnswer = TopicsAnswer['topics'][number];
type DeletionsAnswer = Encodable<typeof deleteTopicsResponse>;
type GrowthAnswer = Encodable<typeof createPartitionsResponse>;

/** An answer that waits until these rows are open. */
interface WaitingAnswer {
  readonly slots: Set<number>;
  readonly send: () => void;
}

/** Topics come, grow and go. Whoever asked for new partitions is answered when their logs are open. */
export class TopicCalls {
  readonly #ports: ControlPorts;
  readonly #metadata: ClusterMetadata;
  readonly #creator: TopicCreator;
  readonly #partitions: PartitionCreator;
  readonly #deleter: TopicDeleter;
  readonly #isDeletable: boolean;
  #waiting: WaitingAnswer[] = [];

  constructor(ports: ControlPorts, config: NodeConfig, metadata: ClusterMetadata, slots: PartitionSlots) {
    const { image } = metadata;
    const { nodeId } = config;
    const effective = new DynamicConfig(config);
    const place = (): ReplicaPlace => {
      const directories = image.cluster.brokers.get(nodeId)?.logDirectories ?? [];
      return { nodeId, directoryId: directories.length === 1 ? directories[0]! : ZERO_UUID };
    };
    const metadataVersion = (): number => image.features.metadataVersion;
    const partitionsLeft = (): number => slots.freeSlots;
    this.#ports = ports;
    this.#metadata = metadata;
    this.#isDeletable = config.topics.deletable;
    this.#creator = new TopicCreator({
      image,
      place,
      defaults: () => effective.effective(image.configs.ofBroker(nodeId)).config.topics,
      entropy: ports.entropy,
      metadataVersion,
      partitionsLeft,
    });
    this.#partitions = new PartitionCreator({ image, place, metadataVersion, partitionsLeft });
    this.#deleter = new TopicDeleter(image);
  }

  create(request: CreateTopicsRequest, answer: (value: TopicsAnswer) => void): void {
    const outcomes = this.#creator.plan(request.topics);
    const planned = outcomes.filter((outcome): outcome is PlannedTopic => !(outcome instanceof TopicRefusal));
    const records = planned.flatMap((topic) => topic.records);
    const refusal = this.#commit(records, request.validateOnly, 'topics were not created');
    const topics = outcomes.map((outcome) => topicAnswer(outcome, refusal));
    this.#whenOpen(
      planned.map(({ name }) => name),
      () => answer({ throttleTimeMs: 0, topics }),
    );
  }

  grow(request: CreatePartitionsRequest, answer: (value: GrowthAnswer) => void): void {
    const { outcomes, records } = this.#partitions.plan(request.topics);
    const refusal = this.#commit(records, request.validateOnly, 'partitions were not created');
    const results = toldOutcomes(outcomes, refusal);
    const grown = outcomes.filter(({ errorCode }) => errorCode === ErrorCode.NONE).map(({ name }) => name);
    this.#whenOpen(grown, () => answer({ throttleTimeMs: 0, results }));
  }

  delete(request: DeleteTopicsRequest): DeletionsAnswer {
    if (!this.#isDeletable) return { throttleTimeMs: 0, responses: request.topics.map(notDeletable) };
    const { outcomes, records } = this.#deleter.plan(request.topics);
    const refusal = this.#commit(records, false, 'topics were not deleted');
    const responses = toldOutcomes(outcomes, refusal);
    return { throttleTimeMs: 0, responses };
  }

  /** A row is open, or offline, or gone: answers that waited for it may go. */
  opened(slot: number): void {
    if (!this.#metadata.opening.delete(slot)) return;
    this.#waiting = this.#waiting.filter(({ slots, send }) => {
      slots.delete(slot);
      if (slots.size === 0) send();
      return slots.size > 0;
    });
  }

  #whenOpen(topics: readonly string[], send: () => void): void {
    const { image, opening } = this.#metadata;
    const rows = topics.flatMap((name) => [...(image.topicByName(name)?.slots ?? [])]);
    const slots = new Set(rows.filter((slot) => opening.has(slot)));
    if (slots.size === 0) send();
    else this.#waiting.push({ slots, send });
  }

  #commit(records: readonly MetadataRecord[], validateOnly: boolean, consequence: string): CommitRefusal | null {
    return commitRecords(this.#ports, this.#metadata, records, validateOnly, consequence);
  }
}

function topicAnswer(outcome: PlannedTopic | TopicRefusal, refusal: CommitRefusal | null): TopicAnswer {
  if (outcome instanceof TopicRefusal) {
    const { name, errorCode, message } = outcome;
    return { name, errorCode, errorMessage: message, configs: [] };
  }
  if (refusal !== null) return { name: outcome.name, ...refusal, configs: [] };
  const { name, id, partitions, replicationFactor } = outcome;
  return {
    name,
    topicId: id,
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    numPartitions: partitions,
    replicationFactor,
    configs: [],
  };
}

function notDeletable(topic: NamedTopic): DeletionsAnswer['responses'][number] {
  return { ...topic, errorCode: ErrorCode.TOPIC_DELETION_DISABLED, errorMessage: 'Topic deletion is disabled.' };
}
