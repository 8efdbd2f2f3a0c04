import { array, int64, message, string, type Decoded } from '../../schema_language.ts';

/** A delegation token exists. Its HMAC is computed from the token id and the cluster's secret key. */
export const delegationTokenRecord = message('DelegationTokenRecord', {
  apiKey: 10,
  versions: '0',
  flexible: '0+',
  fields: {
    owner: string(),
    requester: string(),
    renewers: array(string()),
    issueTimestamp: int64(),
    maxTimestamp: int64(),
    expirationTimestamp: int64(),
    tokenId: string(),
  },
});
export type DelegationTokenRecord = Decoded<typeof delegationTokenRecord>;
