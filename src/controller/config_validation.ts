import { configResourceType } from '../metadata/configs_image.ts';
import { dynamicSettingsProblem } from '../config/dynamic_config.ts';
import { findClientMetricsSetting, findGroupSetting } from '../config/keys.ts';
import type { TopicConfig } from '../config/node_config.ts';
import { deriveTopicConfig, InvalidTopicConfig } from '../config/topic_config.ts';
import { InvalidValue, parseConfigValue, quoted, type ConfigValue } from '../config/value.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { topicNameProblem } from './topic_names.ts';

/** Why the settings of a resource are refused. */
export interface ConfigRefusal {
  readonly errorCode: ErrorCode;
  readonly message: string;
}

export interface ConfigValidationOptions {
  readonly nodeId: number;
  /** What topics of this node have unless they say otherwise. */
  readonly topicDefaults: () => TopicConfig;
  /** The value of a key of the node as it counts now. */
  readonly nodeValue: (name: string) => ConfigValue;
}

/** Whether a resource may have these settings, all of them: Kafka's checks, in its order. Changes nothing. */
export class ConfigValidation {
  readonly #options: ConfigValidationOptions;

  constructor(options: ConfigValidationOptions) {
    this.#options = options;
  }

  /** What the name of the resource alone says. */
  refusalOfName(resourceType: number, name: string): ConfigRefusal | null {
    switch (resourceType) {
      case configResourceType.topic: {
        if (name === '') return invalidRequest('Default topic resources are not allowed.');
        const problem = topicNameProblem(name);
        const errorCode = ErrorCode.INVALID_TOPIC_EXCEPTION;
        return problem === null ? null : { errorCode, message: `Topic name is invalid: ${problem}` };
      }
      case configResourceType.broker:
        return name === '' ? null : this.refusalOfBrokerName(name);
      case configResourceType.clientMetrics:
        return name === '' ? invalidRequest("Subscription name can't be empty") : null;
      case configResourceType.group:
        return name === '' ? invalidRequest('Default group resources are not allowed.') : null;
      default:
        return invalidRequest(`Unknown resource type ${resourceType}`);
    }
  }

  /** A broker's own settings are changed by asking that broker. */
  refusalOfBrokerName(name: string): ConfigRefusal | null {
    const { nodeId } = this.#options;
    if (!/^[+-]?\d{1,10}$/.test(name)) return invalidRequest(`Node id must be an integer, but it is: ${name}`);
    if (Number(name) === nodeId) return null;
    return invalidRequest(`Unexpected broker id, expected ${nodeId}, but received ${name}`);
  }

