import { int32, int64, message, string, type Decoded } from '../../schema_language.ts';

/** An offset committed by versions before 0.9: read, never written. */
export const legacyOffsetCommitKey = message('LegacyOffsetCommitKey', {
  apiKey: 0,
  versions: '0',
  fields: {
    group: string(),
    topic: string(),
    partition: int32(),
  },
});
export type LegacyOffsetCommitKey = Decoded<typeof legacyOffsetCommitKey>;

export const legacyOffsetCommitValue = message('LegacyOffsetCommitValue', {
  apiKey: 0,
  versions: '0',
  fields: {
    offset: int64(),
    metadata: string(),
    commitTimestamp: int64(),
  },
});
export type LegacyOffsetCommitValue = Decoded<typeof legacyOffsetCommitValue>;
