import { array, int16, int32, int8, message, string, type Decoded } from '../schema_language.ts';

/** Lists access control entries. 3: the user resource type (KIP-373). */
export const describeAclsRequest = message('DescribeAclsRequest', {
  apiKey: 29,
  versions: '1-3',
  flexible: '2+',
  listeners: ['broker', 'controller'],
  fields: {
    /** 1 any; else that of the resource. */
    resourceTypeFilter: int8(),
    /** Null: any. */
    resourceNameFilter: string({ nullable: '0+' }),
    /** 1 any, 2 match, 3 literal, 4 prefixed. */
    patternTypeFilter: int8({ default: 3 }),
    /** Null: any. */
    principalFilter: string({ nullable: '0+' }),
    /** Null: any. */
    hostFilter: string({ nullable: '0+' }),
    operation: int8(),
    permissionType: int8(),
  },
});
export type DescribeAclsRequest = Decoded<typeof describeAclsRequest>;

export const describeAclsResponse = message('DescribeAclsResponse', {
  apiKey: 29,
  versions: '1-3',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    resources: array({
      resourceType: int8(),
      resourceName: string(),
      patternType: int8({ default: 3 }),
      acls: array({
        principal: string(),
        host: string(),
        operation: int8(),
        permissionType: int8(),
      }),
    }),
  },
});
export type DescribeAclsResponse = Decoded<typeof describeAclsResponse>;
