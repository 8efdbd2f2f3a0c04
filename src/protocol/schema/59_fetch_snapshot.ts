import {
  array,
  int16,
  int32,
  int64,
  message,
  records,
  string,
  struct,
  uint16,
  uuid,
  type Decoded,
} from '../schema_language.ts';

/** Reads a part of a snapshot of the metadata log (KIP-630). 1: directory ids (KIP-853). */
export const fetchSnapshotRequest = message('FetchSnapshotRequest', {
  apiKey: 59,
  versions: '0-1',
  flexible: '0+',
  listeners: ['controller'],
  fields: {
    clusterId: string({ nullable: '0+', default: null, tag: 0 }),
    replicaId: int32({ default: -1, entity: 'brokerId' }),
    maxBytes: int32({ default: 2_147_483_647 }),
    topics: array({
      name: string({ entity: 'topicName' }),
      partitions: array({
        partition: int32(),
        currentLeaderEpoch: int32(),
        snapshotId: struct({
          endOffset: int64(),
          epoch: int32(),
        }),
        /** Of the first byte asked for. */
        position: int64(),
        replicaDirectoryId: uuid({ versions: '1+', tag: 0, ignorable: true }),
      }),
    }),
  },
});
export type FetchSnapshotRequest = Decoded<typeof fetchSnapshotRequest>;

export const fetchSnapshotResponse = message('FetchSnapshotResponse', {
  apiKey: 59,
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32({ ignorable: true }),
    errorCode: int16(),
    topics: array({
      name: string({ entity: 'topicName' }),
      partitions: array({
        index: int32(),
        errorCode: int16(),
        snapshotId: struct({
          endOffset: int64(),
          epoch: int32(),
        }),
        currentLeader: struct(
          {
            leaderId: int32({ entity: 'brokerId' }),
            leaderEpoch: int32(),
          },
          { tag: 0 },
        ),
        /** Of the whole snapshot. */
        size: int64(),
        position: int64(),
        /** A piece of the file, which may begin and end inside a batch. */
        unalignedRecords: records(),
      }),
    }),
    nodeEndpoints: array(
      {
        nodeId: int32({ entity: 'brokerId', mapKey: true }),
        host: string(),
        port: uint16(),
      },
      { versions: '1+', tag: 0 },
    ),
  },
});
export type FetchSnapshotResponse = Decoded<typeof fetchSnapshotResponse>;
