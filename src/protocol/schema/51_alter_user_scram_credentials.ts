import { array, bytes, int16, int32, int8, message, string, type Decoded } from '../schema_language.ts';

/** Changes SCRAM credentials (KIP-554). */
export const alterUserScramCredentialsRequest = message('AlterUserScramCredentialsRequest', {
  apiKey: 51,
  versions: '0',
  flexible: '0+',
  listeners: ['broker', 'controller'],
  fields: {
    deletions: array({
      name: string(),
      /** 1 SCRAM-SHA-256, 2 SCRAM-SHA-512. */
      mechanism: int8(),
    }),
    upsertions: array({
      name: string(),
      mechanism: int8(),
      iterations: int32(),
      salt: bytes(),
      /** The password itself never travels. */
      saltedPassword: bytes(),
    }),
  },
});
export type AlterUserScramCredentialsRequest = Decoded<typeof alterUserScramCredentialsRequest>;

export const alterUserScramCredentialsResponse = message('AlterUserScramCredentialsResponse', {
  apiKey: 51,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    results: array({
      user: string(),
      errorCode: int16(),
      errorMessage: string({ nullable: '0+' }),
    }),
  },
});
export type AlterUserScramCredentialsResponse = Decoded<typeof alterUserScramCredentialsResponse>;
