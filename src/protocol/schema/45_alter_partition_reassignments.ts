import { array, bool, int16, int32, message, string, type Decoded } from '../schema_language.ts';

/** Starts, changes and cancels reassignments of partitions (KIP-455). 1: may keep the replication factor (KIP-860). */
export const alterPartitionReassignmentsRequest = message('AlterPartitionReassignmentsRequest', {
  apiKey: 45,
  versions: '0-1',
  flexible: '0+',
  listeners: ['broker', 'controller'],
  fields: {
    timeoutMs: int32({ default: 60000 }),
    allowReplicationFactorChange: bool({ versions: '1+', default: true }),
    topics: array({
      name: string({ entity: 'topicName' }),
      partitions: array({
        partitionIndex: int32(),
        /** Null cancels the reassignment. */
        replicas: array(int32(), { nullable: '0+', default: null, entity: 'brokerId' }),
      }),
    }),
  },
});
export type AlterPartitionReassignmentsRequest = Decoded<typeof alterPartitionReassignmentsRequest>;

export const alterPartitionReassignmentsResponse = message('AlterPartitionReassignmentsResponse', {
  apiKey: 45,
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    allowReplicationFactorChange: bool({ versions: '1+', default: true, ignorable: true }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    responses: array({
      name: string({ entity: 'topicName' }),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+' }),
      }),
    }),
  },
});
export type AlterPartitionReassignmentsResponse = Decoded<typeof alterPartitionReassignmentsResponse>;
