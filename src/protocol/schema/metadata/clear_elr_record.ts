import { message, string, type Decoded } from '../../schema_language.ts';

/** The eligible leader replicas are forgotten: of one topic, or of all (KIP-966). */
export const clearElrRecord = message('ClearElrRecord', {
  apiKey: 28,
  versions: '0',
  flexible: '0+',
  fields: {
    topicName: string({ entity: 'topicName' }),
  },
});
export type ClearElrRecord = Decoded<typeof clearElrRecord>;
