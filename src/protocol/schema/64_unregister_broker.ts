import { int16, int32, message, string, type Decoded } from '../schema_language.ts';

/** Removes the registration of a broker that is gone for good. */
export const unregisterBrokerRequest = message('UnregisterBrokerRequest', {
  apiKey: 64,
  versions: '0',
  flexible: '0+',
  listeners: ['broker', 'controller'],
  fields: {
    brokerId: int32({ entity: 'brokerId' }),
  },
});
export type UnregisterBrokerRequest = Decoded<typeof unregisterBrokerRequest>;

export const unregisterBrokerResponse = message('UnregisterBrokerResponse', {
  apiKey: 64,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
  },
});
export type UnregisterBrokerResponse = Decoded<typeof unregisterBrokerResponse>;
