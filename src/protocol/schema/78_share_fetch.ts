import {
  array,
  bool,
  int16,
  int32,
  int64,
  int8,
  message,
  records,
  string,
  struct,
  uuid,
  type Decoded,
} from '../schema_language.ts';

/**
 * Acquires records for a share group, and acknowledges acquired ones (KIP-932). 2: renewing (KIP-1222) and how
 * strictly to take the limit of records (KIP-1206).
 */
export const shareFetchRequest = message('ShareFetchRequest', {
  apiKey: 78,
  versions: '1-2',
  flexible: '0+',
  listeners: ['broker'],
  fields: {
    groupId: string({ nullable: '0+', default: null, entity: 'groupId' }),
    memberId: string({ nullable: '0+' }),
    /** -1 ends the session, 0 begins one. */
    shareSessionEpoch: int32(),
    maxWaitMs: int32(),
    minBytes: int32(),
    maxBytes: int32({ default: 2_147_483_647 }),
    maxRecords: int32(),
    /** How many records one range of acquired records should hold. */
    batchSize: int32(),
    /** 0: whole batches; 1: no more than `maxRecords`. */
    shareAcquireMode: int8({ versions: '2+', default: 0, ignorable: true }),
    isRenewAck: bool({ versions: '2+', default: false }),
    topics: array({
      topicId: uuid({ mapKey: true }),
      partitions: array({
        partitionIndex: int32({ mapKey: true }),
        partitionMaxBytes: int32({ versions: '0' }),
        acknowledgementBatches: array({
          firstOffset: int64(),
          lastOffset: int64(),
          /** For each offset, or one for all: 0 gap, 1 accept, 2 release, 3 reject, 4 renew. */
          acknowledgeTypes: array(int8()),
        }),
      }),
    }),
    forgottenTopicsData: array({
      topicId: uuid(),
      partitions: array(int32()),
    }),
  },
});
export type ShareFetchRequest = Decoded<typeof shareFetchRequest>;

export const shareFetchResponse = message('ShareFetchResponse', {
  apiKey: 78,
  versions: '1-2',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    acquisitionLockTimeoutMs: int32(),
    responses: array({
      topicId: uuid({ mapKey: true }),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+', default: null }),
        acknowledgeErrorCode: int16(),
        acknowledgeErrorMessage: string({ nullable: '0+', default: null }),
        currentLeader: struct({
          leaderId: int32(),
          leaderEpoch: int32(),
        }),
        records: records({ nullable: '0' }),
        /** Ranges of offsets that are the member's until the lock times out. */
        acquiredRecords: array({
          firstOffset: int64(),
          lastOffset: int64(),
          deliveryCount: int16(),
        }),
      }),
    }),
    nodeEndpoints: array({
      nodeId: int32({ entity: 'brokerId', mapKey: true }),
      host: string(),
      port: int32(),
      rack: string({ nullable: '0+', default: null }),
    }),
  },
});
export type ShareFetchResponse = Decoded<typeof shareFetchResponse>;
