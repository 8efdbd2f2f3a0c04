import { array, int32, int8, message, string, uuid, type Decoded } from '../../schema_language.ts';

/** What a member of a share group has now. */

export const shareGroupCurrentMemberAssignmentKey = message('ShareGroupCurrentMemberAssignmentKey', {
  apiKey: 14,
  versions: '0',
  fields: {
    groupId: string(),
    memberId: string(),
  },
});
export type ShareGroupCurrentMemberAssignmentKey = Decoded<typeof shareGroupCurrentMemberAssignmentKey>;

const topicPartitions = {
  topicId: uuid(),
  partitions: array(int32()),
};

export const shareGroupCurrentMemberAssignmentValue = message('ShareGroupCurrentMemberAssignmentValue', {
  apiKey: 14,
  versions: '0',
  flexible: '0+',
  fields: {
    memberEpoch: int32(),
    previousMemberEpoch: int32(),
    state: int8(),
    assignedPartitions: array(topicPartitions),
  },
});
export type ShareGroupCurrentMemberAssignmentValue = Decoded<typeof shareGroupCurrentMemberAssignmentValue>;
