import { array, bool, int16, int32, int64, message, string, type Decoded } from '../schema_language.ts';

/**
 * Versions of the APIs that this listener serves, and features of the cluster.
 *
 * The first request of a client. A version that the broker does not know is answered in version 0 with
 * UNSUPPORTED_VERSION (KIP-511), and the header of the response is always version 0. 3: name and version of the
 * client's software, features (KIP-584). 4: minimum versions of features may be 0 (KIP-1022).
 */
export const apiVersionsRequest = message('ApiVersionsRequest', {
  apiKey: 18,
  versions: '0-4',
  flexible: '3+',
  listeners: ['broker', 'controller'],
  fields: {
    clientSoftwareName: string({ versions: '3+', ignorable: true }),
    clientSoftwareVersion: string({ versions: '3+', ignorable: true }),
  },
});
export type ApiVersionsRequest = Decoded<typeof apiVersionsRequest>;

export const apiVersionsResponse = message('ApiVersionsResponse', {
  apiKey: 18,
  versions: '0-4',
  flexible: '3+',
  fields: {
    errorCode: int16(),
    apiKeys: array({
      apiKey: int16({ mapKey: true }),
      minVersion: int16(),
      maxVersion: int16(),
    }),
    throttleTimeMs: int32({ versions: '1+', ignorable: true }),
    supportedFeatures: array(
      {
        name: string({ mapKey: true }),
        minVersion: int16(),
        maxVersion: int16(),
      },
      { versions: '3+', tag: 0, ignorable: true },
    ),
    /** -1: unknown. */
    finalizedFeaturesEpoch: int64({ versions: '3+', default: -1, tag: 1, ignorable: true }),
    finalizedFeatures: array(
      {
        name: string({ mapKey: true }),
        maxVersionLevel: int16(),
        minVersionLevel: int16(),
      },
      { versions: '3+', tag: 2, ignorable: true },
    ),
    /** Of a controller, long ago. */
    zkMigrationReady: bool({ versions: '3+', default: false, tag: 3, ignorable: true }),
  },
});
export type ApiVersionsResponse = Decoded<typeof apiVersionsResponse>;
