import { array, int16, int32, message, string, uuid, type Decoded } from '../schema_language.ts';

/** Deletes the state of a share partition (KIP-932). */
export const deleteShareGroupStateRequest = message('DeleteShareGroupStateRequest', {
  apiKey: 86,
  versions: '0',
  flexible: '0+',
  listeners: ['broker'],
  fields: {
    groupId: string(),
    topics: array({
      topicId: uuid(),
      partitions: array({
        partition: int32(),
      }),
    }),
  },
});
export type DeleteShareGroupStateRequest = Decoded<typeof deleteShareGroupStateRequest>;

export const deleteShareGroupStateResponse = message('DeleteShareGroupStateResponse', {
  apiKey: 86,
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
export type DeleteShareGroupStateResponse = Decoded<typeof deleteShareGroupStateResponse>;
