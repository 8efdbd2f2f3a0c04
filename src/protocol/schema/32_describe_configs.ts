import { array, bool, int16, int32, int8, message, string, type Decoded } from '../schema_language.ts';

/**
 * Configurations of topics, brokers, loggers, groups and client metrics.
 *
 * 3: types and documentation (KIP-569).
 */
export const describeConfigsRequest = message('DescribeConfigsRequest', {
  apiKey: 32,
  versions: '1-4',
  flexible: '4+',
  listeners: ['broker', 'controller'],
  fields: {
    resources: array({
      resourceType: int8(),
      resourceName: string(),
      /** Null: all. */
      configurationKeys: array(string(), { nullable: '0+' }),
    }),
    includeSynonyms: bool({ default: false }),
    includeDocumentation: bool({ versions: '3+', default: false }),
  },
});
export type DescribeConfigsRequest = Decoded<typeof describeConfigsRequest>;

export const describeConfigsResponse = message('DescribeConfigsResponse', {
  apiKey: 32,
  versions: '1-4',
  flexible: '4+',
  fields: {
    throttleTimeMs: int32(),
    results: array({
      errorCode: int16(),
      errorMessage: string({ nullable: '0+' }),
      resourceType: int8(),
      resourceName: string(),
      configs: array({
        name: string(),
        value: string({ nullable: '0+' }),
        readOnly: bool(),
        /** 1 topic, 2 broker, 3 default of all brokers, 4 file, 5 default, 6 logger, 7 client metrics, 8 group. */
        configSource: int8({ default: -1, ignorable: true }),
        isSensitive: bool(),
        /** Where the value could come from, the strongest first. */
        synonyms: array(
          {
            name: string(),
            value: string({ nullable: '0+' }),
            source: int8(),
          },
          { ignorable: true },
        ),
        configType: int8({ versions: '3+', default: 0, ignorable: true }),
        documentation: string({ versions: '3+', nullable: '0+', ignorable: true }),
      }),
    }),
  },
});
export type DescribeConfigsResponse = Decoded<typeof describeConfigsResponse>;
