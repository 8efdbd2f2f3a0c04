import { array, int16, int32, message, string, uint16, uuid, type Decoded } from '../schema_language.ts';

/** A leader of the metadata quorum resigns (KIP-595). 1: directory ids, endpoints (KIP-853). */
export const endQuorumEpochRequest = message('EndQuorumEpochRequest', {
  apiKey: 54,
  versions: '0-1',
  flexible: '1+',
  listeners: ['controller'],
  fields: {
    clusterId: string({ nullable: '0+', default: null }),
    topics: array({
      topicName: string({ entity: 'topicName' }),
      partitions: array({
        partitionIndex: int32(),
        leaderId: int32({ entity: 'brokerId' }),
        leaderEpoch: int32(),
        preferredSuccessors: array(int32(), { versions: '0', ignorable: true }),
        preferredCandidates: array(
          {
            candidateId: int32({ entity: 'brokerId' }),
            candidateDirectoryId: uuid(),
          },
          { versions: '1+', ignorable: true },
        ),
      }),
    }),
    leaderEndpoints: array(
      {
        name: string({ mapKey: true }),
        host: string(),
        port: uint16(),
      },
      { versions: '1+', ignorable: true },
    ),
  },
});
export type EndQuorumEpochRequest = Decoded<typeof endQuorumEpochRequest>;

export const endQuorumEpochResponse = message('EndQuorumEpochResponse', {
  apiKey: 54,
  versions: '0-1',
  flexible: '1+',
  fields: {
    errorCode: int16(),
    topics: array({
      topicName: string({ entity: 'topicName' }),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        leaderId: int32({ entity: 'brokerId' }),
        leaderEpoch: int32(),
      }),
    }),
    nodeEndpoints: array(
      {
        nodeId: int32({ entity: 'brokerId', mapKey: true }),
        host: string(),
        port: uint16(),
      },
      { versions: '1+', tag: 0 },
    ),
  },
});
export type EndQuorumEpochResponse = Decoded<typeof endQuorumEpochResponse>;
