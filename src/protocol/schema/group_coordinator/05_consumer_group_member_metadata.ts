import { array, bytes, int32, message, string, struct, type Decoded } from '../../schema_language.ts';

/** A member of a consumer group. */
export const consumerGroupMemberMetadataKey = message('ConsumerGroupMemberMetadataKey', {
  apiKey: 5,
  versions: '0',
  fields: {
    groupId: string(),
    memberId: string(),
  },
});
export type ConsumerGroupMemberMetadataKey = Decoded<typeof consumerGroupMemberMetadataKey>;

export const consumerGroupMemberMetadataValue = message('ConsumerGroupMemberMetadataValue', {
  apiKey: 5,
  versions: '0',
  flexible: '0+',
  fields: {
    /** Of a static member. */
    instanceId: string({ nullable: '0+' }),
    rackId: string({ nullable: '0+' }),
    clientId: string(),
    clientHost: string(),
    subscribedTopicNames: array(string()),
    subscribedTopicRegex: string({ nullable: '0+' }),
    rebalanceTimeoutMs: int32({ default: -1 }),
    serverAssignor: string({ nullable: '0+' }),
    /** Only of members that use the classic protocol. */
    classicMemberMetadata: struct(
      {
        sessionTimeoutMs: int32(),
        supportedProtocols: array({
          name: string(),
          metadata: bytes(),
        }),
      },
      { nullable: '0+', tag: 0 },
    ),
  },
});
export type ConsumerGroupMemberMetadataValue = Decoded<typeof consumerGroupMemberMetadataValue>;
