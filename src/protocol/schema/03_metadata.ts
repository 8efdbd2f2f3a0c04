import { array, bool, int16, int32, message, string, uuid, type Decoded } from '../schema_language.ts';

/**
 * Brokers, topics, partitions and their leaders: how clients find their way.
 *
 * 4: may create topics. 5: offline replicas. 7: leader epochs. 10: topic ids (KIP-516). 12: may ask by topic id. 13:
 * a top-level error, which tells clients to bootstrap anew (KIP-1102).
 */
export const metadataRequest = message('MetadataRequest', {
  apiKey: 3,
  versions: '0-13',
  flexible: '9+',
  listeners: ['broker'],
  fields: {
    /** Null: all topics. Version 0: all for the empty array, too. */
    topics: array(
      {
        topicId: uuid({ versions: '10+', ignorable: true }),
        /** Null when asked by id. */
        name: string({ nullable: '10+', entity: 'topicName' }),
      },
      { nullable: '1+' },
    ),
    allowAutoTopicCreation: bool({ versions: '4+', default: true }),
    includeClusterAuthorizedOperations: bool({ versions: '8-10' }),
    includeTopicAuthorizedOperations: bool({ versions: '8+' }),
  },
});
export type MetadataRequest = Decoded<typeof metadataRequest>;

export const metadataResponse = message('MetadataResponse', {
  apiKey: 3,
  versions: '0-13',
  flexible: '9+',
  fields: {
    throttleTimeMs: int32({ versions: '3+', ignorable: true }),
    brokers: array({
      nodeId: int32({ entity: 'brokerId', mapKey: true }),
      host: string(),
      port: int32(),
      rack: string({ versions: '1+', nullable: '0+', default: null, ignorable: true }),
    }),
    clusterId: string({ versions: '2+', nullable: '0+', default: null, ignorable: true }),
    /** In a KRaft cluster, any broker: it forwards. */
    controllerId: int32({ versions: '1+', default: -1, ignorable: true, entity: 'brokerId' }),
    topics: array({
      errorCode: int16(),
      name: string({ nullable: '12+', entity: 'topicName', mapKey: true }),
      topicId: uuid({ versions: '10+', ignorable: true }),
      isInternal: bool({ versions: '1+', default: false, ignorable: true }),
      partitions: array({
        errorCode: int16(),
        partitionIndex: int32(),
        leaderId: int32({ entity: 'brokerId' }),
        leaderEpoch: int32({ versions: '7+', default: -1, ignorable: true }),
        replicaNodes: array(int32(), { entity: 'brokerId' }),
        /** In-sync replicas. */
        isrNodes: array(int32(), { entity: 'brokerId' }),
        offlineReplicas: array(int32(), { versions: '5+', ignorable: true, entity: 'brokerId' }),
      }),
      /** A bit for each operation; the least int32 when not asked for. */
      topicAuthorizedOperations: int32({ versions: '8+', default: -2_147_483_648 }),
    }),
    /** A bit for each operation; the least int32 when not asked for. */
    clusterAuthorizedOperations: int32({ versions: '8-10', default: -2_147_483_648 }),
    errorCode: int16({ versions: '13+', ignorable: true }),
  },
});
export type MetadataResponse = Decoded<typeof metadataResponse>;
