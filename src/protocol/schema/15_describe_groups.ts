import { array, bool, bytes, int16, int32, message, string, type Decoded } from '../schema_language.ts';

/**
 * State and members of classic groups.
 *
 * 3: authorised operations. 4: static members. 6: an error message, and GROUP_ID_NOT_FOUND for unknown groups
 * (KIP-1043).
 */
export const describeGroupsRequest = message('DescribeGroupsRequest', {
  apiKey: 15,
  versions: '0-6',
  flexible: '5+',
  listeners: ['broker'],
  fields: {
    groups: array(string(), { entity: 'groupId' }),
    includeAuthorizedOperations: bool({ versions: '3+' }),
  },
});
export type DescribeGroupsRequest = Decoded<typeof describeGroupsRequest>;

export const describeGroupsResponse = message('DescribeGroupsResponse', {
  apiKey: 15,
  versions: '0-6',
  flexible: '5+',
  fields: {
    throttleTimeMs: int32({ versions: '1+', ignorable: true }),
    groups: array({
      errorCode: int16(),
      errorMessage: string({ versions: '6+', nullable: '0+', default: null }),
      groupId: string({ entity: 'groupId' }),
      groupState: string(),
      protocolType: string(),
      protocolData: string(),
      members: array({
        memberId: string(),
        /** Of a static member (KIP-345). */
        groupInstanceId: string({ versions: '4+', nullable: '0+', default: null, ignorable: true }),
        clientId: string(),
        clientHost: string(),
        memberMetadata: bytes(),
        memberAssignment: bytes(),
      }),
      /** A bit for each operation; the least int32 when not asked for. */
      authorizedOperations: int32({ versions: '3+', default: -2_147_483_648 }),
    }),
  },
});
export type DescribeGroupsResponse = Decoded<typeof describeGroupsResponse>;
