import { array, bool, int16, int32, message, string, uint16, uuid, type Decoded } from '../schema_language.ts';

/** Adds a voter to the metadata quorum (KIP-853). 1: may answer before the change is committed (KIP-1186). */
export const addRaftVoterRequest = message('AddRaftVoterRequest', {
  apiKey: 80,
  versions: '0-1',
  flexible: '0+',
  listeners: ['controller', 'broker'],
  fields: {
    clusterId: string({ nullable: '0+' }),
    timeoutMs: int32(),
    voterId: int32(),
    voterDirectoryId: uuid(),
    listeners: array({
      name: string({ mapKey: true }),
      host: string(),
      port: uint16(),
    }),
    /** False: answer when the change is written, not yet committed. */
    ackWhenCommitted: bool({ versions: '1+', default: true }),
  },
});
export type AddRaftVoterRequest = Decoded<typeof addRaftVoterRequest>;

export const addRaftVoterResponse = message('AddRaftVoterResponse', {
  apiKey: 80,
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', ignorable: true }),
  },
});
export type AddRaftVoterResponse = Decoded<typeof addRaftVoterResponse>;
