import { int32, int64, message, string, type Decoded } from '../../schema_language.ts';

/** Epoch of a consumer group's target assignment. */
export const consumerGroupTargetAssignmentMetadataKey = message('ConsumerGroupTargetAssignmentMetadataKey', {
  apiKey: 6,
  versions: '0',
  fields: {
    groupId: string(),
  },
});
export type ConsumerGroupTargetAssignmentMetadataKey = Decoded<typeof consumerGroupTargetAssignmentMetadataKey>;

export const consumerGroupTargetAssignmentMetadataValue = message('ConsumerGroupTargetAssignmentMetadataValue', {
  apiKey: 6,
  versions: '0',
  flexible: '0+',
  fields: {
    assignmentEpoch: int32(),
    assignmentTimestamp: int64({ default: 0, tag: 0, ignorable: true }),
  },
});
export type ConsumerGroupTargetAssignmentMetadataValue = Decoded<typeof consumerGroupTargetAssignmentMetadataValue>;
