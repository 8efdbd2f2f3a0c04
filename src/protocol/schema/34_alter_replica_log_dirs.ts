import { array, int16, int32, message, string, type Decoded } from '../schema_language.ts';

/** Moves replicas between the log directories of a broker (KIP-113). */
export const alterReplicaLogDirsRequest = message('AlterReplicaLogDirsRequest', {
  apiKey: 34,
  versions: '1-2',
  flexible: '2+',
  listeners: ['broker'],
  fields: {
    dirs: array({
      /** Absolute path of the directory. */
      path: string({ mapKey: true }),
      topics: array({
        name: string({ entity: 'topicName', mapKey: true }),
        partitions: array(int32()),
      }),
    }),
  },
});
export type AlterReplicaLogDirsRequest = Decoded<typeof alterReplicaLogDirsRequest>;

export const alterReplicaLogDirsResponse = message('AlterReplicaLogDirsResponse', {
  apiKey: 34,
  versions: '1-2',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32(),
    results: array({
      topicName: string({ entity: 'topicName' }),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
      }),
    }),
  },
});
export type AlterReplicaLogDirsResponse = Decoded<typeof alterReplicaLogDirsResponse>;
