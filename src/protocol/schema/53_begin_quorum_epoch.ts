import { array, int16, int32, message, string, uint16, uuid, type Decoded } from '../schema_language.ts';

/**
 * A new leader of the metadata quorum announces itself to the voters (KIP-595). 1: directory ids, endpoints
 * (KIP-853).
 */
export const beginQuorumEpochRequest = message('BeginQuorumEpochRequest', {
  apiKey: 53,
  versions: '0-1',
  flexible: '1+',
  listeners: ['controller'],
  fields: {
    clusterId: string({ nullable: '0+', default: null }),
    voterId: int32({ versions: '1+', default: -1, ignorable: true, entity: 'brokerId' }),
    topics: array({
      topicName: string({ entity: 'topicName' }),
      partitions: array({
        partitionIndex: int32(),
        voterDirectoryId: uuid({ versions: '1+', ignorable: true }),
        leaderId: int32({ entity: 'brokerId' }),
        leaderEpoch: int32(),
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
export type BeginQuorumEpochRequest = Decoded<typeof beginQuorumEpochRequest>;

export const beginQuorumEpochResponse = message('BeginQuorumEpochResponse', {
  apiKey: 53,
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
export type BeginQuorumEpochResponse = Decoded<typeof beginQuorumEpochResponse>;
