import { bytes, int16, int64, message, string, type Decoded } from '../schema_language.ts';

/** A step of a SASL exchange (KIP-152). 1: how long the session lasts (KIP-368). */
export const saslAuthenticateRequest = message('SaslAuthenticateRequest', {
  apiKey: 36,
  versions: '0-2',
  flexible: '2+',
  listeners: ['broker', 'controller'],
  fields: {
    authBytes: bytes(),
  },
});
export type SaslAuthenticateRequest = Decoded<typeof saslAuthenticateRequest>;

export const saslAuthenticateResponse = message('SaslAuthenticateResponse', {
  apiKey: 36,
  versions: '0-2',
  flexible: '2+',
  fields: {
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    authBytes: bytes(),
    /** 0: no end. */
    sessionLifetimeMs: int64({ versions: '1+', default: 0, ignorable: true }),
  },
});
export type SaslAuthenticateResponse = Decoded<typeof saslAuthenticateResponse>;
