import { array, int16, int32, message, string, struct, uint16, uuid, type Decoded } from '../schema_language.ts';

/** A voter of the metadata quorum tells its endpoints and versions (KIP-853). */
export const updateRaftVoterRequest = message('UpdateRaftVoterRequest', {
  apiKey: 82,
  versions: '0',
  flexible: '0+',
  listeners: ['controller'],
  fields: {
    clusterId: string({ nullable: '0+' }),
    currentLeaderEpoch: int32(),
    voterId: int32(),
    voterDirectoryId: uuid(),
    listeners: array({
      name: string({ mapKey: true }),
      host: string(),
      port: uint16(),
    }),
    /** Versions of the quorum protocol that the voter understands. */
    kRaftVersionFeature: struct({
      minSupportedVersion: int16(),
      maxSupportedVersion: int16(),
    }),
  },
});
export type UpdateRaftVoterRequest = Decoded<typeof updateRaftVoterRequest>;

export const updateRaftVoterResponse = message('UpdateRaftVoterResponse', {
  apiKey: 82,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    currentLeader: struct(
      {
        leaderId: int32({ default: -1, entity: 'brokerId' }),
        leaderEpoch: int32({ default: -1 }),
        host: string(),
        port: int32(),
      },
      { tag: 0 },
    ),
  },
});
export type UpdateRaftVoterResponse = Decoded<typeof updateRaftVoterResponse>;
