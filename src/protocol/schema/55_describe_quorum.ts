import { array, int16, int32, int64, message, string, uint16, uuid, type Decoded } from '../schema_language.ts';

/**
 * Leader, voters and observers of the metadata quorum (KIP-595). 1: times (KIP-836). 2: directory ids, nodes
 * (KIP-853).
 */

export const describeQuorumRequest = message('DescribeQuorumRequest', {
  apiKey: 55,
  versions: '0-2',
  flexible: '0+',
  listeners: ['broker', 'controller'],
  fields: {
    topics: array({
      topicName: string({ entity: 'topicName' }),
      partitions: array({
        partitionIndex: int32(),
      }),
    }),
  },
});
export type DescribeQuorumRequest = Decoded<typeof describeQuorumRequest>;

const replicaState = {
  replicaId: int32({ entity: 'brokerId' }),
  replicaDirectoryId: uuid({ versions: '2+' }),
  logEndOffset: int64(),
  /** -1: unknown. */
  lastFetchTimestamp: int64({ versions: '1+', default: -1, ignorable: true }),
  lastCaughtUpTimestamp: int64({ versions: '1+', default: -1, ignorable: true }),
};

export const describeQuorumResponse = message('DescribeQuorumResponse', {
  apiKey: 55,
  versions: '0-2',
  flexible: '0+',
  fields: {
    errorCode: int16(),
    errorMessage: string({ versions: '2+', nullable: '0+', ignorable: true }),
    topics: array({
      topicName: string({ entity: 'topicName' }),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: string({ versions: '2+', nullable: '0+', ignorable: true }),
        leaderId: int32({ entity: 'brokerId' }),
        leaderEpoch: int32(),
        highWatermark: int64(),
        currentVoters: array(replicaState),
        observers: array(replicaState),
      }),
    }),
    nodes: array(
      {
        nodeId: int32({ entity: 'brokerId', mapKey: true }),
        listeners: array({
          name: string({ mapKey: true }),
          host: string(),
          port: uint16(),
        }),
      },
      { versions: '2+' },
    ),
  },
});
export type DescribeQuorumResponse = Decoded<typeof describeQuorumResponse>;
