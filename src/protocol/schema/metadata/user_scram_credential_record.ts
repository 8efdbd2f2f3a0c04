import { bytes, int32, int8, message, string, type Decoded } from '../../schema_language.ts';

/** SCRAM credential of a user. */
export const userScramCredentialRecord = message('UserScramCredentialRecord', {
  apiKey: 11,
  versions: '0',
  flexible: '0+',
  fields: {
    name: string(),
    /** 1 SCRAM-SHA-256, 2 SCRAM-SHA-512. */
    mechanism: int8(),
    salt: bytes(),
    storedKey: bytes(),
    serverKey: bytes(),
    iterations: int32(),
  },
});
export type UserScramCredentialRecord = Decoded<typeof userScramCredentialRecord>;
