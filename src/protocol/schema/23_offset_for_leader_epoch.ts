import { array, int16, int32, int64, message, string, type Decoded } from '../schema_language.ts';

/** Where an epoch of leadership ended: how followers and clients find out up to where logs agree (KIP-101, KIP-320). */
export const offsetForLeaderEpochRequest = message('OffsetForLeaderEpochRequest', {
  apiKey: 23,
  versions: '2-4',
  flexible: '4+',
  listeners: ['broker'],
  fields: {
    /** -1 for consumers, -2 for debugging. */
    replicaId: int32({ versions: '3+', default: -2, ignorable: true, entity: 'brokerId' }),
    topics: array({
      topic: string({ entity: 'topicName', mapKey: true }),
      partitions: array({
        partition: int32(),
        /** Of the requester, to notice that one side is behind. */
        currentLeaderEpoch: int32({ default: -1, ignorable: true }),
        leaderEpoch: int32(),
      }),
    }),
  },
});
export type OffsetForLeaderEpochRequest = Decoded<typeof offsetForLeaderEpochRequest>;

export const offsetForLeaderEpochResponse = message('OffsetForLeaderEpochResponse', {
  apiKey: 23,
  versions: '2-4',
  flexible: '4+',
  fields: {
    throttleTimeMs: int32({ ignorable: true }),
    topics: array({
      topic: string({ entity: 'topicName', mapKey: true }),
      partitions: array({
        errorCode: int16(),
        partition: int32(),
        /** The largest known epoch up to the one asked for. */
        leaderEpoch: int32({ default: -1, ignorable: true }),
        /** Where `leaderEpoch` ended; -1 if unknown. */
        endOffset: int64({ default: -1 }),
      }),
    }),
  },
});
export type OffsetForLeaderEpochResponse = Decoded<typeof offsetForLeaderEpochResponse>;
