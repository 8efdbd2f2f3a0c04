import { FEATURES, KRAFT_VERSION, METADATA_VERSION, supportedLevels } from '../metadata/features.ts';
import { ApiKey } from '../protocol/api_keys.ts';
import { codecOf } from '../protocol/codec.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { beginFrame } from '../protocol/framing.ts';
import {
  apiVersionsRequest,
  apiVersionsResponse,
  type ApiVersionsResponse,
} from '../protocol/schema/18_api_versions.ts';
import type { ApiHandler, ApiHost } from './host.ts';
import type { Request } from './request.ts';
import { apiTable } from './table.ts';

/**
 * ApiVersions (18), versions 0 to 4: KIP-35, KIP-511 (unknown versions are answered in version 0), KIP-584 features.
 *
 * Runs on the receiving shard. Never waits. Lists only what is served on the listener that is asked.
 *
 *     served by  this shard alone
 *     bound      the frame
 *     errors     INVALID_REQUEST UNSUPPORTED_VERSION
 */
export const apiVersionsHandler: ApiHandler = {
  handle(request: Request, host: ApiHost): void {
    const body = codecOf(apiVersionsRequest).decode(host.body(request), request.apiVersion);
    if (body === null) return host.refuse(request, 'a malformed ApiVersions request');
    const isNamed =
      request.apiVersion < 3 || (SOFTWARE.test(body.clientSoftwareName) && SOFTWARE.test(body.clientSoftwareVersion));
    const errorCode = isNamed ? ErrorCode.NONE : ErrorCode.INVALID_REQUEST;
    codecOf(apiVersionsResponse).encode(host.beginAnswer(request), request.apiVersion, {
      errorCode,
      apiKeys: isNamed ? served(host.node.isControllerListener(request.origin.listener)) : [],
      throttleTimeMs: 0,
      ...(isNamed ? featuresOf(host, request.apiVersion) : {}),
    });
    host.complete(request);
  },
};

/** The answer to a version that this broker does not know: version 0, with what it does know. */
export function answerUnsupportedApiVersions(request: Request, host: ApiHost): void {
  const writer = request.response;
  beginFrame(writer);
  writer.int32(request.correlationId);
  const entry = apiTable.get(request.apiKey)!;
  codecOf(apiVersionsResponse).encode(writer, 0, {
    errorCode: ErrorCode.UNSUPPORTED_VERSION,
    apiKeys: [{ apiKey: request.apiKey, minVersion: entry.minVersion, maxVersion: entry.maxVersion }],
  });
  host.complete(request);
}

type Features = Pick<ApiVersionsResponse, 'supportedFeatures' | 'finalizedFeatures' | 'finalizedFeaturesEpoch'>;

/** What this build could work with, and what the cluster has agreed on, as of the last record of the metadata. */
function featuresOf({ image, node }: ApiHost, apiVersion: number): Features {
  const supported = [METADATA_VERSION, ...FEATURES.map(({ name }) => name)].map((name) => ({
    name,
    minVersion: supportedLevels(name)!.min,
    maxVersion: supportedLevels(name)!.max,
  }));
  const finalized = new Map(image.features.levels);
  const kraftVersion = node.kraftVersion();
  if (kraftVersion > 0) finalized.set(KRAFT_VERSION, kraftVersion);
  return {
    supportedFeatures: supported.filter(({ minVersion }) => minVersion > 0 || apiVersion >= SWITCHED_OFF_FROM),
    finalizedFeatures: [...finalized].map(([name, level]) => ({
      name,
      maxVersionLevel: level,
      minVersionLevel: level,
    })),
    finalizedFeaturesEpoch: node.metadataEndOffset() - 1,
  };
}

function served(onController: boolean): { apiKey: number; minVersion: number; maxVersion: number }[] {
  const entries = [...apiTable.values()].filter(({ onControllers }) => !onController || onControllers);
  return entries.map(({ key, minVersion, maxVersion }) => ({
    apiKey: key,
    minVersion: key === ApiKey.Produce ? PRODUCE_VERSION_LISTED : minVersion,
    maxVersion,
  }));
}

/** Clients of earlier versions stumble over features that may be switched off (KIP-1022). */
const SWITCHED_OFF_FROM = 4;

/**
 * Kafka lists Produce from version 0 although it serves none below 3: older librdkafka takes a broker without version 0
 * for one that knows no codec newer than gzip and snappy.
 */
const PRODUCE_VERSION_LISTED = 0;

/** What KIP-511 allows as name and version of a client's software. */
const SOFTWARE = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/;
