import { array, int16, int32, int64, int8, message, string, uuid, type Decoded } from '../schema_language.ts';

/**
 * The leader of a partition writes the state of a share partition (KIP-932). 1: how many records were delivered for
 * good (KIP-1226).
 */
export const writeShareGroupStateRequest = message('WriteShareGroupStateRequest', {
  apiKey: 85,
  versions: '0-1',
  flexible: '0+',
  listeners: ['broker'],
  fields: {
    groupId: string(),
    topics: array({
      topicId: uuid(),
      partitions: array({
        partition: int32(),
        stateEpoch: int32(),
        leaderEpoch: int32(),
        /** -1: stays. */
        startOffset: int64(),
        /** Records behind the start offset that are done with; -1 if unknown. */
        deliveryCompleteCount: int32({ versions: '1+', default: -1, ignorable: true }),
        stateBatches: array({
          firstOffset: int64(),
          lastOffset: int64(),
          /** 0 available, 2 acknowledged, 4 archived. */
          deliveryState: int8(),
          deliveryCount: int16(),
        }),
      }),
    }),
  },
});
export type WriteShareGroupStateRequest = Decoded<typeof writeShareGroupStateRequest>;

export const writeShareGroupStateResponse = message('WriteShareGroupStateResponse', {
  apiKey: 85,
  versions: '0-1',
  flexible: '0+',
  fields: {
    results: array({
      topicId: uuid(),
      partitions: array({
        partition: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+', default: null }),
      }),
    }),
  },
});
export type WriteShareGroupStateResponse = Decoded<typeof writeShareGroupStateResponse>;
