import { array, bool, int16, int32, int8, message, string, type Decoded } from '../schema_language.ts';

/** Replaces whole configurations. Superseded by IncrementalAlterConfigs (44). */
export const alterConfigsRequest = message('AlterConfigsRequest', {
  apiKey: 33,
  versions: '0-2',
  flexible: '2+',
  listeners: ['broker', 'controller'],
  fields: {
    resources: array({
      resourceType: int8({ mapKey: true }),
      resourceName: string({ mapKey: true }),
      configs: array({
        name: string({ mapKey: true }),
        value: string({ nullable: '0+' }),
      }),
    }),
    validateOnly: bool(),
  },
});
export type AlterConfigsRequest = Decoded<typeof alterConfigsRequest>;

export const alterConfigsResponse = message('AlterConfigsResponse', {
  apiKey: 33,
  versions: '0-2',
  flexible: '2+',
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
export type AlterConfigsResponse = Decoded<typeof alterConfigsResponse>;
