import { array, int64, message, string, type Decoded } from '../../schema_language.ts';

/** What a subscription's regular expression resolved to. */
export const consumerGroupRegularExpressionKey = message('ConsumerGroupRegularExpressionKey', {
  apiKey: 16,
  versions: '0',
  fields: {
    groupId: string(),
    regularExpression: string(),
  },
});
export type ConsumerGroupRegularExpressionKey = Decoded<typeof consumerGroupRegularExpressionKey>;

export const consumerGroupRegularExpressionValue = message('ConsumerGroupRegularExpressionValue', {
  apiKey: 16,
  versions: '0',
  flexible: '0+',
  fields: {
    topics: array(string()),
    version: int64(),
    timestamp: int64(),
  },
});
export type ConsumerGroupRegularExpressionValue = Decoded<typeof consumerGroupRegularExpressionValue>;
