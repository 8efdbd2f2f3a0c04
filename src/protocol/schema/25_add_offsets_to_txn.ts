import { bigInt64, int16, int32, message, string, type Decoded } from '../schema_language.ts';

/** Adds the offsets partition of a group to a transaction. */
export const addOffsetsToTxnRequest = message('AddOffsetsToTxnRequest', {
  apiKey: 25,
  versions: '0-4',
  flexible: '3+',
  listeners: ['broker'],
  fields: {
    transactionalId: string({ entity: 'transactionalId' }),
    producerId: bigInt64({ entity: 'producerId' }),
    producerEpoch: int16(),
    groupId: string({ entity: 'groupId' }),
  },
});
export type AddOffsetsToTxnRequest = Decoded<typeof addOffsetsToTxnRequest>;

export const addOffsetsToTxnResponse = message('AddOffsetsToTxnResponse', {
  apiKey: 25,
  versions: '0-4',
  flexible: '3+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
  },
});
export type AddOffsetsToTxnResponse = Decoded<typeof addOffsetsToTxnResponse>;
