import { array, bool, int16, int32, int8, message, string, type Decoded } from '../schema_language.ts';

/**
 * Brokers or controllers of the cluster, without topics (KIP-700). 1: kind of endpoint (KIP-919). 2: fenced brokers
 * too.
 */
export const describeClusterRequest = message('DescribeClusterRequest', {
  apiKey: 60,
  versions: '0-2',
  flexible: '0+',
  listeners: ['broker', 'controller'],
  fields: {
    includeClusterAuthorizedOperations: bool(),
    /** 1 brokers, 2 controllers. */
    endpointType: int8({ versions: '1+', default: 1 }),
    includeFencedBrokers: bool({ versions: '2+' }),
  },
});
export type DescribeClusterRequest = Decoded<typeof describeClusterRequest>;

export const describeClusterResponse = message('DescribeClusterResponse', {
  apiKey: 60,
  versions: '0-2',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    endpointType: int8({ versions: '1+', default: 1 }),
    clusterId: string(),
    controllerId: int32({ default: -1, entity: 'brokerId' }),
    brokers: array({
      brokerId: int32({ entity: 'brokerId', mapKey: true }),
      host: string(),
      port: int32(),
      rack: string({ nullable: '0+', default: null }),
      isFenced: bool({ versions: '2+' }),
    }),
    /** A bit for each operation; the least int32 when not asked for. */
    clusterAuthorizedOperations: int32({ default: -2_147_483_648 }),
  },
});
export type DescribeClusterResponse = Decoded<typeof describeClusterResponse>;
