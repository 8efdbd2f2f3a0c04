import { configResourceType } from '../metadata/configs_image.ts';
import { codecOf } from '../protocol/codec.ts';
import { ErrorCode } from '../protocol/errors.ts';
import {
  listConfigResourcesRequest,
  listConfigResourcesResponse,
} from '../protocol/schema/74_list_config_resources.ts';
import { BROKER_LOGGER } from './32_describe_configs.ts';
import type { ApiHandler, ApiHost } from './host.ts';
import type { Request } from './request.ts';

interface ListedResource {
  readonly resourceName: string;
  readonly resourceType: number;
}

/**
 * ListConfigResources (74), versions 0 to 1: KIP-714 (version 0 lists subscriptions to client metrics alone), KIP-1142.
 *
 * Runs on the receiving shard, out of its image. Never waits. Not done yet: authorization.
 *
 *     served by  this shard alone
 *     bound      the frame
 *     errors     UNSUPPORTED_VERSION
 */
export const listConfigResourcesHandler: ApiHandler = {
  handle(request: Request, host: ApiHost): void {
    const body = codecOf(listConfigResourcesRequest).decode(host.body(request), request.apiVersion);
    if (body === null) return host.refuse(request, 'a malformed ListConfigResources request');
    const all = request.apiVersion === 0 ? [configResourceType.clientMetrics] : ALL_TYPES;
    const types = new Set(body.resourceTypes.length === 0 ? all : body.resourceTypes);
    const areKnown = [...types].every((type) => ALL_TYPES.includes(type));
    codecOf(listConfigResourcesResponse).encode(host.beginAnswer(request), request.apiVersion, {
      throttleTimeMs: 0,
      errorCode: areKnown ? ErrorCode.NONE : ErrorCode.UNSUPPORTED_VERSION,
      configResources: areKnown ? [...types].flatMap((type) => resourcesOf(type, host)) : [],
    });
    host.complete(request);
  },
};

/** Topics and brokers have settings whether somebody set them or not; of the others, those that something was set for. */
function resourcesOf(resourceType: number, { image, node }: ApiHost): ListedResource[] {
  switch (resourceType) {
    case configResourceType.topic:
      return [...image.topics()].map(({ name: resourceName }) => ({ resourceName, resourceType }));
    case configResourceType.broker:
    case BROKER_LOGGER: {
      const brokers = [...image.cluster.brokers.values()].filter(({ isFenced }) => !isFenced);
      const ids = new Set([node.nodeId, ...brokers.map(({ id }) => id)]);
      return [...ids].map((id) => ({ resourceName: String(id), resourceType }));
    }
    default:
      return [...image.configs.resources()]
        .filter(({ type }) => type === resourceType)
        .map(({ name: resourceName }) => ({ resourceName, resourceType }));
  }
}

const ALL_TYPES: readonly number[] = [...Object.values(configResourceType), BROKER_LOGGER];
