import { bool, message, string, type Decoded } from '../schema_language.ts';

/** Who sent a request, as brokers tell the controller when they forward it. Preceded by its version as an int16. */
export const defaultPrincipalData = message('DefaultPrincipalData', {
  versions: '0',
  flexible: '0+',
  fields: {
    type: string(),
    name: string(),
    /** By a delegation token. */
    tokenAuthenticated: bool(),
  },
});
export type DefaultPrincipalData = Decoded<typeof defaultPrincipalData>;
