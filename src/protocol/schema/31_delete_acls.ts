import { array, int16, int32, int8, message, string, type Decoded } from '../schema_language.ts';

/** Deletes access control entries. 3: the user resource type (KIP-373). */
export const deleteAclsRequest = message('DeleteAclsRequest', {
  apiKey: 31,
  versions: '1-3',
  flexible: '2+',
  listeners: ['broker', 'controller'],
  fields: {
    filters: array({
      resourceTypeFilter: int8(),
      resourceNameFilter: string({ nullable: '0+' }),
      patternTypeFilter: int8({ default: 3 }),
      principalFilter: string({ nullable: '0+' }),
      hostFilter: string({ nullable: '0+' }),
      operation: int8(),
      permissionType: int8(),
    }),
  },
});
export type DeleteAclsRequest = Decoded<typeof deleteAclsRequest>;

export const deleteAclsResponse = message('DeleteAclsResponse', {
  apiKey: 31,
  versions: '1-3',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32(),
    filterResults: array({
      errorCode: int16(),
      errorMessage: string({ nullable: '0+' }),
      matchingAcls: array({
        errorCode: int16(),
        errorMessage: string({ nullable: '0+' }),
        resourceType: int8(),
        resourceName: string(),
        patternType: int8({ default: 3 }),
        principal: string(),
        host: string(),
        operation: int8(),
        permissionType: int8(),
      }),
    }),
  },
});
export type DeleteAclsResponse = Decoded<typeof deleteAclsResponse>;
