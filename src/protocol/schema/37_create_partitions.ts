import { array, bool, int16, int32, message, string, type Decoded } from '../schema_language.ts';

/** Adds partitions to topics. 3: THROTTLING_QUOTA_EXCEEDED. */
export const createPartitionsRequest = message('CreatePartitionsRequest', {
  apiKey: 37,
  versions: '0-3',
  flexible: '2+',
  listeners: ['broker', 'controller'],
  fields: {
    topics: array({
      name: string({ entity: 'topicName', mapKey: true }),
      /** How many there are to be in all. */
      count: int32(),
      /** Brokers of the new partitions; null to leave it to the controller. */
      assignments: array(
        {
          brokerIds: array(int32(), { entity: 'brokerId' }),
        },
        { nullable: '0+' },
      ),
    }),
    timeoutMs: int32(),
    validateOnly: bool(),
  },
});
export type CreatePartitionsRequest = Decoded<typeof createPartitionsRequest>;

export const createPartitionsResponse = message('CreatePartitionsResponse', {
  apiKey: 37,
  versions: '0-3',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32(),
    results: array({
      name: string({ entity: 'topicName' }),
      errorCode: int16(),
      errorMessage: string({ nullable: '0+', default: null }),
    }),
  },
});
export type CreatePartitionsResponse = Decoded<typeof createPartitionsResponse>;
