import { array, bytes, int32, message, string, type Decoded } from '../schema_language.ts';

/**
 * What the members of a classic consumer group tell each other; the coordinator passes it on as bytes, and looks
 * inside only to convert a group (KIP-848). Each is preceded by its version as an int16.
 *
 * 1: owned partitions (KIP-429). 2: generation. 3: rack (KIP-881).
 */
export const consumerProtocolSubscription = message('ConsumerProtocolSubscription', {
  versions: '0-3',
  fields: {
    topics: array(string()),
    /** Of the assignor. */
    userData: bytes({ nullable: '0+', default: null }),
    ownedPartitions: array(
      {
        topic: string({ entity: 'topicName', mapKey: true }),
        partitions: array(int32()),
      },
      { versions: '1+', ignorable: true },
    ),
    generationId: int32({ versions: '2+', default: -1, ignorable: true }),
    rackId: string({ versions: '3+', nullable: '0+', default: null, ignorable: true }),
  },
});
export type ConsumerProtocolSubscription = Decoded<typeof consumerProtocolSubscription>;

export const consumerProtocolAssignment = message('ConsumerProtocolAssignment', {
  versions: '0-3',
  fields: {
    assignedPartitions: array({
      topic: string({ entity: 'topicName', mapKey: true }),
      partitions: array(int32()),
    }),
    userData: bytes({ nullable: '0+', default: null }),
  },
});
export type ConsumerProtocolAssignment = Decoded<typeof consumerProtocolAssignment>;
