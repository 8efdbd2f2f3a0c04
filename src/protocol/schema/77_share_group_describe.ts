import { array, bool, int16, int32, message, string, struct, uuid, type Decoded } from '../schema_language.ts';

/** State and members of share groups (KIP-932). */

export const shareGroupDescribeRequest = message('ShareGroupDescribeRequest', {
  apiKey: 77,
  versions: '1',
  flexible: '0+',
  listeners: ['broker'],
  fields: {
    groupIds: array(string(), { entity: 'groupId' }),
    includeAuthorizedOperations: bool(),
  },
});
export type ShareGroupDescribeRequest = Decoded<typeof shareGroupDescribeRequest>;

const topicPartitions = {
  topicId: uuid(),
  topicName: string({ entity: 'topicName' }),
  partitions: array(int32()),
};

const assignment = {
  topicPartitions: array(topicPartitions),
};

export const shareGroupDescribeResponse = message('ShareGroupDescribeResponse', {
  apiKey: 77,
  versions: '1',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    groups: array({
      errorCode: int16(),
      errorMessage: string({ nullable: '0+', default: null }),
      groupId: string({ entity: 'groupId' }),
      groupState: string(),
      groupEpoch: int32(),
      assignmentEpoch: int32(),
      assignorName: string(),
      members: array({
        memberId: string(),
        rackId: string({ nullable: '0+', default: null }),
        memberEpoch: int32(),
        clientId: string(),
        clientHost: string(),
        subscribedTopicNames: array(string(), { entity: 'topicName' }),
        assignment: struct(assignment),
      }),
      /** A bit for each operation; the least int32 when not asked for. */
      authorizedOperations: int32({ default: -2_147_483_648 }),
    }),
  },
});
export type ShareGroupDescribeResponse = Decoded<typeof shareGroupDescribeResponse>;
