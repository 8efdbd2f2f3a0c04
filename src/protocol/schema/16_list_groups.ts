import { array, int16, int32, message, string, type Decoded } from '../schema_language.ts';

/**
 * Groups that this broker coordinates.
 *
 * 4: by state (KIP-518). 5: by type (KIP-848).
 */
export const listGroupsRequest = message('ListGroupsRequest', {
  apiKey: 16,
  versions: '0-5',
  flexible: '3+',
  listeners: ['broker'],
  fields: {
    /** Empty: all states. */
    statesFilter: array(string(), { versions: '4+' }),
    /** Empty: all types. */
    typesFilter: array(string(), { versions: '5+' }),
  },
});
export type ListGroupsRequest = Decoded<typeof listGroupsRequest>;

export const listGroupsResponse = message('ListGroupsResponse', {
  apiKey: 16,
  versions: '0-5',
  flexible: '3+',
  fields: {
    throttleTimeMs: int32({ versions: '1+', ignorable: true }),
    errorCode: int16(),
    groups: array({
      groupId: string({ entity: 'groupId' }),
      protocolType: string(),
      groupState: string({ versions: '4+', ignorable: true }),
      groupType: string({ versions: '5+', ignorable: true }),
    }),
  },
});
export type ListGroupsResponse = Decoded<typeof listGroupsResponse>;
