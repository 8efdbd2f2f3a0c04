import { bigInt64, int32, message, string, type Decoded } from '../../schema_language.ts';

/** Epoch of a share group. */
export const shareGroupMetadataKey = message('ShareGroupMetadataKey', {
  apiKey: 11,
  versions: '0',
  fields: {
    groupId: string(),
  },
});
export type ShareGroupMetadataKey = Decoded<typeof shareGroupMetadataKey>;

export const shareGroupMetadataValue = message('ShareGroupMetadataValue', {
  apiKey: 11,
  versions: '0',
  flexible: '0+',
  fields: {
    epoch: int32(),
    metadataHash: bigInt64(),
  },
});
export type ShareGroupMetadataValue = Decoded<typeof shareGroupMetadataValue>;
