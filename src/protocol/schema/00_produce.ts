import {
  array,
  int16,
  int32,
  int64,
  message,
  records,
  string,
  struct,
  uuid,
  type Decoded,
} from '../schema_language.ts';

/**
 * Appends record batches to partitions.
 *
 * Before version 3 there were other record formats; such requests are refused, although ApiVersions lists them for
 * the sake of old librdkafka. 7: zstd allowed. 8: errors of single records (KIP-467). 10: answers tell the new
 * leader (KIP-951). 12: adds partitions to the transaction implicitly (KIP-890). 13: topic ids (KIP-516).
 */
export const produceRequest = message('ProduceRequest', {
  apiKey: 0,
  versions: '3-13',
  flexible: '9+',
  listeners: ['broker'],
  fields: {
    /** Null unless the producer is transactional. */
    transactionalId: string({ nullable: '0+', default: null, entity: 'transactionalId' }),
    /** 0: no answer at all; 1: written by the leader; -1: written by all in-sync replicas. */
    acks: int16(),
    /** How long to wait for the in-sync replicas. */
    timeoutMs: int32(),
    topicData: array({
      name: string({ versions: '0-12', ignorable: true, entity: 'topicName', mapKey: true }),
      topicId: uuid({ versions: '13+', ignorable: true, mapKey: true }),
      partitionData: array({
        index: int32(),
        records: records({ nullable: '0+' }),
      }),
    }),
  },
});
export type ProduceRequest = Decoded<typeof produceRequest>;

export const produceResponse = message('ProduceResponse', {
  apiKey: 0,
  versions: '3-13',
  flexible: '9+',
  fields: {
    responses: array({
      name: string({ versions: '0-12', ignorable: true, entity: 'topicName', mapKey: true }),
      topicId: uuid({ versions: '13+', ignorable: true, mapKey: true }),
      partitionResponses: array({
        index: int32(),
        errorCode: int16(),
        /** Offset of the first record; -1 on an error. */
        baseOffset: int64(),
        /** -1 for topics with create time. */
        logAppendTimeMs: int64({ default: -1, ignorable: true }),
        logStartOffset: int64({ versions: '5+', default: -1, ignorable: true }),
        /** Which records made the batch be refused. */
        recordErrors: array(
          {
            batchIndex: int32(),
            batchIndexErrorMessage: string({ nullable: '0+', default: null }),
          },
          { versions: '8+', ignorable: true },
        ),
        errorMessage: string({ versions: '8+', nullable: '0+', default: null, ignorable: true }),
        /** Where to go instead, after NOT_LEADER_OR_FOLLOWER. */
        currentLeader: struct(
          {
            leaderId: int32({ default: -1, entity: 'brokerId' }),
            leaderEpoch: int32({ default: -1 }),
          },
          { versions: '10+', tag: 0 },
        ),
      }),
    }),
    throttleTimeMs: int32({ default: 0, ignorable: true }),
    /** Addresses of the leaders named above. */
    nodeEndpoints: array(
      {
        nodeId: int32({ entity: 'brokerId', mapKey: true }),
        host: string(),
        port: int32(),
        rack: string({ nullable: '0+', default: null }),
      },
      { versions: '10+', tag: 0 },
    ),
  },
});
export type ProduceResponse = Decoded<typeof produceResponse>;
