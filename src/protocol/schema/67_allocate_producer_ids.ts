import { bigInt64, int16, int32, int64, message, type Decoded } from '../schema_language.ts';

/** A broker asks the controller for a block of producer ids (KIP-730). */
export const allocateProducerIdsRequest = message('AllocateProducerIdsRequest', {
  apiKey: 67,
  versions: '0',
  flexible: '0+',
  listeners: ['controller'],
  fields: {
    brokerId: int32({ entity: 'brokerId' }),
    brokerEpoch: int64({ default: -1 }),
  },
});
export type AllocateProducerIdsRequest = Decoded<typeof allocateProducerIdsRequest>;

export const allocateProducerIdsResponse = message('AllocateProducerIdsResponse', {
  apiKey: 67,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    producerIdStart: bigInt64({ entity: 'producerId' }),
    /** How many ids the block holds. */
    producerIdLen: int32(),
  },
});
export type AllocateProducerIdsResponse = Decoded<typeof allocateProducerIdsResponse>;
