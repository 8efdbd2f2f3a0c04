import { array, int32, message, string, uuid, type Decoded } from '../../schema_language.ts';

/** Target assignment of a member of a share group. */
export const shareGroupTargetAssignmentMemberKey = message('ShareGroupTargetAssignmentMemberKey', {
  apiKey: 13,
  versions: '0',
  fields: {
    groupId: string(),
    memberId: string(),
  },
});
export type ShareGroupTargetAssignmentMemberKey = Decoded<typeof shareGroupTargetAssignmentMemberKey>;

export const shareGroupTargetAssignmentMemberValue = message('ShareGroupTargetAssignmentMemberValue', {
  apiKey: 13,
  versions: '0',
  flexible: '0+',
  fields: {
    topicPartitions: array({
      topicId: uuid(),
      partitions: array(int32()),
    }),
  },
});
export type ShareGroupTargetAssignmentMemberValue = Decoded<typeof shareGroupTargetAssignmentMemberValue>;
