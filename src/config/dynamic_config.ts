import { parseAddressCaps } from './address_caps.ts';
import type { ConfigKey } from './config_key.ts';
import type { DynamicSettings } from './dynamic_settings.ts';
import { findNodeKey, TOPIC_SETTINGS, type NumberKey, type TopicKeyName } from './keys.ts';
import type { NodeConfig } from './node_config.ts';
import { withTopicValues } from './topic_config.ts';
import { InvalidValue, parseConfigValue, quoted, type ConfigValue } from './value.ts';

export interface EffectiveConfig {
  readonly config: NodeConfig;
  /** Stored settings that this build cannot use, as sentences: each counts as if it were not there. */
  readonly ignored: readonly string[];
}

/**
 * The configuration of a node under the settings in the metadata, computed anew from what the administrator wrote
 * whenever they change, by any thread: pure, and the same everywhere.
 *
 *     this node's settings  >  the default of all brokers  >  what was written (file, environment, command line)  >  default
 */
export class DynamicConfig {
  readonly #written: NodeConfig;

  constructor(written: NodeConfig) {
    this.#written = written;
  }

  effective(dynamic: DynamicSettings): EffectiveConfig {
    const ignored: string[] = [];
    const values = new Map<string, ConfigValue>();
    for (const layer of this.layers(dynamic)) {
      for (const [name, text] of layer) {
        const key = findNodeKey(name);
        // A name that nobody knows may stand there as in Kafka, for plug-ins; what cannot change was refused once.
        if (key === null || key.updateMode === 'read-only') continue;
        const value = parseConfigValue(key, text);
        if (value instanceof InvalidValue) ignored.push(`${name} in the metadata ${value.requirement}: it is ignored`);
        else values.set(name, value);
      }
    }
    return { config: withDynamicValues(this.#written, values), ignored };
  }

  /** The strongest last. */
  protected layers({ cluster, node }: DynamicSettings): readonly ReadonlyMap<string, string>[] {
    return [cluster, node];
  }
}

/** What of a node's configuration can change while it runs. */
function withDynamicValues(written: NodeConfig, values: ReadonlyMap<string, ConfigValue>): NodeConfig {
  const number = (name: NumberKey, otherwise: number): number => (values.get(name) as number | undefined) ?? otherwise;
  const { network, storage, topics } = written;
  const caps = values.get('max.connections.per.ip.overrides') as string | undefined;
  const parsedCaps = caps === undefined ? undefined : parseAddressCaps(caps);
  return {
    ...written,
    network: {
      ...network,
      connectionsMax: number('max.connections', network.connectionsMax),
      connectionsPerAddressMax: number('max.connections.per.ip', network.connectionsPerAddressMax),
      connectionsPerAddressOverrides:
        parsedCaps === undefined || parsedCaps instanceof InvalidValue
          ? network.connectionsPerAddressOverrides
          : parsedCaps,
      connectionCreationRateMax: number('max.connection.creation.rate', network.connectionCreationRateMax),
    },
    storage: {
      ...storage,
      recoveryThreadsPerDirectory: number('num.recovery.threads.per.data.dir', storage.recoveryThreadsPerDirectory),
      backgroundThreads: number('background.threads', storage.backgroundThreads),
    },
    topics: { ...topics, config: withTopicValues(topics.config, topicValues(values)) },
  };
}

/** The keys of a node that topics fall back to, under the names of the topics' settings, in their units. */
function topicValues(values: ReadonlyMap<string, ConfigValue>): ReadonlyMap<TopicKeyName, ConfigValue> {
  const found = new Map<TopicKeyName, ConfigValue>();
  for (const setting of TOPIC_SETTINGS) {
    // Of the synonyms only the one in the topics' own unit can change while a node runs.
    const [name] = setting.synonyms;
    const value = name === undefined ? undefined : values.get(name);
    if (value === undefined || value === null) continue;
    const isForEver = setting.name === 'retention.ms' && (value as number) < 0;
    found.set(setting.name as TopicKeyName, isForEver ? -1 : value);
  }
  return found;
}

/**
 * Why `settings` cannot be those of a broker, or of all brokers, in Kafka's order of checks; null when they can.
 * `current` is what counts now: pools of threads grow and shrink step by step.
 */
export function dynamicSettingsProblem(
  settings: ReadonlyMap<string, string>,
  isOfOneBroker: boolean,
  current: (name: string) => ConfigValue,
): string | null {
  const known = [...settings.keys()].map(findNodeKey).filter((key) => key !== null);
  const readOnly = known.filter(({ updateMode }) => updateMode === 'read-only');
  if (readOnly.length > 0) return `Cannot update these configs dynamically: ${names(readOnly)}`;
  const securityKeys = known.filter(({ name }) => isSecurityKey(name));
  if (securityKeys.length > 0) {
    return `These security configs can be dynamically updated only per-listener using the listener prefix: ${names(securityKeys)}`;
  }
  for (const key of known) {
    const problem = valueProblem(key, settings.get(key.name)!, current);
    if (problem !== null) return problem;
  }
  if (isOfOneBroker) return null;
  const ofOneBroker = known.filter(({ updateMode }) => updateMode === 'per-broker');
  if (ofOneBroker.length === 0) return null;
  return `Cannot update these configs at default cluster level, broker id must be specified: ${names(ofOneBroker)}`;
}

function valueProblem(key: ConfigKey, text: string, current: (name: string) => ConfigValue): string | null {
  const parsed = parseConfigValue(key, text);
  const value =
    parsed instanceof InvalidValue || key.name !== 'max.connections.per.ip.overrides' ? parsed : parseAddressCaps(text);
  if (value instanceof InvalidValue)
    return `Invalid value ${quoted(text)} for configuration ${key.name}: it ${value.requirement}`;
  if (!THREAD_POOLS.has(key.name)) return null;
  const threads = value as number;
  const present = current(key.name) as number;
  const refused = `Dynamic thread count update validation failed for ${key.name}=${threads}`;
  if (threads === present) return null;
  if (threads <= 0) return `${refused}, value should be at least 1`;
  if (threads < Math.floor(present / 2))
    return `${refused}, value should be at least half the current value ${present}`;
  if (threads > present * 2) return `${refused}, value should not be greater than double the current value ${present}`;
  return null;
}

function names(keys: readonly ConfigKey[]): string {
  return keys.map(({ name }) => name).join(', ');
}

/** Keys of TLS that belong to one listener (`listener.name.<listener>.ssl.…`). */
function isSecurityKey(name: string): boolean {
  return name.startsWith('ssl.') && name !== 'ssl.client.auth' && name !== 'ssl.engine.factory.class';
}

/** Pools that at most double and halve with one change. */
const THREAD_POOLS: ReadonlySet<string> = new Set([
  'background.threads',
  'log.cleaner.threads',
  'num.io.threads',
  'num.network.threads',
  'num.recovery.threads.per.data.dir',
  'num.replica.fetchers',
]);
