import { array, int32, message, string, struct, uint16, type Decoded } from '../../schema_language.ts';

/** A member of a streams group. */

export const streamsGroupMemberMetadataKey = message('StreamsGroupMemberMetadataKey', {
  apiKey: 19,
  versions: '0',
  fields: {
    groupId: string(),
    memberId: string(),
  },
});
export type StreamsGroupMemberMetadataKey = Decoded<typeof streamsGroupMemberMetadataKey>;

const endpoint = {
  host: string(),
  port: uint16(),
};

const keyValue = {
  key: string(),
  value: string(),
};

export const streamsGroupMemberMetadataValue = message('StreamsGroupMemberMetadataValue', {
  apiKey: 19,
  versions: '0',
  flexible: '0+',
  fields: {
    /** Of a static member. */
    instanceId: string({ nullable: '0+' }),
    rackId: string({ nullable: '0+' }),
    clientId: string(),
    clientHost: string(),
    rebalanceTimeoutMs: int32({ default: -1 }),
    topologyEpoch: int32(),
    processId: string(),
    userEndpoint: struct(endpoint, { nullable: '0+', default: null }),
    clientTags: array(keyValue),
  },
});
export type StreamsGroupMemberMetadataValue = Decoded<typeof streamsGroupMemberMetadataValue>;
