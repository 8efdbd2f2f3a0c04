import { int32, int64, message, string, uuid, type Decoded } from '../../schema_language.ts';

/** An offset committed by a group. A null value removes it. */
export const offsetCommitKey = message('OffsetCommitKey', {
  apiKey: 1,
  versions: '0',
  fields: {
    group: string(),
    topic: string(),
    partition: int32(),
  },
});
export type OffsetCommitKey = Decoded<typeof offsetCommitKey>;

export const offsetCommitValue = message('OffsetCommitValue', {
  apiKey: 1,
  versions: '0-4',
  flexible: '4+',
  fields: {
    offset: int64(),
    leaderEpoch: int32({ versions: '3+', default: -1, ignorable: true }),
    metadata: string(),
    commitTimestamp: int64(),
    /** -1: by the group's retention. */
    expireTimestamp: int64({ versions: '1', default: -1, ignorable: true }),
    topicId: uuid({ versions: '4+', tag: 0, ignorable: true }),
  },
});
export type OffsetCommitValue = Decoded<typeof offsetCommitValue>;
