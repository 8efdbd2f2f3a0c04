import { int16, int32, message, string, type Decoded } from '../schema_language.ts';

/** Tells the coordinator of a classic group that a member lives. */
export const heartbeatRequest = message('HeartbeatRequest', {
  apiKey: 12,
  versions: '0-4',
  flexible: '4+',
  listeners: ['broker'],
  fields: {
    groupId: string({ entity: 'groupId' }),
    generationId: int32(),
    memberId: string(),
    /** Of static members. */
    groupInstanceId: string({ versions: '3+', nullable: '0+', default: null }),
  },
});
export type HeartbeatRequest = Decoded<typeof heartbeatRequest>;

export const heartbeatResponse = message('HeartbeatResponse', {
  apiKey: 12,
  versions: '0-4',
  flexible: '4+',
  fields: {
    throttleTimeMs: int32({ versions: '1+', ignorable: true }),
    errorCode: int16(),
  },
});
export type HeartbeatResponse = Decoded<typeof heartbeatResponse>;
