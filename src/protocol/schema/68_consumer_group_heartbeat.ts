import { array, int16, int32, message, string, struct, uuid, type Decoded } from '../schema_language.ts';

/**
 * The one request of a member of a consumer group (KIP-848): joins, confirms what it owns, receives what it is to
 * own, leaves.
 *
 * Fields that did not change since the last heartbeat are null. 1: regular expressions as subscription (KIP-848),
 * and the member chooses its id (KIP-1082).
 */

export const consumerGroupHeartbeatRequest = message('ConsumerGroupHeartbeatRequest', {
  apiKey: 68,
  versions: '0-1',
  flexible: '0+',
  listeners: ['broker'],
  fields: {
    groupId: string({ entity: 'groupId' }),
    memberId: string(),
    /** 0 joins, -1 leaves, -2 leaves for a while as a static member. */
    memberEpoch: int32(),
    /** Of a static member. */
    instanceId: string({ nullable: '0+', default: null }),
    rackId: string({ nullable: '0+', default: null }),
    rebalanceTimeoutMs: int32({ default: -1 }),
    subscribedTopicNames: array(string(), { nullable: '0+', default: null, entity: 'topicName' }),
    subscribedTopicRegex: string({ versions: '1+', nullable: '0+', default: null }),
    /** Null: the first that is configured. */
    serverAssignor: string({ nullable: '0+', default: null }),
    /** What the member owns. */
    topicPartitions: array(
      {
        topicId: uuid(),
        partitions: array(int32()),
      },
      { nullable: '0+', default: null },
    ),
  },
});
export type ConsumerGroupHeartbeatRequest = Decoded<typeof consumerGroupHeartbeatRequest>;

const topicPartitions = {
  topicId: uuid(),
  partitions: array(int32()),
};

export const consumerGroupHeartbeatResponse = message('ConsumerGroupHeartbeatResponse', {
  apiKey: 68,
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    memberId: string({ nullable: '0+', default: null }),
    memberEpoch: int32(),
    heartbeatIntervalMs: int32(),
    /** Null: as before. */
    assignment: struct(
      {
        topicPartitions: array(topicPartitions),
      },
      { nullable: '0+', default: null },
    ),
  },
});
export type ConsumerGroupHeartbeatResponse = Decoded<typeof consumerGroupHeartbeatResponse>;
