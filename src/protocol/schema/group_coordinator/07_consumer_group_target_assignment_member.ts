import { array, int32, message, string, uuid, type Decoded } from '../../schema_language.ts';

/** Target assignment of a member of a consumer group. */
export const consumerGroupTargetAssignmentMemberKey = message('ConsumerGroupTargetAssignmentMemberKey', {
  apiKey: 7,
  versions: '0',
  fields: {
    groupId: string(),
    memberId: string(),
  },
});
export type ConsumerGroupTargetAssignmentMemberKey = Decoded<typeof consumerGroupTargetAssignmentMemberKey>;

export const consumerGroupTargetAssignmentMemberValue = message('ConsumerGroupTargetAssignmentMemberValue', {
  apiKey: 7,
  versions: '0',
  flexible: '0+',
  fields: {
    topicPartitions: array({
      topicId: uuid(),
      partitions: array(int32()),
    }),
  },
});
export type ConsumerGroupTargetAssignmentMemberValue = Decoded<typeof consumerGroupTargetAssignmentMemberValue>;
