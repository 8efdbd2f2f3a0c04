import { array, int16, int32, message, string, uuid, type Decoded } from '../schema_language.ts';

/**
 * Deletes topics.
 *
 * 5: an error message. 6: by id as well (KIP-516).
 */
export const deleteTopicsRequest = message('DeleteTopicsRequest', {
  apiKey: 20,
  versions: '1-6',
  flexible: '4+',
  listeners: ['broker', 'controller'],
  fields: {
    topics: array(
      {
        /** Null when deleted by id. */
        name: string({ nullable: '0+', default: null, entity: 'topicName' }),
        topicId: uuid(),
      },
      { versions: '6+' },
    ),
    topicNames: array(string(), { versions: '0-5', ignorable: true, entity: 'topicName' }),
    timeoutMs: int32(),
  },
});
export type DeleteTopicsRequest = Decoded<typeof deleteTopicsRequest>;

export const deleteTopicsResponse = message('DeleteTopicsResponse', {
  apiKey: 20,
  versions: '1-6',
  flexible: '4+',
  fields: {
    throttleTimeMs: int32({ ignorable: true }),
    responses: array({
      name: string({ nullable: '6+', entity: 'topicName', mapKey: true }),
      topicId: uuid({ versions: '6+', ignorable: true }),
      errorCode: int16(),
      errorMessage: string({ versions: '5+', nullable: '0+', default: null, ignorable: true }),
    }),
  },
});
export type DeleteTopicsResponse = Decoded<typeof deleteTopicsResponse>;
