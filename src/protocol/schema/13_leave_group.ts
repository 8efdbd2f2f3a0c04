import { array, int16, int32, message, string, type Decoded } from '../schema_language.ts';

/**
 * Leaves a classic group.
 *
 * 3: several members at once, and static ones (KIP-345). 5: a reason (KIP-800).
 */
export const leaveGroupRequest = message('LeaveGroupRequest', {
  apiKey: 13,
  versions: '0-5',
  flexible: '4+',
  listeners: ['broker'],
  fields: {
    groupId: string({ entity: 'groupId' }),
    memberId: string({ versions: '0-2' }),
    /** By member id, or by instance id with an empty member id. */
    members: array(
      {
        memberId: string(),
        /** Of a static member (KIP-345). */
        groupInstanceId: string({ nullable: '0+', default: null }),
        /** For people. */
        reason: string({ versions: '5+', nullable: '0+', default: null, ignorable: true }),
      },
      { versions: '3+' },
    ),
  },
});
export type LeaveGroupRequest = Decoded<typeof leaveGroupRequest>;

export const leaveGroupResponse = message('LeaveGroupResponse', {
  apiKey: 13,
  versions: '0-5',
  flexible: '4+',
  fields: {
    throttleTimeMs: int32({ versions: '1+', ignorable: true }),
    errorCode: int16(),
    members: array(
      {
        memberId: string(),
        groupInstanceId: string({ nullable: '0+' }),
        errorCode: int16(),
      },
      { versions: '3+' },
    ),
  },
});
export type LeaveGroupResponse = Decoded<typeof leaveGroupResponse>;
