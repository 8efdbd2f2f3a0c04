import { array, int32, message, string, uuid, type Decoded } from '../../schema_language.ts';

/** Partitions of the topics that a consumer group subscribes to. No longer written: the metadata hash took its place. */
export const consumerGroupPartitionMetadataKey = message('ConsumerGroupPartitionMetadataKey', {
  apiKey: 4,
  versions: '0',
  fields: {
    groupId: string(),
  },
});
export type ConsumerGroupPartitionMetadataKey = Decoded<typeof consumerGroupPartitionMetadataKey>;

export const consumerGroupPartitionMetadataValue = message('ConsumerGroupPartitionMetadataValue', {
  apiKey: 4,
  versions: '0',
  flexible: '0+',
  fields: {
    topics: array({
      topicId: uuid(),
      topicName: string(),
      numPartitions: int32(),
      partitionMetadata: array({
        partition: int32(),
        racks: array(string()),
      }),
    }),
  },
});
export type ConsumerGroupPartitionMetadataValue = Decoded<typeof consumerGroupPartitionMetadataValue>;
