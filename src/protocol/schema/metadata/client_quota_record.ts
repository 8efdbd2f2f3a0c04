import { array, bool, float64, message, string, type Decoded } from '../../schema_language.ts';

/** A quota of an entity. */
export const clientQuotaRecord = message('ClientQuotaRecord', {
  apiKey: 14,
  versions: '0',
  flexible: '0+',
  fields: {
    entity: array({
      entityType: string(),
      entityName: string({ nullable: '0+' }),
    }),
    key: string(),
    value: float64(),
    /** The quota is gone; `value` means nothing. */
    remove: bool(),
  },
});
export type ClientQuotaRecord = Decoded<typeof clientQuotaRecord>;
