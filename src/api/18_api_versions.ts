import { ApiKey } from '../protocol/api_keys.ts';
import { codecOf } from '../protocol/codec.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { beginFrame } from '../protocol/framing.ts';
import { apiVersionsRequest, apiVersionsResponse } from '../protocol/schema/18_api_versions.ts';
import type { ApiHandler, ApiHost } from './host.ts';
import type { Request } from './request.ts';
import { apiTable } from './table.ts';

/**
 * ApiVersions (18), versions 0 to 4: KIP-35, KIP-511 (unknown versions are answered in version 0), KIP-584 features.
 *
 * Runs on the receiving shard. Never waits. Lists only what is served. Not done yet: features.
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
      apiKeys: isNamed ? served() : [],
      throttleTimeMs: 0,
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

function served(): { apiKey: number; minVersion: number; maxVersion: number }[] {
  return [...apiTable.values()].map(({ key, minVersion, maxVersion }) => ({
    apiKey: key,
    minVersion: key === ApiKey.Produce ? PRODUCE_VERSION_LISTED : minVersion,
    maxVersion,
  }));
}

/**
 * Kafka lists Produce from version 0 although it serves none below 3: older librdkafka takes a broker without version 0
 * for one that knows no codec newer than gzip and snappy.
 */
const PRODUCE_VERSION_LISTED = 0;

/** What KIP-511 allows as name and version of a client's software. */
const SOFTWARE = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/;
