import { array, int16, int32, int64, message, string, uuid, type Decoded } from '../schema_language.ts';

/** The start offset alone of a share partition's state (KIP-932). 1: leader epoch and count for the lag (KIP-1226). */
export const readShareGroupStateSummaryRequest = message('ReadShareGroupStateSummaryRequest', {
  apiKey: 87,
  versions: '0-1',
  flexible: '0+',
  listeners: ['broker'],
  fields: {
    groupId: string(),
    topics: array({
      topicId: uuid(),
      partitions: array({
        partition: int32(),
        leaderEpoch: int32(),
      }),
    }),
  },
});
export type ReadShareGroupStateSummaryRequest = Decoded<typeof readShareGroupStateSummaryRequest>;

export const readShareGroupStateSummaryResponse = message('ReadShareGroupStateSummaryResponse', {
  apiKey: 87,
  versions: '0-1',
  flexible: '0+',
  fields: {
    results: array({
      topicId: uuid(),
      partitions: array({
        partition: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+', default: null }),
        stateEpoch: int32(),
        leaderEpoch: int32(),
        startOffset: int64(),
        deliveryCompleteCount: int32({ versions: '1+', default: -1, ignorable: true }),
      }),
    }),
  },
});
export type ReadShareGroupStateSummaryResponse = Decoded<typeof readShareGroupStateSummaryResponse>;
