import { equal, deepEqual, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Allowed, ConfigKey } from '../../src/config/config_key.ts';
import { describeAllowed } from '../../src/config/config_key.ts';
import { findNodeKey, findTopicSetting, NODE_KEYS, TOPIC_SETTINGS } from '../../src/config/keys.ts';
import { InvalidValue, parseConfigValue } from '../../src/config/value.ts';

interface KafkaKey {
  readonly type: string;
  readonly hasDefault: boolean;
  readonly defaultString?: string | null;
  readonly validator: string | null;
  readonly importance: string;
  readonly internal: boolean;
  readonly updateMode: string;
  readonly synonyms: readonly string[];
  readonly serverSynonyms: readonly string[];
}

const fixture = new URL('../fixtures/config/kafka-4.3.1-keys.json.gz', import.meta.url);
const kafka = JSON.parse(gunzipSync(readFileSync(fixture)).toString()) as {
  readonly broker: Readonly<Record<string, KafkaKey>>;
  readonly topic: Readonly<Record<string, KafkaKey>>;
};

/** Where Millrace starts without a file, and where it listens and stores unless told otherwise. */
const ownDefaults = new Map([
  ['controller.listener.names', ''],
  ['listeners', 'PLAINTEXT://127.0.0.1:9092'],
  ['log.dir', './data'],
  ['node.id', '1'],
  ['process.roles', 'broker,controller'],
]);

test('the keys of a node are those of Apache Kafka 4.3.1 and our own', () => {
  const names = NODE_KEYS.map((key) => key.name);
  const own = names.filter((name) => name.startsWith('millrace.'));
  deepEqual(names.filter((name) => !own.includes(name)).sort(), Object.keys(kafka.broker).sort());
  equal(names.length - own.length, 360);
  deepEqual(TOPIC_SETTINGS.map((key) => key.name).sort(), Object.keys(kafka.topic).sort());
  for (const name of own) ok(findNodeKey(name)?.effect !== null, `${name} says what it does`);
});

test('each key has the type, default, importance, update mode and synonyms that it has in Kafka', () => {
  for (const [name, theirs] of Object.entries(kafka.broker)) {
    const ours = findNodeKey(name);
    ok(ours !== null);
    const fallback = theirs.hasDefault ? (theirs.defaultString ?? null) : null;
    equal(ours.default, ownDefaults.get(name) ?? fallback, name);
    equal(ours.updateMode, theirs.updateMode, name);
    deepEqual([...ours.synonyms].sort(), [...theirs.synonyms].sort(), name);
    checkFacts(ours, theirs);
  }
  for (const [name, theirs] of Object.entries(kafka.topic)) {
    const ours = findTopicSetting(name);
    ok(ours !== null);
    equal(ours.default, theirs.defaultString ?? null, name);
    deepEqual(ours.synonyms, theirs.serverSynonyms, name);
    checkFacts(ours, theirs);
  }
});

test('every default is a value of its own key', () => {
  for (const key of [...NODE_KEYS, ...TOPIC_SETTINGS]) {
    if (key.default === null) continue;
    ok(!(parseConfigValue(key, key.default) instanceof InvalidValue), key.name);
  }
});

function checkFacts(ours: ConfigKey, theirs: KafkaKey): void {
  equal(ours.type, theirs.type, ours.name);
  equal(ours.importance, theirs.importance, ours.name);
  equal(ours.internal, theirs.internal, ours.name);
  const { validator } = theirs;
  // Kafka's quorum validators refuse only what was written empty; lists without a set of elements have none here.
  if (validator === null || validator === '' || validator === 'non-null string' || validator === 'non-empty list') {
    equal(describeAllowed(ours.allowed), '', ours.name);
    return;
  }
  equal(inKafkasWords(ours.allowed), validator, ours.name);
}

function inKafkasWords(allowed: Allowed): string {
  if (allowed.notEmpty) return 'non-empty string';
  if (allowed.pattern !== null) return '[partitionId]:[brokerId],[partitionId]:[brokerId],...';
  if (allowed.oneOf !== null) return `${allowed.ignoreCase ? '(case insensitive) ' : ''}[${allowed.oneOf.join(', ')}]`;
  const range = `[${allowed.min},...${allowed.max === null ? '' : `,${allowed.max}`}]`;
  return allowed.orElse === null ? range : `${range} or ${allowed.orElse}`;
}
