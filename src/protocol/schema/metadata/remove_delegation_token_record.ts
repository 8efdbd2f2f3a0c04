import { message, string, type Decoded } from '../../schema_language.ts';

/** A delegation token is gone. */
export const removeDelegationTokenRecord = message('RemoveDelegationTokenRecord', {
  apiKey: 26,
  versions: '0',
  flexible: '0+',
  fields: {
    tokenId: string(),
  },
});
export type RemoveDelegationTokenRecord = Decoded<typeof removeDelegationTokenRecord>;
