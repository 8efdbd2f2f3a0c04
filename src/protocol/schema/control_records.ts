import { array, int16, int32, int64, message, string, struct, uint16, uuid, type Decoded } from '../schema_language.ts';

/** Records of control batches: the key tells the kind, the value is one of these messages. */

export const controlRecordTypeSchema = message('ControlRecordTypeSchema', {
  versions: '0',
  fields: {
    /** 0 abort, 1 commit, 2 leader change, 3 snapshot header, 4 snapshot footer, 5 quorum version, 6 voters. */
    type: int16(),
  },
});
export type ControlRecordTypeSchema = Decoded<typeof controlRecordTypeSchema>;

export const endTxnMarker = message('EndTxnMarker', {
  versions: '0',
  fields: {
    coordinatorEpoch: int32(),
  },
});
export type EndTxnMarker = Decoded<typeof endTxnMarker>;

const voter = {
  voterId: int32(),
  voterDirectoryId: uuid({ versions: '1+' }),
};

export const leaderChangeMessage = message('LeaderChangeMessage', {
  versions: '0-1',
  flexible: '0+',
  fields: {
    version: int16(),
    leaderId: int32({ entity: 'brokerId' }),
    voters: array(voter),
    /** Who elected the leader. */
    grantingVoters: array(voter),
  },
});
export type LeaderChangeMessage = Decoded<typeof leaderChangeMessage>;

export const snapshotHeaderRecord = message('SnapshotHeaderRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    version: int16(),
    /** Of the last batch that is in the snapshot. */
    lastContainedLogTimestamp: int64(),
  },
});
export type SnapshotHeaderRecord = Decoded<typeof snapshotHeaderRecord>;

export const snapshotFooterRecord = message('SnapshotFooterRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    version: int16(),
  },
});
export type SnapshotFooterRecord = Decoded<typeof snapshotFooterRecord>;

export const kRaftVersionRecord = message('KRaftVersionRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    version: int16(),
    kRaftVersion: int16(),
  },
});
export type KRaftVersionRecord = Decoded<typeof kRaftVersionRecord>;

export const votersRecord = message('VotersRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    version: int16(),
    voters: array({
      voterId: int32({ entity: 'brokerId' }),
      voterDirectoryId: uuid(),
      endpoints: array({
        name: string({ mapKey: true }),
        host: string(),
        port: uint16(),
      }),
      kRaftVersionFeature: struct({
        minSupportedVersion: int16(),
        maxSupportedVersion: int16(),
      }),
    }),
  },
});
export type VotersRecord = Decoded<typeof votersRecord>;
