import { array, int32, int8, message, uuid, type Decoded } from '../../schema_language.ts';

/** A partition exists, in full. 1: directories (KIP-858). 2: eligible leader replicas (KIP-966). */
export const partitionRecord = message('PartitionRecord', {
  apiKey: 3,
  versions: '0-2',
  flexible: '0+',
  fields: {
    partitionId: int32({ default: -1 }),
    topicId: uuid(),
    /** The first is the preferred leader. */
    replicas: array(int32(), { entity: 'brokerId' }),
    isr: array(int32()),
    /** Go when the reassignment is done. */
    removingReplicas: array(int32(), { entity: 'brokerId' }),
    /** Stay when the reassignment is done. */
    addingReplicas: array(int32(), { entity: 'brokerId' }),
    /** -1: nobody. */
    leader: int32({ default: -1, entity: 'brokerId' }),
    /** 1: recovering from an unclean election. */
    leaderRecoveryState: int8({ default: 0, tag: 0 }),
    /** Grows with each change of leader. */
    leaderEpoch: int32({ default: -1 }),
    /** Grows with each change of the partition. */
    partitionEpoch: int32({ default: -1 }),
    /** Of each replica, in the order of `replicas`. */
    directories: array(uuid(), { versions: '1+' }),
    /** Out of sync, but not behind the watermark. */
    eligibleLeaderReplicas: array(int32(), {
      versions: '2+',
      nullable: '0+',
      default: null,
      tag: 1,
      entity: 'brokerId',
    }),
    /** Were eligible before an unclean shutdown. */
    lastKnownElr: array(int32(), { versions: '2+', nullable: '0+', default: null, tag: 2, entity: 'brokerId' }),
  },
});
export type PartitionRecord = Decoded<typeof partitionRecord>;
