import { array, int16, int32, int64, int8, message, string, uuid, type Decoded } from '../schema_language.ts';

/** The leader of a partition reads the state of a share partition (KIP-932). */
export const readShareGroupStateRequest = message('ReadShareGroupStateRequest', {
  apiKey: 84,
  versions: '0',
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
export type ReadShareGroupStateRequest = Decoded<typeof readShareGroupStateRequest>;

export const readShareGroupStateResponse = message('ReadShareGroupStateResponse', {
  apiKey: 84,
  versions: '0',
  flexible: '0+',
  fields: {
    results: array({
      topicId: uuid(),
      partitions: array({
        partition: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+', default: null }),
        stateEpoch: int32(),
        /** -1: not yet decided. */
        startOffset: int64(),
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
export type ReadShareGroupStateResponse = Decoded<typeof readShareGroupStateResponse>;
