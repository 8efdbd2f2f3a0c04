import { topicNameProblem } from '../controller/topic_names.ts';
import { configResourceType } from '../metadata/configs_image.ts';
import { codecOf } from '../protocol/codec.ts';
import { ErrorCode } from '../protocol/errors.ts';
import {
  describeConfigsRequest,
  describeConfigsResponse,
  type DescribeConfigsRequest,
} from '../protocol/schema/32_describe_configs.ts';
import type { Encodable } from '../protocol/schema_language.ts';
import type { ApiHandler, ApiHost } from './host.ts';
import type { Request } from './request.ts';
import { SettingDescriptions, type DescribedSetting } from './setting_descriptions.ts';

type Resource = DescribeConfigsRequest['resources'][number];
type Result = Encodable<typeof describeConfigsResponse>['results'][number];

/**
 * DescribeConfigs (32), versions 1 to 4: KIP-226 synonyms, KIP-569 types and documentation, settings of groups and of
 * subscriptions to client metrics (KIP-714, KIP-848).
 *
 * Runs on the receiving shard, out of its image and what the node was started with. Never waits. Not done yet:
 * authorization, levels of loggers.
 *
 *     served by  this shard alone
 *     bound      the frame
 *     errors     INVALID_REQUEST INVALID_TOPIC_EXCEPTION UNKNOWN_TOPIC_OR_PARTITION
 */
export const describeConfigsHandler: ApiHandler = {
  handle(request: Request, host: ApiHost): void {
    const body = codecOf(describeConfigsRequest).decode(host.body(request), request.apiVersion);
    if (body === null) return host.refuse(request, 'a malformed DescribeConfigs request');
    const { written, nodeId } = host.node;
    const descriptions = new SettingDescriptions(written, host.image.configs.ofBroker(nodeId));
    // A kind of resource that does not exist spoils the whole request.
    const areKnown = body.resources.every(({ resourceType }) => RESOURCE_TYPES.has(resourceType));
    const results = body.resources.map((resource) =>
      areKnown
        ? describe(resource, body, descriptions, host)
        : refuse(resource, ErrorCode.INVALID_REQUEST, 'The request names a kind of resource that does not exist.'),
    );
    codecOf(describeConfigsResponse).encode(host.beginAnswer(request), request.apiVersion, {
      throttleTimeMs: 0,
      results,
    });
    host.complete(request);
  },
};

function describe(
  resource: Resource,
  asked: DescribeConfigsRequest,
  descriptions: SettingDescriptions,
  host: ApiHost,
): Result {
  const settings = settingsOf(resource, descriptions, host);
  if (settings instanceof Refusal) return refuse(resource, settings.errorCode, settings.message);
  const { resourceType, resourceName, configurationKeys } = resource;
  const names = configurationKeys === null || configurationKeys.length === 0 ? null : new Set(configurationKeys);
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: '',
    resourceType,
    resourceName,
    configs: settings
      .filter(({ name }) => names === null || names.has(name))
      .map((setting) => ({
        ...setting,
        synonyms: asked.includeSynonyms ? setting.synonyms : [],
        documentation: asked.includeDocumentation ? setting.documentation : null,
      })),
  };
}

function settingsOf(
  { resourceType, resourceName: name }: Resource,
  descriptions: SettingDescriptions,
  { image, node }: ApiHost,
): DescribedSetting[] | Refusal {
  switch (resourceType) {
    case configResourceType.topic: {
      const problem = topicNameProblem(name);
      if (problem !== null) return new Refusal(ErrorCode.INVALID_TOPIC_EXCEPTION, `Topic name is invalid: ${problem}`);
      const topic = image.topicByName(name);
      if (topic === undefined) return new Refusal(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, '');
      return descriptions.ofTopic(topic.configs);
    }
    case configResourceType.broker:
      if (name === '') return descriptions.ofAllBrokers();
      return refusalOfBroker(name, node.nodeId, `${node.nodeId} or empty string,`) ?? descriptions.ofNode();
    case BROKER_LOGGER:
      if (name === '') return new Refusal(ErrorCode.INVALID_REQUEST, 'Broker id must not be empty');
      return refusalOfBroker(name, node.nodeId, String(node.nodeId)) ?? [];
    case configResourceType.clientMetrics:
      if (name === '') {
        return new Refusal(ErrorCode.INVALID_REQUEST, 'Client metrics subscription name must not be empty');
      }
      return descriptions.ofClientMetrics(image.configs.of(resourceType, name));
    default:
      if (name === '') return new Refusal(ErrorCode.INVALID_REQUEST, 'Group name must not be empty');
      return descriptions.ofGroup(image.configs.of(configResourceType.group, name));
  }
}

/** A broker tells of itself alone. */
function refusalOfBroker(name: string, nodeId: number, expected: string): Refusal | null {
  if (!/^[+-]?\d{1,10}$/.test(name)) {
    return new Refusal(ErrorCode.INVALID_REQUEST, `Broker id must be an integer, but it is: ${name}`);
  }
  if (Number(name) === nodeId) return null;
  return new Refusal(ErrorCode.INVALID_REQUEST, `Unexpected broker id, expected ${expected} but received ${name}`);
}

function refuse({ resourceType, resourceName }: Resource, errorCode: ErrorCode, errorMessage: string): Result {
  return { errorCode, errorMessage, resourceType, resourceName, configs: [] };
}

class Refusal {
  readonly errorCode: ErrorCode;
  readonly message: string;

  constructor(errorCode: ErrorCode, message: string) {
    this.errorCode = errorCode;
    this.message = message;
  }
}

/** `ConfigResource.Type` on the wire; nothing of it is kept in the metadata. */
export const BROKER_LOGGER = 8;

const RESOURCE_TYPES: ReadonlySet<number> = new Set([...Object.values(configResourceType), BROKER_LOGGER]);
