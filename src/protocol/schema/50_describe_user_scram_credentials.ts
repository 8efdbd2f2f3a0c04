import { array, int16, int32, int8, message, string, type Decoded } from '../schema_language.ts';

/** SCRAM credentials of users: mechanisms and iterations, never the secrets (KIP-554). */
export const describeUserScramCredentialsRequest = message('DescribeUserScramCredentialsRequest', {
  apiKey: 50,
  versions: '0',
  flexible: '0+',
  listeners: ['broker', 'controller'],
  fields: {
    /** Null or empty: all. */
    users: array(
      {
        name: string(),
      },
      { nullable: '0+' },
    ),
  },
});
export type DescribeUserScramCredentialsRequest = Decoded<typeof describeUserScramCredentialsRequest>;

export const describeUserScramCredentialsResponse = message('DescribeUserScramCredentialsResponse', {
  apiKey: 50,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    results: array({
      user: string(),
      errorCode: int16(),
      errorMessage: string({ nullable: '0+' }),
      credentialInfos: array({
        /** 1 SCRAM-SHA-256, 2 SCRAM-SHA-512. */
        mechanism: int8(),
        iterations: int32(),
      }),
    }),
  },
});
export type DescribeUserScramCredentialsResponse = Decoded<typeof describeUserScramCredentialsResponse>;
