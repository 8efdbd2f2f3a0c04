import { message, type Decoded } from '../../schema_language.ts';

/** The transaction of metadata records is complete. */
export const endTransactionRecord = message('EndTransactionRecord', {
  apiKey: 24,
  versions: '0',
  flexible: '0+',
  fields: {},
});
export type EndTransactionRecord = Decoded<typeof endTransactionRecord>;
