import { message, type Decoded } from '../../schema_language.ts';

/** Nothing: written now and then, so that the log moves. */
export const noOpRecord = message('NoOpRecord', {
  apiKey: 20,
  versions: '0',
  flexible: '0+',
  fields: {},
});
export type NoOpRecord = Decoded<typeof noOpRecord>;
