import { array, int16, int32, int64, int8, message, string, uuid, type Decoded } from '../../schema_language.ts';

/** What changed in the state of a share partition since its last snapshot (KIP-932). */
export const shareUpdateKey = message('ShareUpdateKey', {
  apiKey: 1,
  versions: '0',
  fields: {
    groupId: string(),
    topicId: uuid(),
    partition: int32(),
  },
});
export type ShareUpdateKey = Decoded<typeof shareUpdateKey>;

export const shareUpdateValue = message('ShareUpdateValue', {
  apiKey: 1,
  versions: '0',
  flexible: '0+',
  fields: {
    snapshotEpoch: int32(),
    leaderEpoch: int32(),
    /** -1: unchanged. */
    startOffset: int64(),
    deliveryCompleteCount: int32({ default: -1, tag: 0 }),
    stateBatches: array({
      firstOffset: int64(),
      lastOffset: int64(),
      deliveryState: int8(),
      deliveryCount: int16(),
    }),
  },
});
export type ShareUpdateValue = Decoded<typeof shareUpdateValue>;
