import { array, bytes, int16, int32, message, string, type Decoded } from '../schema_language.ts';

/**
 * Distributes the leader's assignment to the members of a classic group; the answer comes when the leader has sent
 * it.
 *
 * 5: the protocol, so that a wrong one is noticed (KIP-559).
 */
export const syncGroupRequest = message('SyncGroupRequest', {
  apiKey: 14,
  versions: '0-5',
  flexible: '4+',
  listeners: ['broker'],
  fields: {
    groupId: string({ entity: 'groupId' }),
    generationId: int32(),
    memberId: string(),
    /** Of a static member (KIP-345). */
    groupInstanceId: string({ versions: '3+', nullable: '0+', default: null }),
    protocolType: string({ versions: '5+', nullable: '0+', default: null, ignorable: true }),
    protocolName: string({ versions: '5+', nullable: '0+', default: null, ignorable: true }),
    /** Only from the leader. */
    assignments: array({
      memberId: string(),
      assignment: bytes(),
    }),
  },
});
export type SyncGroupRequest = Decoded<typeof syncGroupRequest>;

export const syncGroupResponse = message('SyncGroupResponse', {
  apiKey: 14,
  versions: '0-5',
  flexible: '4+',
  fields: {
    throttleTimeMs: int32({ versions: '1+', ignorable: true }),
    errorCode: int16(),
    protocolType: string({ versions: '5+', nullable: '0+', default: null, ignorable: true }),
    protocolName: string({ versions: '5+', nullable: '0+', default: null, ignorable: true }),
    assignment: bytes(),
  },
});
export type SyncGroupResponse = Decoded<typeof syncGroupResponse>;
