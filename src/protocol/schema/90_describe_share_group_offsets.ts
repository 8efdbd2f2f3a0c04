import { array, int16, int32, int64, message, string, uuid, type Decoded } from '../schema_language.ts';

/** Where share groups stand (KIP-932). 1: the lag (KIP-1226). */
export const describeShareGroupOffsetsRequest = message('DescribeShareGroupOffsetsRequest', {
  apiKey: 90,
  versions: '0-1',
  flexible: '0+',
  listeners: ['broker'],
  fields: {
    groups: array({
      groupId: string({ entity: 'groupId' }),
      /** Null: all. */
      topics: array(
        {
          topicName: string({ entity: 'topicName' }),
          partitions: array(int32()),
        },
        { nullable: '0+' },
      ),
    }),
  },
});
export type DescribeShareGroupOffsetsRequest = Decoded<typeof describeShareGroupOffsetsRequest>;

export const describeShareGroupOffsetsResponse = message('DescribeShareGroupOffsetsResponse', {
  apiKey: 90,
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    groups: array({
      groupId: string({ entity: 'groupId' }),
      topics: array({
        topicName: string({ entity: 'topicName' }),
        topicId: uuid(),
        partitions: array({
          partitionIndex: int32(),
          /** -1: unknown. */
          startOffset: int64(),
          leaderEpoch: int32(),
          lag: int64({ versions: '1+', default: -1, ignorable: true }),
          errorCode: int16(),
          errorMessage: string({ nullable: '0+', default: null }),
        }),
      }),
      errorCode: int16(),
      errorMessage: string({ nullable: '0+', default: null }),
    }),
  },
});
export type DescribeShareGroupOffsetsResponse = Decoded<typeof describeShareGroupOffsetsResponse>;
