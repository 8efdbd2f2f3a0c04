import { array, int32, int8, message, string, uuid, type Decoded } from '../../schema_language.ts';

/** What a member of a consumer group owns now, and what it is giving up. */

export const consumerGroupCurrentMemberAssignmentKey = message('ConsumerGroupCurrentMemberAssignmentKey', {
  apiKey: 8,
  versions: '0',
  fields: {
    groupId: string(),
    memberId: string(),
  },
});
export type ConsumerGroupCurrentMemberAssignmentKey = Decoded<typeof consumerGroupCurrentMemberAssignmentKey>;

const topicPartitions = {
  topicId: uuid(),
  partitions: array(int32()),
  assignmentEpochs: array(int32(), { nullable: '0+', tag: 0 }),
};

export const consumerGroupCurrentMemberAssignmentValue = message('ConsumerGroupCurrentMemberAssignmentValue', {
  apiKey: 8,
  versions: '0',
  flexible: '0+',
  fields: {
    memberEpoch: int32(),
    previousMemberEpoch: int32(),
    /** 0 stable, 1 unrevoked partitions, 2 unreleased partitions, 127 unknown. */
    state: int8(),
    assignedPartitions: array(topicPartitions),
    partitionsPendingRevocation: array(topicPartitions),
  },
});
export type ConsumerGroupCurrentMemberAssignmentValue = Decoded<typeof consumerGroupCurrentMemberAssignmentValue>;
