import { array, int16, int32, int8, message, string, type Decoded } from '../schema_language.ts';

/** Resources that have a configuration. Version 0 lists client metrics only (KIP-714, KIP-1142). */
export const listConfigResourcesRequest = message('ListConfigResourcesRequest', {
  apiKey: 74,
  versions: '0-1',
  flexible: '0+',
  listeners: ['broker'],
  fields: {
    /** Empty: all. */
    resourceTypes: array(int8(), { versions: '1+' }),
  },
});
export type ListConfigResourcesRequest = Decoded<typeof listConfigResourcesRequest>;

export const listConfigResourcesResponse = message('ListConfigResourcesResponse', {
  apiKey: 74,
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    configResources: array({
      resourceName: string(),
      resourceType: int8({ versions: '1+', default: 16, ignorable: true }),
    }),
  },
});
export type ListConfigResourcesResponse = Decoded<typeof listConfigResourcesResponse>;
