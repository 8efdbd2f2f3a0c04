import {
  array,
  bigInt64,
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
 * Reads record batches: for consumers, for followers, and for the metadata quorum.
 *
 * 7: incremental sessions (KIP-227). 9: leader epochs (KIP-320). 12: divergence is told to followers (KIP-595). 13:
 * topic ids (KIP-516). 15: replica state in place of the replica id (KIP-903). 16: answers tell the new leader
 * (KIP-951). 17: directory ids (KIP-853). 18: the follower's watermark (KIP-1166).
 */
export const fetchRequest = message('FetchRequest', {
  apiKey: 1,
  versions: '4-18',
  flexible: '12+',
  listeners: ['broker', 'controller'],
  fields: {
    /** Checked when replicas of the metadata log fetch. */
    clusterId: string({ versions: '12+', nullable: '0+', default: null, tag: 0, ignorable: true }),
    /** -1 for consumers. */
    replicaId: int32({ versions: '0-14', default: -1, entity: 'brokerId' }),
    /** Of a follower. */
    replicaState: struct(
      {
        replicaId: int32({ default: -1, entity: 'brokerId' }),
        replicaEpoch: int64({ default: -1 }),
      },
      { versions: '15+', tag: 1 },
    ),
    maxWaitMs: int32(),
    /** The answer waits for so many bytes, up to `maxWaitMs`. */
    minBytes: int32(),
    /** Not strict: the first batch is sent whole (KIP-74). */
    maxBytes: int32({ default: 2_147_483_647, ignorable: true }),
    /** 0 read uncommitted, 1 read committed. */
    isolationLevel: int8({ default: 0, ignorable: true }),
    sessionId: int32({ versions: '7+', default: 0, ignorable: true }),
    /** -1: no session; 0: begins one. */
    sessionEpoch: int32({ versions: '7+', default: -1, ignorable: true }),
    topics: array({
      topic: string({ versions: '0-12', ignorable: true, entity: 'topicName' }),
      topicId: uuid({ versions: '13+', ignorable: true }),
      partitions: array({
        partition: int32(),
        /** -1: the client does not know. */
        currentLeaderEpoch: int32({ versions: '9+', default: -1, ignorable: true }),
        fetchOffset: int64(),
        /** Epoch of the last record that the follower has; -1 if it has none. */
        lastFetchedEpoch: int32({ versions: '12+', default: -1 }),
        /** Of the follower. */
        logStartOffset: int64({ versions: '5+', default: -1, ignorable: true }),
        partitionMaxBytes: int32(),
        replicaDirectoryId: uuid({ versions: '17+', tag: 0, ignorable: true }),
        /** Known to the follower: -1 unknown; the default says that the follower does not tell it. */
        highWatermark: bigInt64({ versions: '18+', default: 9223372036854775807n, tag: 1, ignorable: true }),
      }),
    }),
    /** Partitions that leave the session. */
    forgottenTopicsData: array(
      {
        topic: string({ versions: '7-12', ignorable: true, entity: 'topicName' }),
        topicId: uuid({ versions: '13+', ignorable: true }),
        partitions: array(int32()),
      },
      { versions: '7+' },
    ),
    rackId: string({ versions: '11+', default: '', ignorable: true }),
  },
});
export type FetchRequest = Decoded<typeof fetchRequest>;

export const fetchResponse = message('FetchResponse', {
  apiKey: 1,
  versions: '4-18',
  flexible: '12+',
  fields: {
    throttleTimeMs: int32({ ignorable: true }),
    errorCode: int16({ versions: '7+', ignorable: true }),
    /** 0: no session. */
    sessionId: int32({ versions: '7+', default: 0 }),
    responses: array({
      topic: string({ versions: '0-12', ignorable: true, entity: 'topicName' }),
      topicId: uuid({ versions: '13+', ignorable: true }),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        highWatermark: int64(),
        /** Before it every transaction is decided. */
        lastStableOffset: int64({ default: -1, ignorable: true }),
        logStartOffset: int64({ versions: '5+', default: -1, ignorable: true }),
        /** Up to where the follower's log may agree with ours; set when it does not agree at the fetch offset. */
        divergingEpoch: struct(
          {
            epoch: int32({ default: -1 }),
            endOffset: int64({ default: -1 }),
          },
          { versions: '12+', tag: 0 },
        ),
        /** Where to go instead, after NOT_LEADER_OR_FOLLOWER or FENCED_LEADER_EPOCH. */
        currentLeader: struct(
          {
            leaderId: int32({ default: -1, entity: 'brokerId' }),
            leaderEpoch: int32({ default: -1 }),
          },
          { versions: '12+', tag: 1 },
        ),
        /** The snapshot to fetch instead: the offset lies before the start of the metadata log. */
        snapshotId: struct(
          {
            endOffset: int64({ default: -1 }),
            epoch: int32({ default: -1 }),
          },
          { versions: '12+', tag: 2 },
        ),
        /** By first offset; null unless read committed is asked for. */
        abortedTransactions: array(
          {
            producerId: bigInt64({ entity: 'producerId' }),
            firstOffset: int64(),
          },
          { nullable: '0+', ignorable: true },
        ),
        /** A nearer replica to fetch from (KIP-392); -1 for none. */
        preferredReadReplica: int32({ versions: '11+', default: -1, entity: 'brokerId' }),
        records: records({ nullable: '0+' }),
      }),
    }),
    nodeEndpoints: array(
      {
        nodeId: int32({ entity: 'brokerId', mapKey: true }),
        host: string(),
        port: int32(),
        rack: string({ nullable: '0+', default: null }),
      },
      { versions: '16+', tag: 0 },
    ),
  },
});
export type FetchResponse = Decoded<typeof fetchResponse>;
