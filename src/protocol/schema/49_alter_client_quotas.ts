import { array, bool, float64, int16, int32, message, string, type Decoded } from '../schema_language.ts';

/** Changes quotas (KIP-546). */
export const alterClientQuotasRequest = message('AlterClientQuotasRequest', {
  apiKey: 49,
  versions: '0-1',
  flexible: '1+',
  listeners: ['broker', 'controller'],
  fields: {
    entries: array({
      entity: array({
        entityType: string(),
        /** Null: the default. */
        entityName: string({ nullable: '0+' }),
      }),
      ops: array({
        key: string(),
        value: float64(),
        remove: bool(),
      }),
    }),
    validateOnly: bool(),
  },
});
export type AlterClientQuotasRequest = Decoded<typeof alterClientQuotasRequest>;

export const alterClientQuotasResponse = message('AlterClientQuotasResponse', {
  apiKey: 49,
  versions: '0-1',
  flexible: '1+',
  fields: {
    throttleTimeMs: int32(),
    entries: array({
      errorCode: int16(),
      errorMessage: string({ nullable: '0+' }),
      entity: array({
        entityType: string(),
        entityName: string({ nullable: '0+' }),
      }),
    }),
  },
});
export type AlterClientQuotasResponse = Decoded<typeof alterClientQuotasResponse>;
