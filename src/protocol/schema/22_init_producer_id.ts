import { bigInt64, bool, int16, int32, message, string, type Decoded } from '../schema_language.ts';

/**
 * A producer id, and the fencing of older producers with the same transactional id.
 *
 * 3: a producer may raise its own epoch (KIP-360). 4: PRODUCER_FENCED. 6 (unstable): two-phase commit (KIP-939).
 */
export const initProducerIdRequest = message('InitProducerIdRequest', {
  apiKey: 22,
  versions: '0-6',
  flexible: '2+',
  lastVersionUnstable: true,
  listeners: ['broker'],
  fields: {
    /** Null unless the producer is transactional. */
    transactionalId: string({ nullable: '0+', entity: 'transactionalId' }),
    transactionTimeoutMs: int32(),
    /** -1, or the id that the producer has and wants to keep with a higher epoch. */
    producerId: bigInt64({ versions: '3+', default: -1n, entity: 'producerId' }),
    producerEpoch: int16({ versions: '3+', default: -1 }),
    /** The producer takes part in two-phase commits. */
    enable2Pc: bool({ versions: '6+', default: false }),
    /** Keep a transaction that is prepared. */
    keepPreparedTxn: bool({ versions: '6+', default: false }),
  },
});
export type InitProducerIdRequest = Decoded<typeof initProducerIdRequest>;

export const initProducerIdResponse = message('InitProducerIdResponse', {
  apiKey: 22,
  versions: '0-6',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32({ ignorable: true }),
    errorCode: int16(),
    producerId: bigInt64({ default: -1n, entity: 'producerId' }),
    producerEpoch: int16(),
    /** -1: no transaction is open. */
    ongoingTxnProducerId: bigInt64({ versions: '6+', default: -1n, entity: 'producerId' }),
    ongoingTxnProducerEpoch: int16({ versions: '6+', default: -1 }),
  },
});
export type InitProducerIdResponse = Decoded<typeof initProducerIdResponse>;
