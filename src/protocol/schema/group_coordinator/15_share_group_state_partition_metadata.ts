import { array, int32, message, string, uuid, type Decoded } from '../../schema_language.ts';

/** Topics of which a share group has state at the share coordinator. */

export const shareGroupStatePartitionMetadataKey = message('ShareGroupStatePartitionMetadataKey', {
  apiKey: 15,
  versions: '0',
  fields: {
    groupId: string(),
  },
});
export type ShareGroupStatePartitionMetadataKey = Decoded<typeof shareGroupStatePartitionMetadataKey>;

const topicPartitionsInfo = {
  topicId: uuid(),
  topicName: string(),
  partitions: array(int32()),
};

const topicInfo = {
  topicId: uuid(),
  topicName: string(),
};

export const shareGroupStatePartitionMetadataValue = message('ShareGroupStatePartitionMetadataValue', {
  apiKey: 15,
  versions: '0',
  flexible: '0+',
  fields: {
    initializingTopics: array(topicPartitionsInfo),
    initializedTopics: array(topicPartitionsInfo),
    deletingTopics: array(topicInfo),
  },
});
export type ShareGroupStatePartitionMetadataValue = Decoded<typeof shareGroupStatePartitionMetadataValue>;
