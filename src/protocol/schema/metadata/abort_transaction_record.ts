import { message, string, type Decoded } from '../../schema_language.ts';

/** The transaction of metadata records is void. */
export const abortTransactionRecord = message('AbortTransactionRecord', {
  apiKey: 25,
  versions: '0',
  flexible: '0+',
  fields: {
    /** For people. */
    reason: string({ nullable: '0+', default: null, tag: 0 }),
  },
});
export type AbortTransactionRecord = Decoded<typeof abortTransactionRecord>;
