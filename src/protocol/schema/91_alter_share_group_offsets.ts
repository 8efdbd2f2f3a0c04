import { array, int16, int32, int64, message, string, uuid, type Decoded } from '../schema_language.ts';

/** Sets where a share group without members stands (KIP-932). */
export const alterShareGroupOffsetsRequest = message('AlterShareGroupOffsetsRequest', {
  apiKey: 91,
  versions: '0',
  flexible: '0+',
  listeners: ['broker'],
  fields: {
    groupId: string({ entity: 'groupId' }),
    topics: array({
      topicName: string({ entity: 'topicName', mapKey: true }),
      partitions: array({
        partitionIndex: int32(),
        startOffset: int64(),
      }),
    }),
  },
});
export type AlterShareGroupOffsetsRequest = Decoded<typeof alterShareGroupOffsetsRequest>;

export const alterShareGroupOffsetsResponse = message('AlterShareGroupOffsetsResponse', {
  apiKey: 91,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    responses: array({
      topicName: string({ entity: 'topicName', mapKey: true }),
      topicId: uuid(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+', default: null }),
      }),
    }),
  },
});
export type AlterShareGroupOffsetsResponse = Decoded<typeof alterShareGroupOffsetsResponse>;
