import { array, bigInt64, int16, int32, int64, message, string, type Decoded } from '../schema_language.ts';

/** Producers that have written to partitions lately (KIP-664). */
export const describeProducersRequest = message('DescribeProducersRequest', {
  apiKey: 61,
  versions: '0',
  flexible: '0+',
  listeners: ['broker'],
  fields: {
    topics: array({
      name: string({ entity: 'topicName' }),
      partitionIndexes: array(int32()),
    }),
  },
});
export type DescribeProducersRequest = Decoded<typeof describeProducersRequest>;

export const describeProducersResponse = message('DescribeProducersResponse', {
  apiKey: 61,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    topics: array({
      name: string({ entity: 'topicName' }),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+', default: null }),
        activeProducers: array({
          producerId: bigInt64({ entity: 'producerId' }),
          producerEpoch: int32(),
          lastSequence: int32({ default: -1 }),
          lastTimestamp: int64({ default: -1 }),
          coordinatorEpoch: int32(),
          /** -1: no transaction is open. */
          currentTxnStartOffset: int64({ default: -1 }),
        }),
      }),
    }),
  },
});
export type DescribeProducersResponse = Decoded<typeof describeProducersResponse>;
