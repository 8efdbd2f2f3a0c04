import { bigInt64, bool, int16, int32, message, string, type Decoded } from '../schema_language.ts';

/**
 * Commits or aborts a transaction. 5: the epoch is raised with each transaction, and the answer carries the new one
 * (KIP-890).
 */
export const endTxnRequest = message('EndTxnRequest', {
  apiKey: 26,
  versions: '0-5',
  flexible: '3+',
  listeners: ['broker'],
  fields: {
    transactionalId: string({ entity: 'transactionalId' }),
    producerId: bigInt64({ entity: 'producerId' }),
    producerEpoch: int16(),
    /** False aborts. */
    committed: bool(),
  },
});
export type EndTxnRequest = Decoded<typeof endTxnRequest>;

export const endTxnResponse = message('EndTxnResponse', {
  apiKey: 26,
  versions: '0-5',
  flexible: '3+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    /** To be used from now on; -1 on an error. */
    producerId: bigInt64({ versions: '5+', default: -1n, ignorable: true, entity: 'producerId' }),
    producerEpoch: int16({ versions: '5+', default: -1, ignorable: true }),
  },
});
export type EndTxnResponse = Decoded<typeof endTxnResponse>;
