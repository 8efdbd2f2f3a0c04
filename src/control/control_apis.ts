import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { NodeConfig } from '../config/node_config.ts';
import { ApiKey } from '../protocol/api_keys.ts';
import { codecOf } from '../protocol/codec.ts';
import { createTopicsRequest, createTopicsResponse } from '../protocol/schema/19_create_topics.ts';
import { deleteTopicsRequest, deleteTopicsResponse } from '../protocol/schema/20_delete_topics.ts';
import { alterConfigsRequest, alterConfigsResponse } from '../protocol/schema/33_alter_configs.ts';
import { createPartitionsRequest, createPartitionsResponse } from '../protocol/schema/37_create_partitions.ts';
import {
  incrementalAlterConfigsRequest,
  incrementalAlterConfigsResponse,
} from '../protocol/schema/44_incremental_alter_configs.ts';
import { describeQuorumRequest, describeQuorumResponse } from '../protocol/schema/55_describe_quorum.ts';
import { updateFeaturesRequest, updateFeaturesResponse } from '../protocol/schema/57_update_features.ts';
import {
  allocateProducerIdsRequest,
  allocateProducerIdsResponse,
} from '../protocol/schema/67_allocate_producer_ids.ts';
import type { Decoded, Encodable, Fields, Message } from '../protocol/schema_language.ts';
import type { PartitionSlots } from '../shared-memory/partition_table.ts';
import type { ClusterMetadata } from './cluster_metadata.ts';
import type { ControlPorts } from './control_ports.ts';
import { QuorumCalls } from './quorum_calls.ts';
import { SettingCalls } from './setting_calls.ts';
import { TopicCalls } from './topic_calls.ts';

/** Writes the answer's body when it is ready: at once, or when the partitions that it waits for are open. */
export type Answer = (write: (writer: ByteWriter) => void) => void;

/** False: the arguments are malformed. */
type Call = (apiVersion: number, arguments_: ByteReader, answer: Answer) => boolean;

/**
 * The API calls that control executes for the shards. The arguments were decoded and checked by the shard that sent
 * them; they are decoded here again, from what that shard encoded.
 */
export class ControlApis {
  readonly #topics: TopicCalls;
  readonly #calls: ReadonlyMap<number, Call>;

  constructor(ports: ControlPorts, config: NodeConfig, metadata: ClusterMetadata, slots: PartitionSlots) {
    const topics = new TopicCalls(ports, config, metadata, slots);
    const settings = new SettingCalls(ports, config, metadata);
    const quorum = new QuorumCalls(ports.clock, config, metadata);
    this.#topics = topics;
    this.#calls = new Map<number, Call>([
      [
        ApiKey.CreateTopics,
        callOf(createTopicsRequest, createTopicsResponse, (body, answer) => topics.create(body, answer)),
      ],
      [
        ApiKey.DeleteTopics,
        callOf(deleteTopicsRequest, deleteTopicsResponse, (body, answer) => answer(topics.delete(body))),
      ],
      [
        ApiKey.CreatePartitions,
        callOf(createPartitionsRequest, createPartitionsResponse, (body, answer) => topics.grow(body, answer)),
      ],
      [
        ApiKey.AlterConfigs,
        callOf(alterConfigsRequest, alterConfigsResponse, (body, answer) => answer(settings.alterWhole(body))),
      ],
      [
        ApiKey.IncrementalAlterConfigs,
        callOf(incrementalAlterConfigsRequest, incrementalAlterConfigsResponse, (body, answer) =>
          answer(settings.alterSingle(body)),
        ),
      ],
      [
        ApiKey.DescribeQuorum,
        callOf(describeQuorumRequest, describeQuorumResponse, (body, answer) => answer(quorum.describe(body))),
      ],
      [
        ApiKey.UpdateFeatures,
        callOf(updateFeaturesRequest, updateFeaturesResponse, (body, answer) => answer(settings.updateFeatures(body))),
      ],
      [
        ApiKey.AllocateProducerIds,
        callOf(allocateProducerIdsRequest, allocateProducerIdsResponse, (_body, answer) =>
          answer(settings.allocateProducerIds()),
        ),
      ],
    ]);
  }

  /** False: no such call. */
  call(apiKey: number, apiVersion: number, arguments_: ByteReader, answer: Answer): boolean {
    return this.#calls.get(apiKey)?.(apiVersion, arguments_, answer) ?? false;
  }

  /** A row is open, or offline: answers that waited for it may go. */
  opened(slot: number): void {
    this.#topics.opened(slot);
  }
}

function callOf<Q extends Fields, R extends Fields>(
  request: Message<Q>,
  response: Message<R>,
  execute: (body: Decoded<Message<Q>>, answer: (value: Encodable<Message<R>>) => void) => void,
): Call {
  return (apiVersion, arguments_, answer) => {
    const body = codecOf(request).decode(arguments_, apiVersion);
    if (body === null) return false;
    execute(body, (value) => answer((writer) => codecOf(response).encode(writer, apiVersion, value)));
    return true;
  };
}
