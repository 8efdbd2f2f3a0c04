import { array, int16, int32, message, string, type Decoded } from '../schema_language.ts';

/** Reassignments that are under way (KIP-455). */
export const listPartitionReassignmentsRequest = message('ListPartitionReassignmentsRequest', {
  apiKey: 46,
  versions: '0',
  flexible: '0+',
  listeners: ['broker', 'controller'],
  fields: {
    timeoutMs: int32({ default: 60000 }),
    /** Null: all. */
    topics: array(
      {
        name: string({ entity: 'topicName' }),
        partitionIndexes: array(int32()),
      },
      { nullable: '0+', default: null },
    ),
  },
});
export type ListPartitionReassignmentsRequest = Decoded<typeof listPartitionReassignmentsRequest>;

export const listPartitionReassignmentsResponse = message('ListPartitionReassignmentsResponse', {
  apiKey: 46,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    topics: array({
      name: string({ entity: 'topicName' }),
      partitions: array({
        partitionIndex: int32(),
        replicas: array(int32(), { entity: 'brokerId' }),
        addingReplicas: array(int32(), { entity: 'brokerId' }),
        removingReplicas: array(int32(), { entity: 'brokerId' }),
      }),
    }),
  },
});
export type ListPartitionReassignmentsResponse = Decoded<typeof listPartitionReassignmentsResponse>;
