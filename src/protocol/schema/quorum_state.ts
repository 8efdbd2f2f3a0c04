import { array, int32, int64, message, string, uuid, type Decoded } from '../schema_language.ts';

/**
 * The file `quorum-state` of the metadata log (as JSON there): the vote of this node, which must outlive it. 1:
 * directory ids (KIP-853).
 */
export const quorumStateData = message('QuorumStateData', {
  versions: '0-1',
  flexible: '0+',
  fields: {
    clusterId: string({ versions: '0' }),
    /** -1: unknown. */
    leaderId: int32({ default: -1 }),
    leaderEpoch: int32({ default: -1 }),
    /** -1: no vote in this epoch. */
    votedId: int32({ default: -1 }),
    votedDirectoryId: uuid({ versions: '1+' }),
    /** Not used any more. */
    appliedOffset: int64({ versions: '0' }),
    /** Not used any more. */
    currentVoters: array(
      {
        voterId: int32(),
      },
      { versions: '0', nullable: '0+' },
    ),
  },
});
export type QuorumStateData = Decoded<typeof quorumStateData>;
