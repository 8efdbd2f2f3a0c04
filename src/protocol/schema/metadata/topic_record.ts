import { message, string, uuid, type Decoded } from '../../schema_language.ts';

/** A topic exists. */
export const topicRecord = message('TopicRecord', {
  apiKey: 2,
  versions: '0',
  flexible: '0+',
  fields: {
    name: string({ entity: 'topicName' }),
    topicId: uuid(),
  },
});
export type TopicRecord = Decoded<typeof topicRecord>;
