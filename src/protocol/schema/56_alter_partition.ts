import { array, int16, int32, int64, int8, message, uuid, type Decoded } from '../schema_language.ts';

/**
 * A leader tells the controller its new in-sync replicas (KIP-497).
 *
 * 2: topic ids. 3: broker epochs beside the replicas (KIP-903).
 */
export const alterPartitionRequest = message('AlterPartitionRequest', {
  apiKey: 56,
  versions: '2-3',
  flexible: '0+',
  listeners: ['controller'],
  fields: {
    brokerId: int32({ entity: 'brokerId' }),
    brokerEpoch: int64({ default: -1 }),
    topics: array({
      topicId: uuid({ ignorable: true }),
      partitions: array({
        partitionIndex: int32(),
        leaderEpoch: int32(),
        newIsr: array(int32(), { versions: '0-2', entity: 'brokerId' }),
        /** With -1 for brokers whose epoch is unknown. */
        newIsrWithEpochs: array(
          {
            brokerId: int32({ entity: 'brokerId' }),
            brokerEpoch: int64({ default: -1 }),
          },
          { versions: '3+' },
        ),
        /** 1: recovering from an unclean election. */
        leaderRecoveryState: int8({ default: 0 }),
        /** The one that the change was decided upon. */
        partitionEpoch: int32(),
      }),
    }),
  },
});
export type AlterPartitionRequest = Decoded<typeof alterPartitionRequest>;

export const alterPartitionResponse = message('AlterPartitionResponse', {
  apiKey: 56,
  versions: '2-3',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    topics: array({
      topicId: uuid({ ignorable: true }),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        leaderId: int32({ entity: 'brokerId' }),
        leaderEpoch: int32(),
        isr: array(int32(), { entity: 'brokerId' }),
        leaderRecoveryState: int8({ default: 0, ignorable: true }),
        partitionEpoch: int32(),
      }),
    }),
  },
});
export type AlterPartitionResponse = Decoded<typeof alterPartitionResponse>;
