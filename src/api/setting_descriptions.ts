import type { ConfigKey, ConfigType } from '../config/config_key.ts';
import { configSource, type DynamicSettings } from '../config/dynamic_settings.ts';
import {
  CLIENT_METRICS_SETTINGS,
  findNodeKey,
  GROUP_SETTINGS,
  NODE_KEYS,
  TOPIC_SETTINGS,
  type TopicKeyName,
} from '../config/keys.ts';
import type { WrittenSetting } from '../config/node_config.ts';
import { inheritedTopicSettings } from '../config/topic_config.ts';
import { configValueText } from '../config/value.ts';

/** A setting as DescribeConfigs tells it. */
export interface DescribedSetting {
  readonly name: string;
  /** Null: it has none, or must not be told. */
  readonly value: string | null;
  readonly readOnly: boolean;
  readonly configSource: number;
  readonly isSensitive: boolean;
  /** Every place that has a value, the strongest first. */
  readonly synonyms: readonly Synonym[];
  readonly configType: number;
  readonly documentation: string | null;
}

interface Synonym {
  readonly name: string;
  readonly value: string | null;
  readonly source: number;
}

/**
 * What the settings of topics, brokers, groups and subscriptions are and where each comes from, as Apache Kafka tells it
 * (KIP-226). Made for one request, out of what counts at that moment.
 */
export class SettingDescriptions {
  readonly #writtenSettings: readonly WrittenSetting[];
  readonly #written: ReadonlyMap<string, string | null>;
  readonly #dynamic: DynamicSettings;

  constructor(written: readonly WrittenSetting[], dynamic: DynamicSettings) {
    this.#writtenSettings = written;
    const texts = new Map(written.map(({ name, text }) => [name, text]));
    // One number under both of its names.
    const nodeId = texts.get(NODE_ID);
    if (nodeId !== undefined && !texts.has(BROKER_ID)) texts.set(BROKER_ID, nodeId);
    this.#written = texts;
    this.#dynamic = dynamic;
  }

  /** All settings of a topic that has set `own`. */
  ofTopic(own: ReadonlyMap<string, string>): DescribedSetting[] {
    const inherited = inheritedTopicSettings(this.#writtenSettings, this.#dynamic);
    const described: DescribedSetting[] = [];
    for (const setting of TOPIC_SETTINGS) {
      const ownText = own.get(setting.name);
      const { text, source } = inherited.get(setting.name as TopicKeyName)!;
      if (setting.internal && ownText === undefined) continue;
      const value = ownText === undefined ? text : configValueText(setting, ownText);
      const synonyms = this.#inheritedSynonyms(setting);
      described.push({
        ...plain(setting, value),
        configSource: ownText === undefined ? source : configSource.topic,
        synonyms:
          ownText === undefined ? synonyms : [{ name: setting.name, value, source: configSource.topic }, ...synonyms],
      });
    }
    return described;
  }

  /** All keys of this node. */
  ofNode(): DescribedSetting[] {
    const described: DescribedSetting[] = [];
    for (const key of NODE_KEYS) {
      const sources = this.#sources(key.name);
      const [strongest] = sources;
      if (key.internal && (strongest?.source ?? configSource.builtIn) === configSource.builtIn) continue;
      const value = strongest === undefined ? key.default : strongest.value;
      described.push({
        ...plain(key, value),
        isSensitive: isSensitive(key) || this.#written.get(key.name) === null,
        readOnly: key.updateMode === 'read-only',
        configSource: strongest?.source ?? configSource.builtIn,
        synonyms: sources,
      });
    }
    return described;
  }

  /** What was set for all brokers, and nothing else. */
  ofAllBrokers(): DescribedSetting[] {
    return [...this.#dynamic.cluster].map(([name, text]) => {
      const key = findNodeKey(name);
      if (key === null) return ofNobodyKnowsWhat(name);
      const value = isSensitive(key) ? null : configValueText(key, text);
      return {
        ...plain(key, value),
        readOnly: key.updateMode === 'read-only',
        configSource: configSource.clusterDefault,
        synonyms: [{ name, value, source: configSource.clusterDefault }],
      };
    });
  }

