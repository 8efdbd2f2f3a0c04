import { array, bool, int16, int32, int8, message, string, uuid, type Decoded } from '../schema_language.ts';

/**
 * Creates topics.
 *
 * 4: defaults of the broker for -1 (KIP-464). 5: the answer tells the configuration (KIP-525). 7: topic ids.
 */
export const createTopicsRequest = message('CreateTopicsRequest', {
  apiKey: 19,
  versions: '2-7',
  flexible: '5+',
  listeners: ['broker', 'controller'],
  fields: {
    topics: array({
      name: string({ entity: 'topicName', mapKey: true }),
      /** -1: as configured, or as assigned. */
      numPartitions: int32(),
      /** -1: as configured, or as assigned. */
      replicationFactor: int16(),
      /** Brokers of each partition; empty to leave it to the controller. */
      assignments: array({
        partitionIndex: int32({ mapKey: true }),
        brokerIds: array(int32(), { entity: 'brokerId' }),
      }),
      configs: array({
        name: string({ mapKey: true }),
        value: string({ nullable: '0+' }),
      }),
    }),
    timeoutMs: int32({ default: 60000 }),
    validateOnly: bool({ default: false }),
  },
});
export type CreateTopicsRequest = Decoded<typeof createTopicsRequest>;

export const createTopicsResponse = message('CreateTopicsResponse', {
  apiKey: 19,
  versions: '2-7',
  flexible: '5+',
  fields: {
    throttleTimeMs: int32({ ignorable: true }),
    topics: array({
      name: string({ entity: 'topicName', mapKey: true }),
      topicId: uuid({ versions: '7+', ignorable: true }),
      errorCode: int16(),
      errorMessage: string({ nullable: '0+', ignorable: true }),
      /** Why `configs` is not told. */
      topicConfigErrorCode: int16({ versions: '5+', tag: 0, ignorable: true }),
      numPartitions: int32({ versions: '5+', default: -1, ignorable: true }),
      replicationFactor: int16({ versions: '5+', default: -1, ignorable: true }),
      configs: array(
        {
          name: string(),
          value: string({ nullable: '0+' }),
          readOnly: bool(),
          configSource: int8({ default: -1, ignorable: true }),
          isSensitive: bool(),
        },
        { versions: '5+', nullable: '0+', ignorable: true },
      ),
    }),
  },
});
export type CreateTopicsResponse = Decoded<typeof createTopicsResponse>;
