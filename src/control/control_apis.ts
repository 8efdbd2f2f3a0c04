import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { NodeConfig } from '../config/node_config.ts';
import { TopicCreator, TopicRefusal, type PlannedTopic } from '../controller/topic_creator.ts';
import { metadataRecord } from '../metadata/metadata_record.ts';
import { ApiKey } from '../protocol/api_keys.ts';
import { codecOf } from '../protocol/codec.ts';
import { ErrorCode } from '../protocol/errors.ts';
import {
  createTopicsRequest,
  createTopicsResponse,
  type CreateTopicsRequest,
} from '../protocol/schema/19_create_topics.ts';
import { allocateProducerIdsResponse } from '../protocol/schema/67_allocate_producer_ids.ts';
import { producerIdsRecord } from '../protocol/schema/metadata/producer_ids_record.ts';
import type { Encodable } from '../protocol/schema_language.ts';
import type { PartitionSlots } from '../shared-memory/partition_table.ts';
import type { ClusterMetadata } from './cluster_metadata.ts';
import type { ControlPorts } from './control_ports.ts';

type TopicAnswer = Encodable<typeof createTopicsResponse>['topics'][number];

/** Writes the answer's body when it is ready: at once, or when the partitions that it waits for are open. */
export type Answer = (write: (writer: ByteWriter) => void) => void;

/** An answer that waits until these rows are open. */
interface WaitingAnswer {
  readonly slots: Set<number>;
  readonly send: () => void;
}

/**
 * The API calls that control executes for the shards. The arguments were decoded and checked by the shard that sent
 * them; they are decoded here again, from what that shard encoded.
 */
export class ControlApis {
  readonly #ports: ControlPorts;
  readonly #config: NodeConfig;
  readonly #metadata: ClusterMetadata;
  readonly #topics: TopicCreator;
  #waiting: WaitingAnswer[] = [];

  constructor(ports: ControlPorts, config: NodeConfig, metadata: ClusterMetadata, slots: PartitionSlots) {
    this.#ports = ports;
    this.#config = config;
    this.#metadata = metadata;
    this.#topics = new TopicCreator({
      nodeId: config.nodeId,
      image: metadata.image,
      defaults: config.topics,
      entropy: ports.entropy,
      partitionsLeft: () => slots.freeSlots,
    });
  }

  /** False: no such call. */
  call(apiKey: number, apiVersion: number, arguments_: ByteReader, answer: Answer): boolean {
    if (apiKey === ApiKey.CreateTopics) {
      const request = codecOf(createTopicsRequest).decode(arguments_, apiVersion);
      if (request === null) return false;
      this.#createTopics(request, apiVersion, answer);
      return true;
    }
    if (apiKey === ApiKey.AllocateProducerIds) {
      this.#allocateProducerIds(apiVersion, answer);
      return true;
    }
    return false;
  }

  /** A row is open, or offline: answers that waited for it may go. */
  opened(slot: number): void {
    if (!this.#metadata.opening.delete(slot)) return;
    this.#waiting = this.#waiting.filter(({ slots, send }) => {
      slots.delete(slot);
      if (slots.size === 0) send();
      return slots.size > 0;
    });
  }

  #createTopics(request: CreateTopicsRequest, apiVersion: number, answer: Answer): void {
    const outcomes = this.#topics.plan(request.topics);
    const planned = outcomes.filter((outcome): outcome is PlannedTopic => !(outcome instanceof TopicRefusal));
    const failure = request.validateOnly || planned.length === 0 ? null : this.#commitTopics(planned);
    const topics = outcomes.map((outcome) => this.#answerOf(outcome, failure));
    const send = (): void => {
      answer((writer) => codecOf(createTopicsResponse).encode(writer, apiVersion, { throttleTimeMs: 0, topics }));
    };
    const slots = new Set(this.#slotsOf(planned).filter((slot) => this.#metadata.opening.has(slot)));
    if (slots.size === 0) send();
    else this.#waiting.push({ slots, send });
  }

  #commitTopics(planned: readonly PlannedTopic[]): string | null {
    const failure = this.#metadata.commit(planned.flatMap(({ records }) => records));
    if (failure !== null)
      this.#ports.log.error('topics were not created: the metadata log cannot be written', { why: failure });
    return failure;
  }

  #answerOf(outcome: PlannedTopic | TopicRefusal, failure: string | null): TopicAnswer {
    if (outcome instanceof TopicRefusal) {
      const { name, errorCode, message } = outcome;
      return { name, errorCode, errorMessage: message, configs: [] };
    }
    if (failure !== null) {
      return { name: outcome.name, errorCode: ErrorCode.KAFKA_STORAGE_ERROR, errorMessage: failure, configs: [] };
    }
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

  #slotsOf(planned: readonly PlannedTopic[]): number[] {
    return planned.flatMap(({ name }) => [...(this.#metadata.image.topicByName(name)?.slots ?? [])]);
  }

  #allocateProducerIds(apiVersion: number, answer: Answer): void {
    const start = this.#metadata.image.nextProducerId;
    const failure = this.#metadata.commit([
      metadataRecord(producerIdsRecord, 0, {
        brokerId: this.#config.nodeId,
        nextProducerId: BigInt(start + PRODUCER_ID_BLOCK),
      }),
    ]);
    answer((writer) =>
      codecOf(allocateProducerIdsResponse).encode(writer, apiVersion, {
        throttleTimeMs: 0,
        errorCode: failure === null ? ErrorCode.NONE : ErrorCode.KAFKA_STORAGE_ERROR,
        producerIdStart: failure === null ? BigInt(start) : -1n,
        producerIdLen: failure === null ? PRODUCER_ID_BLOCK : 0,
      }),
    );
  }
}

/** Ids handed out at once (KIP-730). */
const PRODUCER_ID_BLOCK = 1000;
