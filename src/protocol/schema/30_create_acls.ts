import { array, int16, int32, int8, message, string, type Decoded } from '../schema_language.ts';

/** Creates access control entries. 3: the user resource type (KIP-373). */
export const createAclsRequest = message('CreateAclsRequest', {
  apiKey: 30,
  versions: '1-3',
  flexible: '2+',
  listeners: ['broker', 'controller'],
  fields: {
    creations: array({
      resourceType: int8(),
      resourceName: string(),
      resourcePatternType: int8({ default: 3 }),
      principal: string(),
      host: string(),
      operation: int8(),
      permissionType: int8(),
    }),
  },
});
export type CreateAclsRequest = Decoded<typeof createAclsRequest>;

export const createAclsResponse = message('CreateAclsResponse', {
  apiKey: 30,
  versions: '1-3',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32(),
    results: array({
      errorCode: int16(),
      errorMessage: string({ nullable: '0+' }),
    }),
  },
});
export type CreateAclsResponse = Decoded<typeof createAclsResponse>;
