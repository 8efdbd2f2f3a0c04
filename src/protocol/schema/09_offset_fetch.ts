import { array, bool, int16, int32, int64, message, string, uuid, type Decoded } from '../schema_language.ts';

/**
 * Committed offsets of consumer groups.
 *
 * 2: all topics (null). 7: only stable offsets (KIP-447). 8: several groups in one request (KIP-709). 9: member id
 * and epoch (KIP-848). 10: topic ids.
 */
export const offsetFetchRequest = message('OffsetFetchRequest', {
  apiKey: 9,
  versions: '1-10',
  flexible: '6+',
  listeners: ['broker'],
  fields: {
    groupId: string({ versions: '0-7', entity: 'groupId' }),
    /** Null: all topics. */
    topics: array(
      {
        name: string({ entity: 'topicName' }),
        partitionIndexes: array(int32()),
      },
      { versions: '0-7', nullable: '2-7' },
    ),
    groups: array(
      {
        groupId: string({ entity: 'groupId' }),
        memberId: string({ versions: '9+', nullable: '0+', default: null, ignorable: true }),
        memberEpoch: int32({ versions: '9+', default: -1, ignorable: true }),
        topics: array(
          {
            name: string({ versions: '8-9', ignorable: true, entity: 'topicName' }),
            topicId: uuid({ versions: '10+', ignorable: true }),
            partitionIndexes: array(int32()),
          },
          { nullable: '0+' },
        ),
      },
      { versions: '8+' },
    ),
    /** Refuse offsets that belong to an open transaction. */
    requireStable: bool({ versions: '7+', default: false }),
  },
});
export type OffsetFetchRequest = Decoded<typeof offsetFetchRequest>;

export const offsetFetchResponse = message('OffsetFetchResponse', {
  apiKey: 9,
  versions: '1-10',
  flexible: '6+',
  fields: {
    throttleTimeMs: int32({ versions: '3+', ignorable: true }),
    topics: array(
      {
        name: string({ entity: 'topicName' }),
        partitions: array({
          partitionIndex: int32(),
          /** -1: nothing committed. */
          committedOffset: int64(),
          committedLeaderEpoch: int32({ versions: '5-7', default: -1, ignorable: true }),
          metadata: string({ nullable: '0+' }),
          errorCode: int16(),
        }),
      },
      { versions: '0-7' },
    ),
    errorCode: int16({ versions: '2-7', default: 0, ignorable: true }),
    groups: array(
      {
        groupId: string({ entity: 'groupId' }),
        topics: array({
          name: string({ versions: '8-9', ignorable: true, entity: 'topicName' }),
          topicId: uuid({ versions: '10+', ignorable: true }),
          partitions: array({
            partitionIndex: int32(),
            committedOffset: int64(),
            committedLeaderEpoch: int32({ default: -1, ignorable: true }),
            metadata: string({ nullable: '0+' }),
            errorCode: int16(),
          }),
        }),
        errorCode: int16({ default: 0 }),
      },
      { versions: '8+' },
    ),
  },
});
export type OffsetFetchResponse = Decoded<typeof offsetFetchResponse>;
