import { array, bool, bytes, int16, int32, message, string, type Decoded } from '../schema_language.ts';

/**
 * Joins a group of the classic protocol; the answer comes when the group has assembled.
 *
 * 4: a member must come again with the id it was given (KIP-394). 5: static members (KIP-345). 8: a reason
 * (KIP-800). 9: the leader may be told not to assign (KIP-814).
 */
export const joinGroupRequest = message('JoinGroupRequest', {
  apiKey: 11,
  versions: '0-9',
  flexible: '6+',
  listeners: ['broker'],
  fields: {
    groupId: string({ entity: 'groupId' }),
    sessionTimeoutMs: int32(),
    /** How long the coordinator waits for members to join again. */
    rebalanceTimeoutMs: int32({ versions: '1+', default: -1, ignorable: true }),
    /** Empty for a new member. */
    memberId: string(),
    /** Of a static member (KIP-345). */
    groupInstanceId: string({ versions: '5+', nullable: '0+', default: null }),
    /** `consumer`, `connect`, or what the clients agree upon. */
    protocolType: string(),
    /** In the order of the member's preference. */
    protocols: array({
      name: string({ mapKey: true }),
      metadata: bytes(),
    }),
    /** For people. */
    reason: string({ versions: '8+', nullable: '0+', default: null, ignorable: true }),
  },
});
export type JoinGroupRequest = Decoded<typeof joinGroupRequest>;

export const joinGroupResponse = message('JoinGroupResponse', {
  apiKey: 11,
  versions: '0-9',
  flexible: '6+',
  fields: {
    throttleTimeMs: int32({ versions: '2+', ignorable: true }),
    errorCode: int16(),
    generationId: int32({ default: -1 }),
    protocolType: string({ versions: '7+', nullable: '0+', default: null, ignorable: true }),
    protocolName: string({ nullable: '7+' }),
    leader: string(),
    /** The leader came back and need not assign. */
    skipAssignment: bool({ versions: '9+', default: false }),
    memberId: string(),
    /** Only for the leader. */
    members: array({
      memberId: string(),
      groupInstanceId: string({ versions: '5+', nullable: '0+', default: null, ignorable: true }),
      metadata: bytes(),
    }),
  },
});
export type JoinGroupResponse = Decoded<typeof joinGroupResponse>;
