import { message, string, type Decoded } from '../../schema_language.ts';

/** A transaction of metadata records begins (KIP-868): what follows takes effect at its end. */
export const beginTransactionRecord = message('BeginTransactionRecord', {
  apiKey: 23,
  versions: '0',
  flexible: '0+',
  fields: {
    /** For people. */
    name: string({ nullable: '0+', default: null, tag: 0 }),
  },
});
export type BeginTransactionRecord = Decoded<typeof beginTransactionRecord>;
