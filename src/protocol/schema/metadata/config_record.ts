import { int8, message, string, type Decoded } from '../../schema_language.ts';

/** A value of a configuration; null removes it. */
export const configRecord = message('ConfigRecord', {
  apiKey: 4,
  versions: '0',
  flexible: '0+',
  fields: {
    /** 2 topic, 4 broker, 16 client metrics, 32 group. */
    resourceType: int8(),
    resourceName: string(),
    name: string(),
    value: string({ nullable: '0+' }),
  },
});
export type ConfigRecord = Decoded<typeof configRecord>;
