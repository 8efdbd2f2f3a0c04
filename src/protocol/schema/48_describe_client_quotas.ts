import { array, bool, float64, int16, int32, int8, message, string, type Decoded } from '../schema_language.ts';

/** Quotas by user, client id and address (KIP-546). */
export const describeClientQuotasRequest = message('DescribeClientQuotasRequest', {
  apiKey: 48,
  versions: '0-1',
  flexible: '1+',
  listeners: ['broker'],
  fields: {
    components: array({
      entityType: string(),
      /** 0 exactly, 1 the default entity, 2 any that is named. */
      matchType: int8(),
      /** Null but for match type 0. */
      match: string({ nullable: '0+' }),
    }),
    /** Only entities that have no other components. */
    strict: bool(),
  },
});
export type DescribeClientQuotasRequest = Decoded<typeof describeClientQuotasRequest>;

export const describeClientQuotasResponse = message('DescribeClientQuotasResponse', {
  apiKey: 48,
  versions: '0-1',
  flexible: '1+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    entries: array(
      {
        entity: array({
          entityType: string(),
          /** Null: the default. */
          entityName: string({ nullable: '0+' }),
        }),
        values: array({
          key: string(),
          value: float64(),
        }),
      },
      { nullable: '0+' },
    ),
  },
});
export type DescribeClientQuotasResponse = Decoded<typeof describeClientQuotasResponse>;
