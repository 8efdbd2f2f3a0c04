import { array, bigInt64, int16, int32, int64, int8, message, string, type Decoded } from '../schema_language.ts';

/**
 * Offsets by timestamp, and the ends of partitions.
 *
 * Negative timestamps ask for something special: -1 latest, -2 earliest, from version 7 on -3 the largest timestamp
 * (KIP-734), 8: -4 earliest local (KIP-405), 9: -5 latest in remote storage (KIP-1005), 11: -6 earliest not uploaded
 * (KIP-1023).
 */
export const listOffsetsRequest = message('ListOffsetsRequest', {
  apiKey: 2,
  versions: '1-11',
  flexible: '6+',
  listeners: ['broker'],
  fields: {
    /** -1 for consumers, -2 for debugging. */
    replicaId: int32({ entity: 'brokerId' }),
    /** 0: up to the high watermark; 1: up to the last stable offset. */
    isolationLevel: int8({ versions: '2+' }),
    topics: array({
      name: string({ entity: 'topicName' }),
      partitions: array({
        partitionIndex: int32(),
        currentLeaderEpoch: int32({ versions: '4+', default: -1, ignorable: true }),
        timestamp: bigInt64(),
      }),
    }),
    /** For timestamps whose answer lies in remote storage. */
    timeoutMs: int32({ versions: '10+', ignorable: true }),
  },
});
export type ListOffsetsRequest = Decoded<typeof listOffsetsRequest>;

export const listOffsetsResponse = message('ListOffsetsResponse', {
  apiKey: 2,
  versions: '1-11',
  flexible: '6+',
  fields: {
    throttleTimeMs: int32({ versions: '2+', ignorable: true }),
    topics: array({
      name: string({ entity: 'topicName' }),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        /** Of the record found; -1 if none was. */
        timestamp: int64({ default: -1 }),
        /** -1 if none was found. */
        offset: int64({ default: -1 }),
        leaderEpoch: int32({ versions: '4+', default: -1 }),
      }),
    }),
  },
});
export type ListOffsetsResponse = Decoded<typeof listOffsetsResponse>;
