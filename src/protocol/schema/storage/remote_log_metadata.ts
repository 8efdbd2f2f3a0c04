import {
  array,
  bool,
  bytes,
  int32,
  int64,
  int8,
  message,
  string,
  struct,
  uuid,
  type Decoded,
} from '../../schema_language.ts';

/** Records of the topic `__remote_log_metadata` (KIP-405). */
export const remoteLogSegmentMetadataRecord = message('RemoteLogSegmentMetadataRecord', {
  apiKey: 0,
  versions: '0',
  flexible: '0+',
  fields: {
    remoteLogSegmentId: struct({
      topicIdPartition: struct({
        name: string(),
        id: uuid(),
        partition: int32(),
      }),
      id: uuid(),
    }),
    startOffset: int64(),
    endOffset: int64(),
    brokerId: int32(),
    maxTimestampMs: int64(),
    eventTimestampMs: int64(),
    segmentLeaderEpochs: array({
      leaderEpoch: int32(),
      offset: int64(),
    }),
    segmentSizeInBytes: int32(),
    /** Of the storage plug-in. */
    customMetadata: bytes({ nullable: '0+', default: null }),
    /** 0 copy started, 1 copy finished, 2 delete started, 3 delete finished. */
    remoteLogSegmentState: int8(),
    txnIndexEmpty: bool({ tag: 0 }),
  },
});
export type RemoteLogSegmentMetadataRecord = Decoded<typeof remoteLogSegmentMetadataRecord>;

export const remoteLogSegmentMetadataUpdateRecord = message('RemoteLogSegmentMetadataUpdateRecord', {
  apiKey: 1,
  versions: '0',
  flexible: '0+',
  fields: {
    remoteLogSegmentId: struct({
      topicIdPartition: struct({
        name: string(),
        id: uuid(),
        partition: int32(),
      }),
      id: uuid(),
    }),
    brokerId: int32(),
    eventTimestampMs: int64(),
    customMetadata: bytes({ nullable: '0+', default: null }),
    /** 0 copy started, 1 copy finished, 2 delete started, 3 delete finished. */
    remoteLogSegmentState: int8(),
  },
});
export type RemoteLogSegmentMetadataUpdateRecord = Decoded<typeof remoteLogSegmentMetadataUpdateRecord>;

export const remotePartitionDeleteMetadataRecord = message('RemotePartitionDeleteMetadataRecord', {
  apiKey: 2,
  versions: '0',
  flexible: '0+',
  fields: {
    topicIdPartition: struct({
      name: string(),
      id: uuid(),
      partition: int32(),
    }),
    brokerId: int32(),
    eventTimestampMs: int64(),
    /** 0 marked, 1 started, 2 finished. */
    remotePartitionDeleteState: int8(),
  },
});
export type RemotePartitionDeleteMetadataRecord = Decoded<typeof remotePartitionDeleteMetadataRecord>;

export const remoteLogSegmentMetadataSnapshotRecord = message('RemoteLogSegmentMetadataSnapshotRecord', {
  apiKey: 3,
  versions: '0',
  flexible: '0+',
  fields: {
    segmentId: uuid(),
    startOffset: int64(),
    endOffset: int64(),
    brokerId: int32(),
    maxTimestampMs: int64(),
    eventTimestampMs: int64(),
    segmentLeaderEpochs: array({
      leaderEpoch: int32(),
      offset: int64(),
    }),
    segmentSizeInBytes: int32(),
    customMetadata: bytes({ nullable: '0+', default: null }),
    remoteLogSegmentState: int8(),
    txnIndexEmpty: bool({ tag: 0 }),
  },
});
export type RemoteLogSegmentMetadataSnapshotRecord = Decoded<typeof remoteLogSegmentMetadataSnapshotRecord>;
