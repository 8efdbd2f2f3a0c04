import { array, int16, int32, int64, int8, message, string, uuid, type Decoded } from '../../schema_language.ts';

/** State of a share partition, in full (KIP-932). */
export const shareSnapshotKey = message('ShareSnapshotKey', {
  apiKey: 0,
  versions: '0',
  fields: {
    groupId: string(),
    topicId: uuid(),
    partition: int32(),
  },
});
export type ShareSnapshotKey = Decoded<typeof shareSnapshotKey>;

export const shareSnapshotValue = message('ShareSnapshotValue', {
  apiKey: 0,
  versions: '0',
  flexible: '0+',
  fields: {
    /** Grows with each snapshot; updates carry that of the snapshot they follow. */
    snapshotEpoch: int32(),
    stateEpoch: int32(),
    leaderEpoch: int32(),
    startOffset: int64(),
    deliveryCompleteCount: int32({ default: -1, tag: 0 }),
    createTimestamp: int64(),
    writeTimestamp: int64(),
    /** Ranges of offsets in one state. */
    stateBatches: array({
      firstOffset: int64(),
      lastOffset: int64(),
      /** 0 available, 2 acknowledged, 4 archived. */
      deliveryState: int8(),
      deliveryCount: int16(),
    }),
  },
});
export type ShareSnapshotValue = Decoded<typeof shareSnapshotValue>;
