import { type BrokerRow, type ConfigKey, type ConfigType, type RareColumns, type TopicRow } from './config_key.ts';
import { EFFECTS, TOPIC_EFFECTS } from './effects.ts';
import { CLIENT_METRICS_KEYS } from './keys/client_metrics.ts';
import { CLUSTER_KEYS } from './keys/cluster.ts';
import { GROUP_KEYS } from './keys/group.ts';
import { GROUP_SETTING_KEYS } from './keys/group_setting.ts';
import { LOG_KEYS } from './keys/log.ts';
import { MILLRACE_EFFECTS, MILLRACE_KEYS } from './keys/millrace.ts';
import { NETWORK_KEYS } from './keys/network.ts';
import { OBSERVE_KEYS } from './keys/observe.ts';
import { REPLICATION_KEYS } from './keys/replication.ts';
import { SECURITY_KEYS } from './keys/security.ts';
import { TIERED_KEYS } from './keys/tiered.ts';
import { TOPIC_KEYS } from './keys/topic.ts';
import { TRANSACTION_KEYS } from './keys/transaction.ts';

const kafkaRows = [
  ...CLUSTER_KEYS,
  ...NETWORK_KEYS,
  ...LOG_KEYS,
  ...REPLICATION_KEYS,
  ...GROUP_KEYS,
  ...TRANSACTION_KEYS,
  ...SECURITY_KEYS,
  ...TIERED_KEYS,
  ...OBSERVE_KEYS,
] as const;

type KafkaRow = (typeof kafkaRows)[number];
type NodeRow = KafkaRow | (typeof MILLRACE_KEYS)[number];
type AnyTopicRow = (typeof TOPIC_KEYS)[number];
type NamesOfType<Row, T extends ConfigType> = Row extends readonly [infer Name extends string, T, ...unknown[]]
  ? Name
  : never;

export type KafkaKeyName = KafkaRow[0];
export type NodeKeyName = NodeRow[0];
export type TopicKeyName = AnyTopicRow[0];
type NumberType = 'INT' | 'SHORT' | 'LONG' | 'DOUBLE';
type TextType = 'STRING' | 'CLASS' | 'PASSWORD';

/** Names by the type of their values, so that a wrong accessor does not compile. */
export type NumberKey = NamesOfType<NodeRow, NumberType>;
export type BooleanKey = NamesOfType<NodeRow, 'BOOLEAN'>;
export type ListKey = NamesOfType<NodeRow, 'LIST'>;
export type TextKey = NamesOfType<NodeRow, TextType>;
export type TopicNumberKey = NamesOfType<AnyTopicRow, NumberType>;
export type TopicBooleanKey = NamesOfType<AnyTopicRow, 'BOOLEAN'>;
export type TopicListKey = NamesOfType<AnyTopicRow, 'LIST'>;
export type TopicTextKey = NamesOfType<AnyTopicRow, TextType>;

/** Every key of a node, Kafka's and our own, sorted by name. */
export const NODE_KEYS: readonly ConfigKey[] = [
  ...kafkaRows.map((row) => nodeKey(row, EFFECTS[row[0]] ?? null)),
  ...MILLRACE_KEYS.map((row) => nodeKey(row, MILLRACE_EFFECTS[row[0]])),
].sort(byName);

/** Every setting of a topic, sorted by name. The synonyms are keys of the node. */
export const TOPIC_SETTINGS: readonly ConfigKey[] = TOPIC_KEYS.map((row) =>
  topicKey(row, TOPIC_EFFECTS[row[0]] ?? null),
).sort(byName);

/** Every setting of a group, sorted by name. The synonyms are keys of the node. */
export const GROUP_SETTINGS: readonly ConfigKey[] = GROUP_SETTING_KEYS.map((row) => topicKey(row, null)).sort(byName);

/** Every setting of a subscription to client metrics (KIP-714), sorted by name. */
export const CLIENT_METRICS_SETTINGS: readonly ConfigKey[] = CLIENT_METRICS_KEYS.map((row) => topicKey(row, null)).sort(
  byName,
);

const nodeKeysByName = new Map(NODE_KEYS.map((key) => [key.name, key]));
const topicSettingsByName = new Map(TOPIC_SETTINGS.map((key) => [key.name, key]));
const groupSettingsByName = new Map(GROUP_SETTINGS.map((key) => [key.name, key]));

export function findNodeKey(name: string): ConfigKey | null {
  return nodeKeysByName.get(name) ?? null;
}

export function findTopicSetting(name: string): ConfigKey | null {
  return topicSettingsByName.get(name) ?? null;
}

export function findGroupSetting(name: string): ConfigKey | null {
  return groupSettingsByName.get(name) ?? null;
}

export function findClientMetricsSetting(name: string): ConfigKey | null {
  return CLIENT_METRICS_SETTINGS.find((key) => key.name === name) ?? null;
}

function nodeKey(row: BrokerRow, effect: string | null): ConfigKey {
  const rare: RareColumns = row[6] ?? {};
  return {
    name: row[0],
    type: row[1],
    default: row[2],
    allowed: row[3],
    importance: row[4],
    updateMode: row[5],
    synonyms: rare.synonyms ?? [row[0]],
    internal: rare.internal ?? false,
    effect,
  };
}

function topicKey(row: TopicRow, effect: string | null): ConfigKey {
  const rare: RareColumns = row[6] ?? {};
  return {
    name: row[0],
    type: row[1],
    default: row[2],
    allowed: row[3],
    importance: row[4],
    updateMode: 'cluster-wide',
    synonyms: row[5],
    internal: rare.internal ?? false,
    effect,
  };
}

function byName(a: ConfigKey, b: ConfigKey): number {
  return a.name < b.name ? -1 : 1;
}
