import { int8, message, string, type Decoded } from '../../schema_language.ts';

/** The SCRAM credential of a user is gone. */
export const removeUserScramCredentialRecord = message('RemoveUserScramCredentialRecord', {
  apiKey: 22,
  versions: '0',
  flexible: '0+',
  fields: {
    name: string(),
    mechanism: int8(),
  },
});
export type RemoveUserScramCredentialRecord = Decoded<typeof removeUserScramCredentialRecord>;
