import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findNodeKey, findTopicSetting } from '../../src/config/keys.ts';
import { InvalidValue, parseConfigValue, type ConfigValue } from '../../src/config/value.ts';
import { assert } from '../../src/base/assert.ts';

function parse(name: string, text: string): ConfigValue | InvalidValue {
  const key = findNodeKey(name) ?? findTopicSetting(name);
  assert(key !== null, 'the key exists');
  return parseConfigValue(key, text);
}

function refusal(name: string, text: string): string {
  const value = parse(name, text);
  assert(value instanceof InvalidValue, `${name} refuses ${text}`);
  return value.requirement;
}

test('numbers keep to their type and range, to the last unit', () => {
  equal(parse('num.partitions', ' 7 '), 7);
  equal(parse('num.partitions', '+7'), 7);
  equal(parse('num.partitions', '2147483647'), 2_147_483_647);
  equal(refusal('num.partitions', '2147483648'), 'must be a whole number from 1 to 2147483647');
  equal(refusal('num.partitions', '0'), 'must be a whole number, at least 1');
  for (const text of ['', '1.0', '0x10', '1e3', '١', '1_000', 'NaN', '--1']) refusal('num.partitions', text);
  equal(parse('log.flush.interval.messages', '9223372036854775807'), 2 ** 63);
  refusal('log.flush.interval.messages', '9223372036854775808');
  equal(parse('offsets.topic.replication.factor', '32767'), 32_767);
  refusal('offsets.topic.replication.factor', '32768');
  equal(parse('compression.gzip.level', '-1'), -1);
  equal(refusal('compression.gzip.level', '0'), 'must be a whole number, 1 to 9, or -1');
  equal(parse('log.cleaner.min.cleanable.ratio', '.5e0'), 0.5);
  equal(refusal('log.cleaner.min.cleanable.ratio', '1.1'), 'must be a number, 0 to 1');
  refusal('log.cleaner.min.cleanable.ratio', 'half');
});

test('every INT is read as itself', () => {
  fc.assert(fc.property(fc.integer(), (value) => parse('socket.send.buffer.bytes', String(value)) === value));
});

test('booleans, lists and names', () => {
  equal(parse('log.preallocate', 'TRUE'), true);
  equal(parse('log.preallocate', ' false'), false);
  equal(refusal('log.preallocate', 'yes'), 'must be true or false');
  deepEqual(parse('log.dirs', ' a , b'), ['a', 'b']);
  deepEqual(parse('config.providers', ''), []);
  refusal('log.dirs', 'a,,b');
  deepEqual(parse('cleanup.policy', 'compact,delete'), ['compact', 'delete']);
  equal(refusal('cleanup.policy', 'archive'), 'must be a list of one of compact, delete');
  equal(parse('compression.type', 'zstd'), 'zstd');
  equal(refusal('compression.type', 'ZSTD'), 'must be one of uncompressed, zstd, lz4, snappy, gzip, producer');
  equal(parse('group.consumer.migration.policy', 'Upgrade'), 'Upgrade');
  deepEqual(parse('leader.replication.throttled.replicas', '0:1,1:2'), ['0:1', '1:2']);
  refusal('leader.replication.throttled.replicas', '0-1');
});

test('no text makes parsing throw', () => {
  const names = [
    'num.partitions',
    'log.dirs',
    'log.preallocate',
    'compression.type',
    'log.cleaner.min.cleanable.ratio',
  ];
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.string({ unit: 'binary' }), (name, text) => {
      ok(parse(name, text) !== undefined);
    }),
  );
});
