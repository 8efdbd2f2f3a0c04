import { array, bigInt64, int16, int32, int64, message, string, type Decoded } from '../schema_language.ts';

/** Deletes records before an offset. */
export const deleteRecordsRequest = message('DeleteRecordsRequest', {
  apiKey: 21,
  versions: '0-2',
  flexible: '2+',
  listeners: ['broker'],
  fields: {
    topics: array({
      name: string({ entity: 'topicName' }),
      partitions: array({
        partitionIndex: int32(),
        /** -1: up to the high watermark. */
        offset: bigInt64(),
      }),
    }),
    timeoutMs: int32(),
  },
});
export type DeleteRecordsRequest = Decoded<typeof deleteRecordsRequest>;

export const deleteRecordsResponse = message('DeleteRecordsResponse', {
  apiKey: 21,
  versions: '0-2',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32(),
    topics: array({
      name: string({ entity: 'topicName', mapKey: true }),
      partitions: array({
        partitionIndex: int32({ mapKey: true }),
        /** Smallest log start offset of all replicas; -1 on an error. */
        lowWatermark: int64(),
        errorCode: int16(),
      }),
    }),
  },
});
export type DeleteRecordsResponse = Decoded<typeof deleteRecordsResponse>;
