import { array, bigInt64, bytes, int16, int32, int64, message, string, type Decoded } from '../schema_language.ts';

/** Creates a delegation token (KIP-48). 3: on behalf of another owner (KIP-373). */
export const createDelegationTokenRequest = message('CreateDelegationTokenRequest', {
  apiKey: 38,
  versions: '1-3',
  flexible: '2+',
  listeners: ['broker', 'controller'],
  fields: {
    /** Null or empty: the requester. */
    ownerPrincipalType: string({ versions: '3+', nullable: '0+' }),
    ownerPrincipalName: string({ versions: '3+', nullable: '0+' }),
    renewers: array({
      principalType: string(),
      principalName: string(),
    }),
    /** -1: as configured. */
    maxLifetimeMs: bigInt64(),
  },
});
export type CreateDelegationTokenRequest = Decoded<typeof createDelegationTokenRequest>;

export const createDelegationTokenResponse = message('CreateDelegationTokenResponse', {
  apiKey: 38,
  versions: '1-3',
  flexible: '2+',
  fields: {
    errorCode: int16(),
    principalType: string(),
    principalName: string(),
    tokenRequesterPrincipalType: string({ versions: '3+' }),
    tokenRequesterPrincipalName: string({ versions: '3+' }),
    issueTimestampMs: int64(),
    expiryTimestampMs: int64(),
    maxTimestampMs: int64(),
    tokenId: string(),
    /** The secret of the token. */
    hmac: bytes(),
    throttleTimeMs: int32(),
  },
});
export type CreateDelegationTokenResponse = Decoded<typeof createDelegationTokenResponse>;
