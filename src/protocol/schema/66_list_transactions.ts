import { array, bigInt64, int16, int32, message, string, type Decoded } from '../schema_language.ts';

/** Transactions that this broker coordinates (KIP-664). 1: by duration (KIP-994). 2: by a pattern of ids (KIP-1152). */
export const listTransactionsRequest = message('ListTransactionsRequest', {
  apiKey: 66,
  versions: '0-2',
  flexible: '0+',
  listeners: ['broker'],
  fields: {
    stateFilters: array(string()),
    producerIdFilters: array(bigInt64(), { entity: 'producerId' }),
    /** Only those open for longer, in milliseconds; negative: all. */
    durationFilter: bigInt64({ versions: '1+', default: -1n }),
    transactionalIdPattern: string({ versions: '2+', nullable: '0+', default: null }),
  },
});
export type ListTransactionsRequest = Decoded<typeof listTransactionsRequest>;

export const listTransactionsResponse = message('ListTransactionsResponse', {
  apiKey: 66,
  versions: '0-2',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    unknownStateFilters: array(string()),
    transactionStates: array({
      transactionalId: string({ entity: 'transactionalId' }),
      producerId: bigInt64({ entity: 'producerId' }),
      transactionState: string(),
    }),
  },
});
export type ListTransactionsResponse = Decoded<typeof listTransactionsResponse>;
