import { array, int16, int32, int8, message, string, type Decoded } from '../schema_language.ts';

/** Elects leaders. 1: the kind of election (KIP-460). */
export const electLeadersRequest = message('ElectLeadersRequest', {
  apiKey: 43,
  versions: '0-2',
  flexible: '2+',
  listeners: ['broker', 'controller'],
  fields: {
    /** 0 preferred, 1 unclean. */
    electionType: int8({ versions: '1+' }),
    /** Null: all. */
    topicPartitions: array(
      {
        topic: string({ entity: 'topicName', mapKey: true }),
        partitions: array(int32()),
      },
      { nullable: '0+' },
    ),
    timeoutMs: int32({ default: 60000 }),
  },
});
export type ElectLeadersRequest = Decoded<typeof electLeadersRequest>;

export const electLeadersResponse = message('ElectLeadersResponse', {
  apiKey: 43,
  versions: '0-2',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16({ versions: '1+' }),
    replicaElectionResults: array({
      topic: string({ entity: 'topicName' }),
      partitionResult: array({
        partitionId: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+' }),
      }),
    }),
  },
});
export type ElectLeadersResponse = Decoded<typeof electLeadersResponse>;
