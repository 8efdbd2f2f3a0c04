import { array, int16, message, string, type Decoded } from '../schema_language.ts';

/** Chooses a SASL mechanism. Version 1: the tokens travel in SaslAuthenticate (36) instead of bare frames. */
export const saslHandshakeRequest = message('SaslHandshakeRequest', {
  apiKey: 17,
  versions: '0-1',
  listeners: ['broker', 'controller'],
  fields: {
    mechanism: string(),
  },
});
export type SaslHandshakeRequest = Decoded<typeof saslHandshakeRequest>;

export const saslHandshakeResponse = message('SaslHandshakeResponse', {
  apiKey: 17,
  versions: '0-1',
  fields: {
    errorCode: int16(),
    mechanisms: array(string()),
  },
});
export type SaslHandshakeResponse = Decoded<typeof saslHandshakeResponse>;
