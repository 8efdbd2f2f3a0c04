import { int16, int32, message, string, uuid, type Decoded } from '../schema_language.ts';

/** Removes a voter from the metadata quorum (KIP-853). */
export const removeRaftVoterRequest = message('RemoveRaftVoterRequest', {
  apiKey: 81,
  versions: '0',
  flexible: '0+',
  listeners: ['controller', 'broker'],
  fields: {
    clusterId: string({ nullable: '0+' }),
    voterId: int32(),
    voterDirectoryId: uuid(),
  },
});
export type RemoveRaftVoterRequest = Decoded<typeof removeRaftVoterRequest>;

export const removeRaftVoterResponse = message('RemoveRaftVoterResponse', {
  apiKey: 81,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', ignorable: true }),
  },
});
export type RemoveRaftVoterResponse = Decoded<typeof removeRaftVoterResponse>;
