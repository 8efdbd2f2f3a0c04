import { array, bool, int16, int32, message, string, struct, uuid, type Decoded } from '../schema_language.ts';

/** Partitions of topics, in pages (KIP-966). */
export const describeTopicPartitionsRequest = message('DescribeTopicPartitionsRequest', {
  apiKey: 75,
  versions: '0',
  flexible: '0+',
  listeners: ['broker'],
  fields: {
    topics: array({
      name: string({ entity: 'topicName' }),
    }),
    responsePartitionLimit: int32({ default: 2000 }),
    /** Where to begin; null: at the first topic. */
    cursor: struct(
      {
        topicName: string({ entity: 'topicName' }),
        partitionIndex: int32(),
      },
      { nullable: '0+', default: null },
    ),
  },
});
export type DescribeTopicPartitionsRequest = Decoded<typeof describeTopicPartitionsRequest>;

export const describeTopicPartitionsResponse = message('DescribeTopicPartitionsResponse', {
  apiKey: 75,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32({ ignorable: true }),
    topics: array({
      errorCode: int16(),
      name: string({ nullable: '0+', entity: 'topicName', mapKey: true }),
      topicId: uuid({ ignorable: true }),
      isInternal: bool({ default: false, ignorable: true }),
      partitions: array({
        errorCode: int16(),
        partitionIndex: int32(),
        leaderId: int32({ entity: 'brokerId' }),
        leaderEpoch: int32({ default: -1, ignorable: true }),
        replicaNodes: array(int32(), { entity: 'brokerId' }),
        isrNodes: array(int32(), { entity: 'brokerId' }),
        eligibleLeaderReplicas: array(int32(), { nullable: '0+', default: null, entity: 'brokerId' }),
        lastKnownElr: array(int32(), { nullable: '0+', default: null, entity: 'brokerId' }),
        offlineReplicas: array(int32(), { ignorable: true, entity: 'brokerId' }),
      }),
      /** A bit for each operation; the least int32 when not asked for. */
      topicAuthorizedOperations: int32({ default: -2_147_483_648 }),
    }),
    /** Where to go on; null: this was the end. */
    nextCursor: struct(
      {
        topicName: string({ entity: 'topicName' }),
        partitionIndex: int32(),
      },
      { nullable: '0+', default: null },
    ),
  },
});
export type DescribeTopicPartitionsResponse = Decoded<typeof describeTopicPartitionsResponse>;
