import { array, bool, int16, int32, int8, message, string, struct, uuid, type Decoded } from '../schema_language.ts';

/** State and members of consumer groups (KIP-848). 1: kind of member. */

export const consumerGroupDescribeRequest = message('ConsumerGroupDescribeRequest', {
  apiKey: 69,
  versions: '0-1',
  flexible: '0+',
  listeners: ['broker'],
  fields: {
    groupIds: array(string(), { entity: 'groupId' }),
    includeAuthorizedOperations: bool(),
  },
});
export type ConsumerGroupDescribeRequest = Decoded<typeof consumerGroupDescribeRequest>;

const topicPartitions = {
  topicId: uuid(),
  topicName: string({ entity: 'topicName' }),
  partitions: array(int32()),
};

const assignment = {
  topicPartitions: array(topicPartitions),
};

export const consumerGroupDescribeResponse = message('ConsumerGroupDescribeResponse', {
  apiKey: 69,
  versions: '0-1',
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
        /** Of a static member. */
        instanceId: string({ nullable: '0+', default: null }),
        rackId: string({ nullable: '0+', default: null }),
        memberEpoch: int32(),
        clientId: string(),
        clientHost: string(),
        subscribedTopicNames: array(string(), { entity: 'topicName' }),
        subscribedTopicRegex: string({ nullable: '0+', default: null }),
        assignment: struct(assignment),
        targetAssignment: struct(assignment),
        /** -1 unknown, 0 classic, 1 consumer. */
        memberType: int8({ versions: '1+', default: -1, ignorable: true }),
      }),
      /** A bit for each operation; the least int32 when not asked for. */
      authorizedOperations: int32({ default: -2_147_483_648 }),
    }),
  },
});
export type ConsumerGroupDescribeResponse = Decoded<typeof consumerGroupDescribeResponse>;
