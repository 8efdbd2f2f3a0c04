import { array, int16, int32, message, string, uuid, type Decoded } from '../schema_language.ts';

/** Forgets where a share group stands (KIP-932). */
export const deleteShareGroupOffsetsRequest = message('DeleteShareGroupOffsetsRequest', {
  apiKey: 92,
  versions: '0',
  flexible: '0+',
  listeners: ['broker'],
  fields: {
    groupId: string({ entity: 'groupId' }),
    topics: array({
      topicName: string({ entity: 'topicName' }),
    }),
  },
});
export type DeleteShareGroupOffsetsRequest = Decoded<typeof deleteShareGroupOffsetsRequest>;

export const deleteShareGroupOffsetsResponse = message('DeleteShareGroupOffsetsResponse', {
  apiKey: 92,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    responses: array({
      topicName: string({ entity: 'topicName' }),
      topicId: uuid(),
      errorCode: int16(),
      errorMessage: string({ nullable: '0+', default: null }),
    }),
  },
});
export type DeleteShareGroupOffsetsResponse = Decoded<typeof deleteShareGroupOffsetsResponse>;
