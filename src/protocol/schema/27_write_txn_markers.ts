import { array, bigInt64, bool, int16, int32, int8, message, string, type Decoded } from '../schema_language.ts';

/**
 * Writes the markers that end a transaction: from its coordinator to the leaders of its partitions. 2: the version
 * of the transaction protocol (KIP-1228).
 */
export const writeTxnMarkersRequest = message('WriteTxnMarkersRequest', {
  apiKey: 27,
  versions: '1-2',
  flexible: '1+',
  listeners: ['broker'],
  fields: {
    markers: array({
      producerId: bigInt64({ entity: 'producerId' }),
      producerEpoch: int16(),
      /** True commits. */
      transactionResult: bool(),
      topics: array({
        name: string({ entity: 'topicName' }),
        partitionIndexes: array(int32()),
      }),
      coordinatorEpoch: int32(),
      /** 0 for the protocol before KIP-890, 2 for the one after. */
      transactionVersion: int8({ versions: '2+', default: 0, ignorable: true }),
    }),
  },
});
export type WriteTxnMarkersRequest = Decoded<typeof writeTxnMarkersRequest>;

export const writeTxnMarkersResponse = message('WriteTxnMarkersResponse', {
  apiKey: 27,
  versions: '1-2',
  flexible: '1+',
  fields: {
    markers: array({
      producerId: bigInt64({ entity: 'producerId' }),
      topics: array({
        name: string({ entity: 'topicName' }),
        partitions: array({
          partitionIndex: int32(),
          errorCode: int16(),
        }),
      }),
    }),
  },
});
export type WriteTxnMarkersResponse = Decoded<typeof writeTxnMarkersResponse>;
