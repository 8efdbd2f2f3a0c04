import { array, int16, int32, message, string, struct, uuid, type Decoded } from '../schema_language.ts';

/** The heartbeat of a member of a share group (KIP-932). */

export const shareGroupHeartbeatRequest = message('ShareGroupHeartbeatRequest', {
  apiKey: 76,
  versions: '1',
  flexible: '0+',
  listeners: ['broker'],
  fields: {
    groupId: string({ entity: 'groupId' }),
    memberId: string(),
    /** 0 joins, -1 leaves. */
    memberEpoch: int32(),
    rackId: string({ nullable: '0+', default: null }),
    subscribedTopicNames: array(string(), { nullable: '0+', default: null, entity: 'topicName' }),
  },
});
export type ShareGroupHeartbeatRequest = Decoded<typeof shareGroupHeartbeatRequest>;

const topicPartitions = {
  topicId: uuid(),
  partitions: array(int32()),
};

export const shareGroupHeartbeatResponse = message('ShareGroupHeartbeatResponse', {
  apiKey: 76,
  versions: '1',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    memberId: string({ nullable: '0+', default: null }),
    memberEpoch: int32(),
    heartbeatIntervalMs: int32(),
    assignment: struct(
      {
        topicPartitions: array(topicPartitions),
      },
      { nullable: '0+', default: null },
    ),
  },
});
export type ShareGroupHeartbeatResponse = Decoded<typeof shareGroupHeartbeatResponse>;
