import { equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import {
  deriveTopicConfig,
  inheritedTopicSettings,
  InvalidTopicConfig,
  storedTopicConfig,
} from '../../src/config/topic_config.ts';
import type { TopicConfig } from '../../src/config/node_config.ts';
import { configSource } from '../../src/config/dynamic_settings.ts';
import { resolveNode } from './sources.ts';
import { assert } from '../../src/base/assert.ts';

const base = resolveNode('log.segment.bytes=2000000').topics.config;

function derive(overrides: Readonly<Record<string, string>>): TopicConfig {
  const config = deriveTopicConfig(base, new Map(Object.entries(overrides)));
  assert(!(config instanceof InvalidTopicConfig), 'the settings are right');
  return config;
}

function refusal(overrides: Readonly<Record<string, string>>): string {
  const config = deriveTopicConfig(base, new Map(Object.entries(overrides)));
  assert(config instanceof InvalidTopicConfig, 'the settings are refused');
  return config.message;
}

test('a topic has what its node has unless it says otherwise', () => {
  equal(derive({}).segmentBytes, 2_000_000);
  const config = derive({
    'segment.bytes': '1048576',
    'cleanup.policy': 'compact',
    'message.timestamp.type': 'LogAppendTime',
  });
  equal(config.segmentBytes, 1_048_576);
  equal(config.cleanupPolicy.join(), 'compact');
  equal(config.messageTimestampType, 'LogAppendTime');
  equal(config.retentionMs, 604_800_000);
  equal(derive({ 'internal.segment.bytes': '1000' }).segmentBytes, 1000);
});

test('Kafka refuses these too', () => {
  match(refusal({ 'segment.byte': '1' }), /Unknown topic config name: segment\.byte/);
  match(refusal({ 'segment.bytes': '1' }), /Invalid value 1 for configuration segment\.bytes/);
  match(refusal({ 'min.compaction.lag.ms': '2', 'max.compaction.lag.ms': '1' }), /must not be above/);
});

test('what is stored and not known costs a topic nothing else', () => {
  const stored = new Map([
    ['retention.ms', '-1'],
    ['from.the.future', 'x'],
    ['segment.bytes', 'y'],
  ]);
  const { config, ignored } = storedTopicConfig(base, stored);
  equal(config.retentionMs, -1);
  equal(config.segmentBytes, base.segmentBytes);
  equal(ignored.length, 2);
});

test('as text, in the unit of the topic, and where from', () => {
  const { written } = resolveNode('log.retention.hours=1\nlog.roll.ms=5');
  const settings = inheritedTopicSettings(written, { cluster: new Map(), node: new Map() });
  equal(settings.get('retention.ms')?.text, '3600000');
  equal(settings.get('retention.ms')?.source, configSource.file);
  equal(settings.get('segment.ms')?.text, '5');
  equal(settings.get('flush.ms')?.text, '9223372036854775807');
  equal(settings.get('flush.ms')?.source, configSource.builtIn);
  equal(settings.size, 34);
  ok(settings.has('internal.segment.bytes'));
});
