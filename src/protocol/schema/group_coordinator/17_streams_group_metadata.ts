import { array, bigInt64, int32, message, string, type Decoded } from '../../schema_language.ts';

/** Epoch of a streams group (KIP-1071). */

export const streamsGroupMetadataKey = message('StreamsGroupMetadataKey', {
  apiKey: 17,
  versions: '0',
  fields: {
    groupId: string(),
  },
});
export type StreamsGroupMetadataKey = Decoded<typeof streamsGroupMetadataKey>;

const lastAssignmentConfig = {
  key: string(),
  value: string(),
};

export const streamsGroupMetadataValue = message('StreamsGroupMetadataValue', {
  apiKey: 17,
  versions: '0',
  flexible: '0+',
  fields: {
    epoch: int32(),
    metadataHash: bigInt64(),
    validatedTopologyEpoch: int32({ default: -1, tag: 0 }),
    lastAssignmentConfigs: array(lastAssignmentConfig, { nullable: '0+', tag: 1 }),
  },
});
export type StreamsGroupMetadataValue = Decoded<typeof streamsGroupMetadataValue>;
