import { int32, int64, message, string, type Decoded } from '../../schema_language.ts';

/** Epoch of a streams group's target assignment. */
export const streamsGroupTargetAssignmentMetadataKey = message('StreamsGroupTargetAssignmentMetadataKey', {
  apiKey: 20,
  versions: '0',
  fields: {
    groupId: string(),
  },
});
export type StreamsGroupTargetAssignmentMetadataKey = Decoded<typeof streamsGroupTargetAssignmentMetadataKey>;

export const streamsGroupTargetAssignmentMetadataValue = message('StreamsGroupTargetAssignmentMetadataValue', {
  apiKey: 20,
  versions: '0',
  flexible: '0+',
  fields: {
    assignmentEpoch: int32(),
    assignmentTimestamp: int64({ default: 0, tag: 0, ignorable: true }),
  },
});
export type StreamsGroupTargetAssignmentMetadataValue = Decoded<typeof streamsGroupTargetAssignmentMetadataValue>;
