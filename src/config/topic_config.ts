import type { ConfigKey } from './config_key.ts';
import {
  findTopicSetting,
  TOPIC_SETTINGS,
  type TopicBooleanKey,
  type TopicKeyName,
  type TopicListKey,
  type TopicNumberKey,
  type TopicTextKey,
} from './keys.ts';
import type { CleanupPolicy, CompressionType, TimestampType, TopicConfig, WrittenSetting } from './node_config.ts';
import { configSource, type DynamicSettings } from './dynamic_settings.ts';
import { configValueText, InvalidValue, parseConfigValue, quoted, type ConfigValue } from './value.ts';
import type { ConfigValues } from './values.ts';
import { assert } from '../base/assert.ts';

/** Why a set of topic settings is refused, as a sentence for the one who asked. */
export class InvalidTopicConfig {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

const MS_PER_MINUTE = 60_000;
const MS_PER_HOUR = 3_600_000;

/** What topics of this node have unless they say otherwise: its `log.*` keys, and Kafka's defaults for the rest. */
export function topicConfigOfNode(values: ConfigValues): TopicConfig {
  return {
    cleanupPolicy: values.list('log.cleanup.policy') as readonly CleanupPolicy[],
    compressionType: values.text('compression.type') as CompressionType,
    compressionGzipLevel: values.number('compression.gzip.level'),
    compressionLz4Level: values.number('compression.lz4.level'),
    compressionZstdLevel: values.number('compression.zstd.level'),
    deleteRetentionMs: values.number('log.cleaner.delete.retention.ms'),
    fileDeleteDelayMs: values.number('log.segment.delete.delay.ms'),
    flushMessages: values.number('log.flush.interval.messages'),
    flushMs: values.numberOrNull('log.flush.interval.ms') ?? values.number('log.flush.scheduler.interval.ms'),
    indexIntervalBytes: values.number('log.index.interval.bytes'),
    localRetentionBytes: values.number('log.local.retention.bytes'),
    localRetentionMs: values.number('log.local.retention.ms'),
    maxCompactionLagMs: values.number('log.cleaner.max.compaction.lag.ms'),
    maxMessageBytes: values.number('message.max.bytes'),
    messageTimestampAfterMaxMs: values.number('log.message.timestamp.after.max.ms'),
    messageTimestampBeforeMaxMs: values.number('log.message.timestamp.before.max.ms'),
    messageTimestampType: values.text('log.message.timestamp.type') as TimestampType,
    minCleanableDirtyRatio: values.number('log.cleaner.min.cleanable.ratio'),
    minCompactionLagMs: values.number('log.cleaner.min.compaction.lag.ms'),
    minInsyncReplicas: values.number('min.insync.replicas'),
    preallocate: values.boolean('log.preallocate'),
    producerIdExpirationMs: values.number('producer.id.expiration.ms'),
    remoteStorageEnable: false,
    retentionBytes: values.number('log.retention.bytes'),
    retentionMs: retentionMs(values),
    segmentBytes: values.number('log.segment.bytes'),
    segmentIndexBytes: values.number('log.index.size.max.bytes'),
    segmentJitterMs: values.numberOrNull('log.roll.jitter.ms') ?? values.number('log.roll.jitter.hours') * MS_PER_HOUR,
    segmentMs: values.numberOrNull('log.roll.ms') ?? values.number('log.roll.hours') * MS_PER_HOUR,
    uncleanLeaderElectionEnable: values.boolean('unclean.leader.election.enable'),
  };
}

/** The finest unit that is set wins; every negative number means for ever. */
export function retentionMs(values: ConfigValues): number {
  const minutes = values.numberOrNull('log.retention.minutes');
  const ms =
    values.numberOrNull('log.retention.ms') ??
    (minutes === null ? values.number('log.retention.hours') * MS_PER_HOUR : minutes * MS_PER_MINUTE);
  return ms < 0 ? -1 : ms;
}

/**
 * The settings of a topic that sets `overrides` (names and texts, as a client sent them) on top of `base`. Refuses
 * unknown names, wrong values and combinations that Kafka refuses.
 */
export function deriveTopicConfig(
  base: TopicConfig,
  overrides: ReadonlyMap<string, string>,
): TopicConfig | InvalidTopicConfig {
  const { parsed, refused } = parseOverrides(overrides);
  const [first] = refused;
  if (first !== undefined) return new InvalidTopicConfig(first);
  const config = withTopicValues(base, parsed);
  return checkTopicConfig(config) ?? config;
}

/** The settings of a topic as it lies in the metadata, and why some of what is stored does not count. */
export interface StoredTopicConfig {
  readonly config: TopicConfig;
  readonly ignored: readonly string[];
}

/**
 * For topics that exist: one setting that this build does not know (a newer broker wrote it) must not cost the topic
 * its others, least of all its retention.
 */
export function storedTopicConfig(base: TopicConfig, stored: ReadonlyMap<string, string>): StoredTopicConfig {
  const { parsed, refused } = parseOverrides(stored);
  return { config: withTopicValues(base, parsed), ignored: refused };
}

/** `base`, with the values that `parsed` has in their places. */
export function withTopicValues(base: TopicConfig, parsed: ReadonlyMap<TopicKeyName, ConfigValue>): TopicConfig {
  const number = (name: TopicNumberKey, inherited: number): number => {
    const value = parsed.get(name) ?? inherited;
    assert(typeof value === 'number', 'the setting is a number');
    return value;
  };
  const boolean = (name: TopicBooleanKey, inherited: boolean): boolean => {
    const value = parsed.get(name) ?? inherited;
    assert(typeof value === 'boolean', 'the setting is a boolean');
    return value;
  };
  const text = <T extends string>(name: TopicTextKey, inherited: T): T => (parsed.get(name) ?? inherited) as T;
  const list = <T extends string>(name: TopicListKey, inherited: readonly T[]): readonly T[] =>
    (parsed.get(name) ?? inherited) as readonly T[];

  return {
    cleanupPolicy: list('cleanup.policy', base.cleanupPolicy),
    compressionType: text('compression.type', base.compressionType),
    compressionGzipLevel: number('compression.gzip.level', base.compressionGzipLevel),
    compressionLz4Level: number('compression.lz4.level', base.compressionLz4Level),
    compressionZstdLevel: number('compression.zstd.level', base.compressionZstdLevel),
    deleteRetentionMs: number('delete.retention.ms', base.deleteRetentionMs),
    fileDeleteDelayMs: number('file.delete.delay.ms', base.fileDeleteDelayMs),
    flushMessages: number('flush.messages', base.flushMessages),
    flushMs: number('flush.ms', base.flushMs),
    indexIntervalBytes: number('index.interval.bytes', base.indexIntervalBytes),
    localRetentionBytes: number('local.retention.bytes', base.localRetentionBytes),
    localRetentionMs: number('local.retention.ms', base.localRetentionMs),
    maxCompactionLagMs: number('max.compaction.lag.ms', base.maxCompactionLagMs),
    maxMessageBytes: number('max.message.bytes', base.maxMessageBytes),
    messageTimestampAfterMaxMs: number('message.timestamp.after.max.ms', base.messageTimestampAfterMaxMs),
    messageTimestampBeforeMaxMs: number('message.timestamp.before.max.ms', base.messageTimestampBeforeMaxMs),
    messageTimestampType: text('message.timestamp.type', base.messageTimestampType),
    minCleanableDirtyRatio: number('min.cleanable.dirty.ratio', base.minCleanableDirtyRatio),
    minCompactionLagMs: number('min.compaction.lag.ms', base.minCompactionLagMs),
    minInsyncReplicas: number('min.insync.replicas', base.minInsyncReplicas),
    preallocate: boolean('preallocate', base.preallocate),
    producerIdExpirationMs: base.producerIdExpirationMs,
    remoteStorageEnable: boolean('remote.storage.enable', base.remoteStorageEnable),
    retentionBytes: number('retention.bytes', base.retentionBytes),
    retentionMs: number('retention.ms', base.retentionMs),
    // Kafka's own tests and tools make segments below the public minimum by the internal name.
    segmentBytes: number('internal.segment.bytes', number('segment.bytes', base.segmentBytes)),
    segmentIndexBytes: number('segment.index.bytes', base.segmentIndexBytes),
    segmentJitterMs: number('segment.jitter.ms', base.segmentJitterMs),
    segmentMs: number('segment.ms', base.segmentMs),
    uncleanLeaderElectionEnable: boolean('unclean.leader.election.enable', base.uncleanLeaderElectionEnable),
  };
}

interface ParsedOverrides {
  readonly parsed: ReadonlyMap<TopicKeyName, ConfigValue>;
  readonly refused: readonly string[];
}

function parseOverrides(overrides: ReadonlyMap<string, string>): ParsedOverrides {
  const parsed = new Map<TopicKeyName, ConfigValue>();
  const refused: string[] = [];
  for (const [name, text] of overrides) {
    const key = findTopicSetting(name);
    const value = key === null ? null : parseConfigValue(key, text);
    if (key === null) refused.push(`Unknown topic config name: ${quoted(name)}`);
    else if (value instanceof InvalidValue) {
      refused.push(`Invalid value ${quoted(text)} for configuration ${name}: it ${value.requirement}`);
    } else parsed.set(name as TopicKeyName, value);
  }
  return { parsed, refused };
}

function checkTopicConfig(config: TopicConfig): InvalidTopicConfig | null {
  if (config.minCompactionLagMs > config.maxCompactionLagMs) {
    return new InvalidTopicConfig(
      `min.compaction.lag.ms (${config.minCompactionLagMs}) must not be above max.compaction.lag.ms ` +
        `(${config.maxCompactionLagMs})`,
    );
  }
  return null;
}

/** A topic setting as this node would have it, and where from. */
export interface InheritedSetting {
  /** In the unit of the topic's setting; null: it has none, or it is a secret. */
  readonly text: string | null;
  /** `configSource` on the wire. */
  readonly source: number;
}

/**
 * As text what `topicConfigOfNode` is as numbers, for those who ask: the strongest of the settings in the metadata, of
 * what was written (`NodeConfig.written`), and of the defaults.
 */
export function inheritedTopicSettings(
  written: readonly WrittenSetting[],
  dynamic: DynamicSettings,
): ReadonlyMap<TopicKeyName, InheritedSetting> {
  const texts = new Map(written.map(({ name, text }) => [name, text]));
  const layers = [
    { source: configSource.broker, settings: dynamic.node },
    { source: configSource.clusterDefault, settings: dynamic.cluster },
    { source: configSource.file, settings: texts },
  ];
  const inherited = new Map<TopicKeyName, InheritedSetting>();
  for (const setting of TOPIC_SETTINGS) {
    inherited.set(setting.name as TopicKeyName, inheritedSetting(setting, layers));
  }
  return inherited;
}

function inheritedSetting(
  setting: ConfigKey,
  layers: readonly { readonly source: number; readonly settings: ReadonlyMap<string, string | null> }[],
): InheritedSetting {
  for (const { source, settings } of layers) {
    const nodeKey = setting.synonyms.find((name) => settings.has(name));
    if (nodeKey === undefined) continue;
    const text = settings.get(nodeKey) ?? null;
    return { text: text === null ? null : configValueText(setting, inTopicUnit(nodeKey, text)), source };
  }
  return { text: setting.default, source: configSource.builtIn };
}

function inTopicUnit(nodeKey: string, text: string): string {
  const unit = nodeKey.endsWith('.hours') ? MS_PER_HOUR : nodeKey.endsWith('.minutes') ? MS_PER_MINUTE : null;
  if (unit === null) return text.trim();
  const value = Number(text);
  return String(value < 0 ? -1 : value * unit);
}
