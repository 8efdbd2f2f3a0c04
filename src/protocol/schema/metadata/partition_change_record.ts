import { array, int32, int8, message, uuid, type Decoded } from '../../schema_language.ts';

/**
 * What changed in a partition; missing fields stay as they were. 1: directories (KIP-858). 2: eligible leader
 * replicas (KIP-966).
 */
export const partitionChangeRecord = message('PartitionChangeRecord', {
  apiKey: 5,
  versions: '0-2',
  flexible: '0+',
  fields: {
    partitionId: int32({ default: -1 }),
    topicId: uuid(),
    /** Null: unchanged, as in all fields below. */
    isr: array(int32(), { nullable: '0+', default: null, tag: 0, entity: 'brokerId' }),
    /** -1: nobody; -2: unchanged. */
    leader: int32({ default: -2, tag: 1, entity: 'brokerId' }),
    /** Null: unchanged; an empty array of adding or removing replicas ends the reassignment. */
    replicas: array(int32(), { nullable: '0+', default: null, tag: 2, entity: 'brokerId' }),
    removingReplicas: array(int32(), { nullable: '0+', default: null, tag: 3, entity: 'brokerId' }),
    addingReplicas: array(int32(), { nullable: '0+', default: null, tag: 4, entity: 'brokerId' }),
    /** -1: unchanged. */
    leaderRecoveryState: int8({ default: -1, tag: 5 }),
    directories: array(uuid(), { versions: '1+', nullable: '0+', default: null, tag: 8 }),
    eligibleLeaderReplicas: array(int32(), {
      versions: '2+',
      nullable: '0+',
      default: null,
      tag: 6,
      entity: 'brokerId',
    }),
    lastKnownElr: array(int32(), { versions: '2+', nullable: '0+', default: null, tag: 7, entity: 'brokerId' }),
  },
});
export type PartitionChangeRecord = Decoded<typeof partitionChangeRecord>;
