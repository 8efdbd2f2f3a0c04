import { bigInt64, bytes, int16, int32, int64, message, type Decoded } from '../schema_language.ts';

/** Lets a delegation token expire, now or at another time. */
export const expireDelegationTokenRequest = message('ExpireDelegationTokenRequest', {
  apiKey: 40,
  versions: '1-2',
  flexible: '2+',
  listeners: ['broker', 'controller'],
  fields: {
    hmac: bytes(),
    /** Negative: now. */
    expiryTimePeriodMs: bigInt64(),
  },
});
export type ExpireDelegationTokenRequest = Decoded<typeof expireDelegationTokenRequest>;

export const expireDelegationTokenResponse = message('ExpireDelegationTokenResponse', {
  apiKey: 40,
  versions: '1-2',
  flexible: '2+',
  fields: {
    errorCode: int16(),
    expiryTimestampMs: int64(),
    throttleTimeMs: int32(),
  },
});
export type ExpireDelegationTokenResponse = Decoded<typeof expireDelegationTokenResponse>;
