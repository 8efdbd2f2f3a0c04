import { array, bigInt64, int16, int32, int64, message, string, uuid, type Decoded } from '../schema_language.ts';

/**
 * Commits offsets of a consumer group.
 *
 * 6: leader epochs. 7: static members. 9: groups of the consumer protocol (KIP-848). 10: topic ids (KIP-848).
 */
export const offsetCommitRequest = message('OffsetCommitRequest', {
  apiKey: 8,
  versions: '2-10',
  flexible: '8+',
  listeners: ['broker'],
  fields: {
    groupId: string({ entity: 'groupId' }),
    /** Generation of a classic group, member epoch of a consumer group; -1 for commits from outside. */
    generationIdOrMemberEpoch: int32({ default: -1, ignorable: true }),
    memberId: string({ ignorable: true }),
    /** Of a static member (KIP-345). */
    groupInstanceId: string({ versions: '7+', nullable: '0+', default: null }),
    /** -1: as the broker is configured. */
    retentionTimeMs: bigInt64({ versions: '2-4', default: -1n, ignorable: true }),
    topics: array({
      name: string({ versions: '0-9', ignorable: true, entity: 'topicName' }),
      topicId: uuid({ versions: '10+', ignorable: true }),
      partitions: array({
        partitionIndex: int32(),
        committedOffset: int64(),
        committedLeaderEpoch: int32({ versions: '6+', default: -1, ignorable: true }),
        /** Whatever the client wants to keep beside the offset. */
        committedMetadata: string({ nullable: '0+' }),
      }),
    }),
  },
});
export type OffsetCommitRequest = Decoded<typeof offsetCommitRequest>;

export const offsetCommitResponse = message('OffsetCommitResponse', {
  apiKey: 8,
  versions: '2-10',
  flexible: '8+',
  fields: {
    throttleTimeMs: int32({ versions: '3+', ignorable: true }),
    topics: array({
      name: string({ versions: '0-9', ignorable: true, entity: 'topicName' }),
      topicId: uuid({ versions: '10+', ignorable: true }),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
      }),
    }),
  },
});
export type OffsetCommitResponse = Decoded<typeof offsetCommitResponse>;
