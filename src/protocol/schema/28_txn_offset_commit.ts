import { array, bigInt64, int16, int32, int64, message, string, type Decoded } from '../schema_language.ts';

/**
 * Commits offsets as part of a transaction.
 *
 * 3: generation, member and instance (KIP-447). 5: adds the offsets partition to the transaction implicitly
 * (KIP-890).
 */
export const txnOffsetCommitRequest = message('TxnOffsetCommitRequest', {
  apiKey: 28,
  versions: '0-5',
  flexible: '3+',
  listeners: ['broker'],
  fields: {
    transactionalId: string({ entity: 'transactionalId' }),
    groupId: string({ entity: 'groupId' }),
    producerId: bigInt64({ entity: 'producerId' }),
    producerEpoch: int16(),
    /** -1: not a member. */
    generationId: int32({ versions: '3+', default: -1 }),
    memberId: string({ versions: '3+', default: '' }),
    /** Of a static member (KIP-345). */
    groupInstanceId: string({ versions: '3+', nullable: '0+', default: null }),
    topics: array({
      name: string({ entity: 'topicName' }),
      partitions: array({
        partitionIndex: int32(),
        committedOffset: int64(),
        committedLeaderEpoch: int32({ versions: '2+', default: -1, ignorable: true }),
        /** Whatever the client wants to keep beside the offset. */
        committedMetadata: string({ nullable: '0+' }),
      }),
    }),
  },
});
export type TxnOffsetCommitRequest = Decoded<typeof txnOffsetCommitRequest>;

export const txnOffsetCommitResponse = message('TxnOffsetCommitResponse', {
  apiKey: 28,
  versions: '0-5',
  flexible: '3+',
  fields: {
    throttleTimeMs: int32(),
    topics: array({
      name: string({ entity: 'topicName' }),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
      }),
    }),
  },
});
export type TxnOffsetCommitResponse = Decoded<typeof txnOffsetCommitResponse>;
