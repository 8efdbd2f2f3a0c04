import { int32, int64, message, string, type Decoded } from '../../schema_language.ts';

/** Epoch of a share group's target assignment. */
export const shareGroupTargetAssignmentMetadataKey = message('ShareGroupTargetAssignmentMetadataKey', {
  apiKey: 12,
  versions: '0',
  fields: {
    groupId: string(),
  },
});
export type ShareGroupTargetAssignmentMetadataKey = Decoded<typeof shareGroupTargetAssignmentMetadataKey>;

export const shareGroupTargetAssignmentMetadataValue = message('ShareGroupTargetAssignmentMetadataValue', {
  apiKey: 12,
  versions: '0',
  flexible: '0+',
  fields: {
    assignmentEpoch: int32(),
    assignmentTimestamp: int64({ default: 0, tag: 0, ignorable: true }),
  },
});
export type ShareGroupTargetAssignmentMetadataValue = Decoded<typeof shareGroupTargetAssignmentMetadataValue>;
