import { message, uuid, type Decoded } from '../../schema_language.ts';

/** An access control entry is gone. */
export const removeAccessControlEntryRecord = message('RemoveAccessControlEntryRecord', {
  apiKey: 19,
  versions: '0',
  flexible: '0+',
  fields: {
    id: uuid(),
  },
});
export type RemoveAccessControlEntryRecord = Decoded<typeof removeAccessControlEntryRecord>;
