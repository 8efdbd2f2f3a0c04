import { array, message, string, type Decoded } from '../../schema_language.ts';

/** A member of a share group (KIP-932). */
export const shareGroupMemberMetadataKey = message('ShareGroupMemberMetadataKey', {
  apiKey: 10,
  versions: '0',
  fields: {
    groupId: string(),
    memberId: string(),
  },
});
export type ShareGroupMemberMetadataKey = Decoded<typeof shareGroupMemberMetadataKey>;

export const shareGroupMemberMetadataValue = message('ShareGroupMemberMetadataValue', {
  apiKey: 10,
  versions: '0',
  flexible: '0+',
  fields: {
    rackId: string({ nullable: '0+' }),
    clientId: string(),
    clientHost: string(),
    subscribedTopicNames: array(string()),
  },
});
export type ShareGroupMemberMetadataValue = Decoded<typeof shareGroupMemberMetadataValue>;
