import { message, uuid, type Decoded } from '../../schema_language.ts';

/** A topic is gone, with all its partitions. */
export const removeTopicRecord = message('RemoveTopicRecord', {
  apiKey: 9,
  versions: '0',
  flexible: '0+',
  fields: {
    topicId: uuid(),
  },
});
export type RemoveTopicRecord = Decoded<typeof removeTopicRecord>;
