import { array, int16, int32, int64, message, uuid, type Decoded } from '../schema_language.ts';

/** A broker tells the controller in which log directory a replica lies (KIP-858). */
export const assignReplicasToDirsRequest = message('AssignReplicasToDirsRequest', {
  apiKey: 73,
  versions: '0',
  flexible: '0+',
  listeners: ['controller'],
  fields: {
    brokerId: int32({ entity: 'brokerId' }),
    brokerEpoch: int64({ default: -1 }),
    /** By the id of the directory. */
    directories: array({
      id: uuid(),
      topics: array({
        topicId: uuid(),
        partitions: array({
          partitionIndex: int32(),
        }),
      }),
    }),
  },
});
export type AssignReplicasToDirsRequest = Decoded<typeof assignReplicasToDirsRequest>;

export const assignReplicasToDirsResponse = message('AssignReplicasToDirsResponse', {
  apiKey: 73,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    directories: array({
      id: uuid(),
      topics: array({
        topicId: uuid(),
        partitions: array({
          partitionIndex: int32(),
          errorCode: int16(),
        }),
      }),
    }),
  },
});
export type AssignReplicasToDirsResponse = Decoded<typeof assignReplicasToDirsResponse>;
