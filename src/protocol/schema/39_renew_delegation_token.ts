import { bigInt64, bytes, int16, int32, int64, message, type Decoded } from '../schema_language.ts';

/** Renews a delegation token. */
export const renewDelegationTokenRequest = message('RenewDelegationTokenRequest', {
  apiKey: 39,
  versions: '1-2',
  flexible: '2+',
  listeners: ['broker', 'controller'],
  fields: {
    hmac: bytes(),
    renewPeriodMs: bigInt64(),
  },
});
export type RenewDelegationTokenRequest = Decoded<typeof renewDelegationTokenRequest>;

export const renewDelegationTokenResponse = message('RenewDelegationTokenResponse', {
  apiKey: 39,
  versions: '1-2',
  flexible: '2+',
  fields: {
    errorCode: int16(),
    expiryTimestampMs: int64(),
    throttleTimeMs: int32(),
  },
});
export type RenewDelegationTokenResponse = Decoded<typeof renewDelegationTokenResponse>;