  ofGroup(own: ReadonlyMap<string, string>): DescribedSetting[] {
    return GROUP_SETTINGS.map((setting) => {
      const { name } = setting;
      const ownText = own.get(name);
      // Of the node's key that it falls back to; some have none.
      const inherited =
        setting.synonyms.length > 0
          ? this.#inheritedSynonyms(setting)
          : [{ name, value: setting.default, source: configSource.builtIn }];
      const value = ownText === undefined ? inherited[0]!.value : configValueText(setting, ownText);
      const ownSynonym = { name, value, source: configSource.group };
      return {
        ...plain(setting, value),
        configSource: ownText === undefined ? inherited[0]!.source : configSource.group,
        synonyms: ownText === undefined ? inherited : [ownSynonym, ...inherited],
      };
    });
  }

  ofClientMetrics(own: ReadonlyMap<string, string>): DescribedSetting[] {
    return CLIENT_METRICS_SETTINGS.map((setting) => {
      const { name } = setting;
      const text = own.get(name);
      if (text === undefined) return plain(setting, setting.default);
      const value = configValueText(setting, text);
      const source = configSource.clientMetrics;
      return { ...plain(setting, value), configSource: source, synonyms: [{ name, value, source }] };
    });
  }

  /** What a topic's setting falls back to, told under the name of the key that it falls back to first. */
  #inheritedSynonyms(setting: ConfigKey): Synonym[] {
    const [first] = setting.synonyms;
    return first === undefined ? [] : this.#sources(first);
  }

  /**
   * Every place that has a value for a key, the strongest first, keys that stand in for it included. Like Kafka's, the list
   * begins with the key itself: what stands in for it alone is not told.
   */
  #sources(name: string): Synonym[] {
    const keys = (findNodeKey(name)?.synonyms ?? []).map((synonym) => findNodeKey(synonym)!);
    const sources: Synonym[] = [];
    const add = (key: ConfigKey, text: string | null | undefined, source: number): void => {
      if (text === undefined) return;
      const isHidden = text === null || isSensitive(key);
      sources.push({ name: key.name, value: isHidden ? null : configValueText(key, text), source });
    };
    for (const key of keys) add(key, this.#dynamic.node.get(key.name), configSource.broker);
    for (const key of keys) add(key, this.#dynamic.cluster.get(key.name), configSource.clusterDefault);
    for (const key of keys) add(key, this.#written.get(key.name), configSource.file);
    for (const key of keys) add(key, key.default ?? undefined, configSource.builtIn);
    const own = sources.findIndex((source) => source.name === name);
    return own < 0 ? [] : sources.slice(own);
  }
}

function plain(key: ConfigKey, value: string | null): DescribedSetting {
  return {
    name: key.name,
    value: isSensitive(key) ? null : value,
    readOnly: false,
    isSensitive: isSensitive(key),
    configSource: configSource.builtIn,
    synonyms: [],
    configType: TYPES[key.type],
    documentation: key.effect ?? WITHOUT_EFFECT,
  };
}

/** A name that no build knows may stand in the metadata. What it holds may be a secret. */
function ofNobodyKnowsWhat(name: string): DescribedSetting {
  return {
    name,
    value: null,
    readOnly: true,
    isSensitive: true,
    configSource: configSource.clusterDefault,
    synonyms: [{ name, value: null, source: configSource.clusterDefault }],
    configType: 0,
    documentation: null,
  };
}

function isSensitive(key: ConfigKey): boolean {
  return key.type === 'PASSWORD';
}

const NODE_ID = 'node.id';
const BROKER_ID = 'broker.id';

/** `DescribeConfigsResponse.ConfigType` on the wire (KIP-569). */
const TYPES: Readonly<Record<ConfigType, number>> = {
  BOOLEAN: 1,
  STRING: 2,
  INT: 3,
  SHORT: 4,
  LONG: 5,
  DOUBLE: 6,
  LIST: 7,
  CLASS: 8,
  PASSWORD: 9,
};

const WITHOUT_EFFECT = 'Known from Apache Kafka. Without effect in Millrace.';
