import { int8, message, string, uuid, type Decoded } from '../../schema_language.ts';

/** An access control entry exists. */
export const accessControlEntryRecord = message('AccessControlEntryRecord', {
  apiKey: 18,
  versions: '0',
  flexible: '0+',
  fields: {
    id: uuid(),
    resourceType: int8(),
    resourceName: string(),
    patternType: int8(),
    principal: string(),
    host: string(),
    operation: int8(),
    permissionType: int8(),
  },
});
export type AccessControlEntryRecord = Decoded<typeof accessControlEntryRecord>;
