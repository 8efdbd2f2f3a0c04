import { array, int16, int32, int64, message, string, uuid, type Decoded } from '../schema_language.ts';

/** The group coordinator begins the state of a share partition at the share coordinator (KIP-932). */
export const initializeShareGroupStateRequest = message('InitializeShareGroupStateRequest', {
  apiKey: 83,
  versions: '0',
  flexible: '0+',
  listeners: ['broker'],
  fields: {
    groupId: string(),
    topics: array({
      topicId: uuid(),
      partitions: array({
        partition: int32(),
        stateEpoch: int32(),
        /** -1: to be decided by the leader, from the group's reset policy. */
        startOffset: int64(),
      }),
    }),
  },
});
export type InitializeShareGroupStateRequest = Decoded<typeof initializeShareGroupStateRequest>;

export const initializeShareGroupStateResponse = message('InitializeShareGroupStateResponse', {
  apiKey: 83,
  versions: '0',
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
export type InitializeShareGroupStateResponse = Decoded<typeof initializeShareGroupStateResponse>;
