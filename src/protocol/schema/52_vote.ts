import { array, bool, int16, int32, int64, message, string, uint16, uuid, type Decoded } from '../schema_language.ts';

/**
 * A candidate of the metadata quorum asks for a vote (KIP-595). 1: voters have directory ids (KIP-853). 2: votes
 * before the election (KIP-996).
 */
export const voteRequest = message('VoteRequest', {
  apiKey: 52,
  versions: '0-2',
  flexible: '0+',
  listeners: ['controller'],
  fields: {
    clusterId: string({ nullable: '0+', default: null }),
    voterId: int32({ versions: '1+', default: -1, ignorable: true, entity: 'brokerId' }),
    topics: array({
      topicName: string({ entity: 'topicName' }),
      partitions: array({
        partitionIndex: int32(),
        replicaEpoch: int32(),
        replicaId: int32({ entity: 'brokerId' }),
        replicaDirectoryId: uuid({ versions: '1+', ignorable: true }),
        /** Of the voter that is asked. */
        voterDirectoryId: uuid({ versions: '1+', ignorable: true }),
        lastOffsetEpoch: int32(),
        lastOffset: int64(),
        /** Whether it would get the vote; nobody's epoch changes. */
        preVote: bool({ versions: '2+' }),
      }),
    }),
  },
});
export type VoteRequest = Decoded<typeof voteRequest>;

export const voteResponse = message('VoteResponse', {
  apiKey: 52,
  versions: '0-2',
  flexible: '0+',
  fields: {
    errorCode: int16(),
    topics: array({
      topicName: string({ entity: 'topicName' }),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        leaderId: int32({ entity: 'brokerId' }),
        leaderEpoch: int32(),
        voteGranted: bool(),
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
export type VoteResponse = Decoded<typeof voteResponse>;
