import { array, int16, int32, int8, message, string, type Decoded } from '../schema_language.ts';

/**
 * Which broker coordinates a group, a transactional id or a share partition.
 *
 * 4: several keys in one request (KIP-699). 6: share groups (KIP-932).
 */
export const findCoordinatorRequest = message('FindCoordinatorRequest', {
  apiKey: 10,
  versions: '0-6',
  flexible: '3+',
  listeners: ['broker'],
  fields: {
    /** Group, transactional id, or `group:topicId:partition`. */
    key: string({ versions: '0-3' }),
    /** 0 group, 1 transaction, 2 share partition. */
    keyType: int8({ versions: '1+', default: 0 }),
    coordinatorKeys: array(string(), { versions: '4+' }),
  },
});
export type FindCoordinatorRequest = Decoded<typeof findCoordinatorRequest>;

export const findCoordinatorResponse = message('FindCoordinatorResponse', {
  apiKey: 10,
  versions: '0-6',
  flexible: '3+',
  fields: {
    throttleTimeMs: int32({ versions: '1+', ignorable: true }),
    errorCode: int16({ versions: '0-3' }),
    errorMessage: string({ versions: '1-3', nullable: '0+', ignorable: true }),
    nodeId: int32({ versions: '0-3', entity: 'brokerId' }),
    host: string({ versions: '0-3' }),
    port: int32({ versions: '0-3' }),
    coordinators: array(
      {
        key: string(),
        nodeId: int32({ entity: 'brokerId' }),
        host: string(),
        port: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+', ignorable: true }),
      },
      { versions: '4+' },
    ),
  },
});
export type FindCoordinatorResponse = Decoded<typeof findCoordinatorResponse>;