  refusalOfSettings(resourceType: number, name: string, settings: ReadonlyMap<string, string>): ConfigRefusal | null {
    switch (resourceType) {
      case configResourceType.topic: {
        const config = deriveTopicConfig(this.#options.topicDefaults(), settings);
        return config instanceof InvalidTopicConfig ? invalidConfig(config.message) : null;
      }
      case configResourceType.broker: {
        const problem = dynamicSettingsProblem(settings, name !== '', this.#options.nodeValue);
        // Kafka tells a broker's refusals as bad requests (KAFKA-13609).
        return problem === null ? null : invalidRequest(problem);
      }
      case configResourceType.clientMetrics:
        return refusalOfClientMetrics(settings);
      default:
        return this.#refusalOfGroup(settings);
    }
  }

  #refusalOfGroup(settings: ReadonlyMap<string, string>): ConfigRefusal | null {
    const values = new Map<string, ConfigValue>();
    for (const name of settings.keys()) {
      if (findGroupSetting(name) === null) return invalidConfig(`Unknown group config name: ${quoted(name)}`);
    }
    for (const [name, text] of settings) {
      const value = parseConfigValue(findGroupSetting(name)!, text);
      if (value instanceof InvalidValue) {
        return invalidConfig(`Invalid value ${quoted(text)} for configuration ${name}: it ${value.requirement}`);
      }
      values.set(name, value);
    }
    for (const [name, { min, max }] of Object.entries(GROUP_BOUNDS)) {
      const value = values.get(name);
      if (typeof value !== 'number') continue;
      if (min !== null && value < (this.#options.nodeValue(min) as number)) {
        return invalidConfig(`${name} must be greater than or equal to ${min}`);
      }
      if (max !== null && value > (this.#options.nodeValue(max) as number)) {
        return invalidConfig(`${name} must be less than or equal to ${max}`);
      }
    }
    return this.#refusalOfHeartbeats(values);
  }

  /** A member that beats no more often than its session lasts would lose it. */
  #refusalOfHeartbeats(values: ReadonlyMap<string, ConfigValue>): ConfigRefusal | null {
    for (const kind of ['consumer', 'share', 'streams']) {
      const [session, heartbeat] = [`${kind}.session.timeout.ms`, `${kind}.heartbeat.interval.ms`];
      if (!values.has(session) && !values.has(heartbeat)) continue;
      const sessionMs = (values.get(session) ?? this.#options.nodeValue(`group.${session}`)) as number;
      const heartbeatMs = (values.get(heartbeat) ?? this.#options.nodeValue(`group.${heartbeat}`)) as number;
      if (sessionMs <= heartbeatMs) return invalidConfig(`${session} must be greater than ${heartbeat}`);
    }
    return null;
  }
}

function refusalOfClientMetrics(settings: ReadonlyMap<string, string>): ConfigRefusal | null {
  for (const name of settings.keys()) {
    if (findClientMetricsSetting(name) === null) {
      return invalidRequest(`Unknown client metrics configuration: ${quoted(name)}`);
    }
  }
  const interval = settings.get('interval.ms');
  if (interval !== undefined) {
    const value = parseConfigValue(findClientMetricsSetting('interval.ms')!, interval);
    if (value instanceof InvalidValue || (value as number) < PUSH_MS_MIN || (value as number) > PUSH_MS_MAX) {
      const range = `interval must be between ${PUSH_MS_MIN} and ${PUSH_MS_MAX} (1 hour)`;
      return invalidRequest(`Invalid value ${quoted(interval)} for interval.ms, ${range}`);
    }
  }
  for (const pattern of (settings.get('match') ?? '').split(',')) {
    if (pattern.trim() !== '' && !isMatcher(pattern))
      return invalidConfig(`Illegal client matching pattern: ${quoted(pattern)}`);
  }
  return null;
}

/** `attribute=regular expression` */
function isMatcher(text: string): boolean {
  const equals = text.indexOf('=');
  if (equals < 0 || !CLIENT_ATTRIBUTES.has(text.slice(0, equals).trim())) return false;
  try {
    return new RegExp(text.slice(equals + 1).trim()).source !== '';
  } catch {
    return false;
  }
}

function invalidRequest(message: string): ConfigRefusal {
  return { errorCode: ErrorCode.INVALID_REQUEST, message };
}

function invalidConfig(message: string): ConfigRefusal {
  return { errorCode: ErrorCode.INVALID_CONFIG, message };
}

const PUSH_MS_MIN = 100;
const PUSH_MS_MAX = 3_600_000;

/** What a subscription can tell clients apart by (KIP-714). */
const CLIENT_ATTRIBUTES: ReadonlySet<string> = new Set([
  'client_instance_id',
  'client_id',
  'client_software_name',
  'client_software_version',
  'client_source_address',
  'client_source_port',
]);

/** Settings of groups whose bounds are keys of the node. */
const GROUP_BOUNDS: Readonly<Record<string, { readonly min: string | null; readonly max: string | null }>> = {
  'consumer.heartbeat.interval.ms': bounds('group.consumer', 'heartbeat.interval.ms'),
  'consumer.session.timeout.ms': bounds('group.consumer', 'session.timeout.ms'),
  'consumer.assignment.interval.ms': bounds('group.consumer', 'assignment.interval.ms'),
  'share.heartbeat.interval.ms': bounds('group.share', 'heartbeat.interval.ms'),
  'share.session.timeout.ms': bounds('group.share', 'session.timeout.ms'),
  'share.record.lock.duration.ms': bounds('group.share', 'record.lock.duration.ms'),
  'share.assignment.interval.ms': bounds('group.share', 'assignment.interval.ms'),
  'share.delivery.count.limit': bounds('group.share', 'delivery.count.limit'),
  'share.partition.max.record.locks': bounds('group.share', 'partition.max.record.locks'),
  'streams.heartbeat.interval.ms': bounds('group.streams', 'heartbeat.interval.ms'),
  'streams.session.timeout.ms': bounds('group.streams', 'session.timeout.ms'),
  'streams.assignment.interval.ms': bounds('group.streams', 'assignment.interval.ms'),
  'streams.num.standby.replicas': { min: null, max: 'group.streams.max.standby.replicas' },
};

function bounds(prefix: string, name: string): { readonly min: string | null; readonly max: string | null } {
  return { min: `${prefix}.min.${name}`, max: `${prefix}.max.${name}` };
}
