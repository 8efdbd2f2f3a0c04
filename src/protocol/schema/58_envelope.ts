import { bytes, int16, message, type Decoded } from '../schema_language.ts';

/** A request forwarded by a broker to the controller, together with who sent it (KIP-590). */
export const envelopeRequest = message('EnvelopeRequest', {
  apiKey: 58,
  versions: '0',
  flexible: '0+',
  listeners: ['controller'],
  fields: {
    /** Header and body of the request, without the length of a frame. */
    requestData: bytes(),
    /** See `default_principal.ts`. */
    requestPrincipal: bytes({ nullable: '0+' }),
    clientHostAddress: bytes(),
  },
});
export type EnvelopeRequest = Decoded<typeof envelopeRequest>;

export const envelopeResponse = message('EnvelopeResponse', {
  apiKey: 58,
  versions: '0',
  flexible: '0+',
  fields: {
    responseData: bytes({ nullable: '0+', default: null }),
    errorCode: int16(),
  },
});
export type EnvelopeResponse = Decoded<typeof envelopeResponse>;
