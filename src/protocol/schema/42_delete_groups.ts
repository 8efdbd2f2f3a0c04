import { array, int16, int32, message, string, type Decoded } from '../schema_language.ts';

/** Deletes groups that have no members. */
export const deleteGroupsRequest = message('DeleteGroupsRequest', {
  apiKey: 42,
  versions: '0-2',
  flexible: '2+',
  listeners: ['broker'],
  fields: {
    groupsNames: array(string(), { entity: 'groupId' }),
  },
});
export type DeleteGroupsRequest = Decoded<typeof deleteGroupsRequest>;

export const deleteGroupsResponse = message('DeleteGroupsResponse', {
  apiKey: 42,
  versions: '0-2',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32(),
    results: array({
      groupId: string({ entity: 'groupId', mapKey: true }),
      errorCode: int16(),
    }),
  },
});
export type DeleteGroupsResponse = Decoded<typeof deleteGroupsResponse>;
