import { bigInt64, int32, message, string, type Decoded } from '../../schema_language.ts';

/** Epoch of a consumer group (KIP-848). */
export const consumerGroupMetadataKey = message('ConsumerGroupMetadataKey', {
  apiKey: 3,
  versions: '0',
  fields: {
    groupId: string(),
  },
});
export type ConsumerGroupMetadataKey = Decoded<typeof consumerGroupMetadataKey>;

export const consumerGroupMetadataValue = message('ConsumerGroupMetadataValue', {
  apiKey: 3,
  versions: '0',
  flexible: '0+',
  fields: {
    epoch: int32(),
    /** Of the subscribed topics: when it changes, the group is assigned anew. */
    metadataHash: bigInt64({ default: 0n, tag: 0 }),
  },
});
export type ConsumerGroupMetadataValue = Decoded<typeof consumerGroupMetadataValue>;
