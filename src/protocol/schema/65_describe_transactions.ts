import { array, bigInt64, int16, int32, int64, message, string, type Decoded } from '../schema_language.ts';

/** State of transactions (KIP-664). */
export const describeTransactionsRequest = message('DescribeTransactionsRequest', {
  apiKey: 65,
  versions: '0',
  flexible: '0+',
  listeners: ['broker'],
  fields: {
    transactionalIds: array(string(), { entity: 'transactionalId' }),
  },
});
export type DescribeTransactionsRequest = Decoded<typeof describeTransactionsRequest>;

export const describeTransactionsResponse = message('DescribeTransactionsResponse', {
  apiKey: 65,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    transactionStates: array({
      errorCode: int16(),
      transactionalId: string({ entity: 'transactionalId' }),
      transactionState: string(),
      transactionTimeoutMs: int32(),
      /** -1: no transaction is open. */
      transactionStartTimeMs: int64(),
      producerId: bigInt64({ entity: 'producerId' }),
      producerEpoch: int16(),
      topics: array({
        topic: string({ entity: 'topicName', mapKey: true }),
        partitions: array(int32()),
      }),
    }),
  },
});
export type DescribeTransactionsResponse = Decoded<typeof describeTransactionsResponse>;
