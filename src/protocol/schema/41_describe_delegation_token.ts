import { array, bytes, int16, int32, int64, message, string, type Decoded } from '../schema_language.ts';

/** Delegation tokens by owner. 3: who asked for them (KIP-373). */
export const describeDelegationTokenRequest = message('DescribeDelegationTokenRequest', {
  apiKey: 41,
  versions: '1-3',
  flexible: '2+',
  listeners: ['broker', 'controller'],
  fields: {
    /** Null: all. */
    owners: array(
      {
        principalType: string(),
        principalName: string(),
      },
      { nullable: '0+' },
    ),
  },
});
export type DescribeDelegationTokenRequest = Decoded<typeof describeDelegationTokenRequest>;

export const describeDelegationTokenResponse = message('DescribeDelegationTokenResponse', {
  apiKey: 41,
  versions: '1-3',
  flexible: '2+',
  fields: {
    errorCode: int16(),
    tokens: array({
      principalType: string(),
      principalName: string(),
      tokenRequesterPrincipalType: string({ versions: '3+' }),
      tokenRequesterPrincipalName: string({ versions: '3+' }),
      issueTimestamp: int64(),
      expiryTimestamp: int64(),
      maxTimestamp: int64(),
      tokenId: string(),
      /** The secret of the token. */
      hmac: bytes(),
      renewers: array({
        principalType: string(),
        principalName: string(),
      }),
    }),
    throttleTimeMs: int32(),
  },
});
export type DescribeDelegationTokenResponse = Decoded<typeof describeDelegationTokenResponse>;
