import { array, bool, int16, int32, int8, message, string, type Decoded } from '../schema_language.ts';

/** Changes single configurations (KIP-339). */
export const incrementalAlterConfigsRequest = message('IncrementalAlterConfigsRequest', {
  apiKey: 44,
  versions: '0-1',
  flexible: '1+',
  listeners: ['broker', 'controller'],
  fields: {
    resources: array({
      resourceType: int8({ mapKey: true }),
      resourceName: string({ mapKey: true }),
      configs: array({
        name: string({ mapKey: true }),
        /** 0 set, 1 delete, 2 append, 3 subtract. */
        configOperation: int8({ mapKey: true }),
        value: string({ nullable: '0+' }),
      }),
    }),
    validateOnly: bool(),
  },
});
export type IncrementalAlterConfigsRequest = Decoded<typeof incrementalAlterConfigsRequest>;

export const incrementalAlterConfigsResponse = message('IncrementalAlterConfigsResponse', {
  apiKey: 44,
  versions: '0-1',
  flexible: '1+',
  fields: {
    throttleTimeMs: int32(),
    responses: array({
      errorCode: int16(),
      errorMessage: string({ nullable: '0+' }),
      resourceType: int8(),
      resourceName: string(),
    }),
  },
});
export type IncrementalAlterConfigsResponse = Decoded<typeof incrementalAlterConfigsResponse>;
