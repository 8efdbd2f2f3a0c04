import { assert } from '../base/assert.ts';
import { ApiKey } from '../protocol/api_keys.ts';
import { ProduceHandler } from './00_produce.ts';
import { FetchHandler } from './01_fetch.ts';
import { ListOffsetsHandler } from './02_list_offsets.ts';
import { MetadataHandler } from './03_metadata.ts';
import { apiVersionsHandler } from './18_api_versions.ts';
import { createTopicsHandler } from './19_create_topics.ts';
import { deleteTopicsHandler } from './20_delete_topics.ts';
import { DeleteRecordsHandler } from './21_delete_records.ts';
import { InitProducerIdHandler } from './22_init_producer_id.ts';
import { OffsetForLeaderEpochHandler } from './23_offset_for_leader_epoch.ts';
import { describeConfigsHandler } from './32_describe_configs.ts';
import { alterConfigsHandler } from './33_alter_configs.ts';
import { DescribeLogDirsHandler } from './35_describe_log_dirs.ts';
import { createPartitionsHandler } from './37_create_partitions.ts';
import { incrementalAlterConfigsHandler } from './44_incremental_alter_configs.ts';
import { describeQuorumHandler } from './55_describe_quorum.ts';
import { updateFeaturesHandler } from './57_update_features.ts';
import { describeClusterHandler } from './60_describe_cluster.ts';
import { DescribeProducersHandler } from './61_describe_producers.ts';
import { listConfigResourcesHandler } from './74_list_config_resources.ts';
import { DescribeTopicPartitionsHandler } from './75_describe_topic_partitions.ts';
import type { ApiHandler } from './host.ts';
import { apiTable } from './table.ts';

/** The handlers of one shard, by API key: those that keep something keep it for their shard alone. */
export class ApiHandlers {
  readonly produce = new ProduceHandler();
  readonly fetch = new FetchHandler();
  readonly #byKey: ReadonlyMap<number, ApiHandler>;

  constructor() {
    this.#byKey = new Map<number, ApiHandler>([
      [ApiKey.Produce, this.produce],
      [ApiKey.Fetch, this.fetch],
      [ApiKey.ListOffsets, new ListOffsetsHandler()],
      [ApiKey.Metadata, new MetadataHandler()],
      [ApiKey.ApiVersions, apiVersionsHandler],
      [ApiKey.CreateTopics, createTopicsHandler],
      [ApiKey.DeleteTopics, deleteTopicsHandler],
      [ApiKey.DeleteRecords, new DeleteRecordsHandler()],
      [ApiKey.InitProducerId, new InitProducerIdHandler()],
      [ApiKey.OffsetForLeaderEpoch, new OffsetForLeaderEpochHandler()],
      [ApiKey.DescribeLogDirs, new DescribeLogDirsHandler()],
      [ApiKey.DescribeProducers, new DescribeProducersHandler()],
      [ApiKey.DescribeConfigs, describeConfigsHandler],
      [ApiKey.AlterConfigs, alterConfigsHandler],
      [ApiKey.CreatePartitions, createPartitionsHandler],
      [ApiKey.IncrementalAlterConfigs, incrementalAlterConfigsHandler],
      [ApiKey.DescribeQuorum, describeQuorumHandler],
      [ApiKey.UpdateFeatures, updateFeaturesHandler],
      [ApiKey.DescribeCluster, describeClusterHandler],
      [ApiKey.ListConfigResources, listConfigResourcesHandler],
      [ApiKey.DescribeTopicPartitions, new DescribeTopicPartitionsHandler()],
    ]);
    for (const key of apiTable.keys()) assert(this.#byKey.has(key), 'what the table lists has a handler');
  }

  /** The handler of a key that the table lists. */
  of(apiKey: number): ApiHandler {
    const handler = this.#byKey.get(apiKey);
    assert(handler !== undefined, 'only what the table lists is handled');
    return handler;
  }
}
