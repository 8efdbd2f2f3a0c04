import {
  array,
  bool,
  int16,
  int32,
  int64,
  int8,
  message,
  string,
  struct,
  uuid,
  type Decoded,
} from '../schema_language.ts';

/** Acknowledges acquired records (KIP-932). 2: renewing (KIP-1222). */
export const shareAcknowledgeRequest = message('ShareAcknowledgeRequest', {
  apiKey: 79,
  versions: '1-2',
  flexible: '0+',
  listeners: ['broker'],
  fields: {
    groupId: string({ nullable: '0+', default: null, entity: 'groupId' }),
    memberId: string({ nullable: '0+' }),
    /** -1 ends the session. */
    shareSessionEpoch: int32(),
    isRenewAck: bool({ versions: '2+', default: false }),
    topics: array({
      topicId: uuid({ mapKey: true }),
      partitions: array({
        partitionIndex: int32({ mapKey: true }),
        acknowledgementBatches: array({
          firstOffset: int64(),
          lastOffset: int64(),
          /** For each offset, or one for all: 0 gap, 1 accept, 2 release, 3 reject, 4 renew. */
          acknowledgeTypes: array(int8()),
        }),
      }),
    }),
  },
});
export type ShareAcknowledgeRequest = Decoded<typeof shareAcknowledgeRequest>;

export const shareAcknowledgeResponse = message('ShareAcknowledgeResponse', {
  apiKey: 79,
  versions: '1-2',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    acquisitionLockTimeoutMs: int32({ versions: '2+', ignorable: true }),
    responses: array({
      topicId: uuid({ mapKey: true }),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+', default: null }),
        currentLeader: struct({
          leaderId: int32(),
          leaderEpoch: int32(),
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
export type ShareAcknowledgeResponse = Decoded<typeof shareAcknowledgeResponse>;
