import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { findNodeKey, GROUP_SETTINGS } from '../../src/config/keys.ts';
import { topicConfigOfNode } from '../../src/config/topic_config.ts';
import { parseConfigValue, type ConfigValue } from '../../src/config/value.ts';
import { configOperation, type ConfigChange } from '../../src/controller/config_changes.ts';
import { ConfigManager, type PlannedConfigs } from '../../src/controller/config_manager.ts';
import { ConfigValidation } from '../../src/controller/config_validation.ts';
import { configResourceType, ConfigsImage } from '../../src/metadata/configs_image.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { clearElrRecord } from '../../src/protocol/schema/metadata/clear_elr_record.ts';
import { resolveFile } from '../config/sources.ts';
import { readBack } from './kafka_history.ts';

const { topic, broker, group, clientMetrics } = configResourceType;

class Cluster {
  readonly configs = new ConfigsImage();
  readonly manager: ConfigManager;
  /** Topics whose ELR the last change forgot; '': all. */
  cleared: unknown[] = [];

  constructor(tracksEligibleReplicas = false) {
    const topicDefaults = topicConfigOfNode(resolveFile('').values);
    const nodeValue = (name: string): ConfigValue => {
      const key = findNodeKey(name);
      assert.ok(key !== null, name);
      return parseConfigValue(key, key.default!) as ConfigValue;
    };
    this.manager = new ConfigManager({
      configs: this.configs,
      validation: new ConfigValidation({ nodeId: 1, topicDefaults: () => topicDefaults, nodeValue }),
      hasTopic: (name) => name === 'orders',
      tracksEligibleReplicas: () => tracksEligibleReplicas,
    });
  }

  /** Plans, and applies what was planned. */
  change(resourceType: number, resourceName: string, ...configs: ConfigChange[]): [ErrorCode, string] {
    return this.#applied(this.manager.planIncremental([{ resourceType, resourceName, configs }]));
  }

  replace(resourceType: number, resourceName: string, entries: Readonly<Record<string, string>>): [ErrorCode, string] {
    const configs = Object.entries(entries).map(([name, value]) => ({ name, value }));
    return this.#applied(this.manager.planWhole([{ resourceType, resourceName, configs }]));
  }

  #applied({ outcomes, records }: PlannedConfigs): [ErrorCode, string] {
    this.cleared = [];
    for (const record of records) {
      if (record.type === clearElrRecord.apiKey) {
        this.cleared.push(readBack(record).fields['topicName']);
        continue;
      }
      const { resourceType, resourceName, name, value } = readBack(record).fields;
      this.configs.set(resourceType as number, resourceName as string, name as string, value as string | null);
    }
    assert.equal(outcomes.length, 1);
    if (outcomes[0]!.errorCode !== ErrorCode.NONE) assert.equal(records.length, 0, 'what is refused writes nothing');
    return [outcomes[0]!.errorCode, outcomes[0]!.errorMessage ?? ''];
  }
}

const set = (name: string, value: string | null): ConfigChange => ({
  name,
  value,
  configOperation: configOperation.set,
});
const remove = (name: string): ConfigChange => ({ name, value: null, configOperation: configOperation.delete });
const append = (name: string, value: string): ConfigChange => ({
  name,
  value,
  configOperation: configOperation.append,
});
const subtract = (name: string, value: string): ConfigChange => ({
  name,
  value,
  configOperation: configOperation.subtract,
});
const DONE: [ErrorCode, string] = [ErrorCode.NONE, ''];

suite('settings of a topic', () => {
  test('are set, taken back, and lists grow and shrink on top of their default', () => {
    const cluster = new Cluster();
    const own = (): object => Object.fromEntries(cluster.configs.of(topic, 'orders'));
    assert.deepEqual(
      cluster.change(topic, 'orders', set('retention.ms', '5'), append('cleanup.policy', 'compact')),
      DONE,
    );
    assert.deepEqual(own(), { 'retention.ms': '5', 'cleanup.policy': 'delete,compact' });
    assert.deepEqual(
      cluster.change(topic, 'orders', subtract('cleanup.policy', 'delete'), remove('retention.ms')),
      DONE,
    );
    assert.deepEqual(own(), { 'cleanup.policy': 'compact' });
    assert.deepEqual(cluster.change(topic, 'orders', append('cleanup.policy', 'compact')), DONE);
    assert.deepEqual(own(), { 'cleanup.policy': 'compact' });
  });

  test('as a whole set: what is not named goes', () => {
    const cluster = new Cluster();
    cluster.change(topic, 'orders', set('retention.ms', '5'), set('segment.ms', '6'));
    assert.deepEqual(cluster.replace(topic, 'orders', { 'flush.ms': '7', 'segment.ms': '6' }), DONE);
    assert.deepEqual(Object.fromEntries(cluster.configs.of(topic, 'orders')), { 'flush.ms': '7', 'segment.ms': '6' });
  });

  test('only what changes is written', () => {
    const { manager, ...cluster } = new Cluster();
    cluster.configs.set(topic, 'orders', 'retention.ms', '5');
    const configs = [set('retention.ms', '5'), set('segment.ms', '6'), remove('flush.ms')];
    const { records } = manager.planIncremental([{ resourceType: topic, resourceName: 'orders', configs }]);
    assert.deepEqual(
      records.map((record) => readBack(record).fields['name']),
      ['segment.ms'],
    );
  });

  test('are refused in the order of the checks of Apache Kafka', () => {
    const { INVALID_CONFIG, INVALID_REQUEST, INVALID_TOPIC_EXCEPTION, UNKNOWN_TOPIC_OR_PARTITION } = ErrorCode;
    const cases: readonly [number, RegExp, string, ...ConfigChange[]][] = [
      [INVALID_REQUEST, /duplicate config keys/, 'orders', set('retention.ms', '1'), remove('retention.ms')],
      [INVALID_REQUEST, /Null value not supported for : retention.ms/, 'orders', set('retention.ms', null)],
      [INVALID_REQUEST, /Default topic resources/, '', set('retention.ms', '1')],
      [INVALID_TOPIC_EXCEPTION, /Topic name is invalid/, 'a b', set('retention.ms', '1')],
      [INVALID_CONFIG, /Can't APPEND to key retention.ms/, 'orders', append('retention.ms', '1')],
      [INVALID_CONFIG, /Can't SUBTRACT to key no.such/, 'orders', subtract('no.such', '1')],
      [INVALID_REQUEST, /Unknown operations type 9/, 'orders', { ...set('retention.ms', '1'), configOperation: 9 }],
      [INVALID_CONFIG, /Unknown topic config name: no.such/, 'none', set('no.such', '1')],
      [INVALID_CONFIG, /Invalid value x for configuration retention.ms/, 'none', set('retention.ms', 'x')],
      [
        INVALID_CONFIG,
        /min.compaction.lag.ms/,
        'orders',
        set('min.compaction.lag.ms', '2'),
        set('max.compaction.lag.ms', '1'),
      ],
      [UNKNOWN_TOPIC_OR_PARTITION, /The topic 'none' does not exist/, 'none', set('retention.ms', '1')],
    ];
    for (const [code, words, name, ...changes] of cases) {
      const [errorCode, message] = new Cluster().change(topic, name, ...changes);
      assert.equal(errorCode, code, message);
      assert.match(message, words);
    }
  });

  test('lists of groups and of subscriptions to client metrics are not changed by elements', () => {
    for (const [type, change, words] of [
      [clientMetrics, append('metrics', 'a.b'), /Can't APPEND to key metrics because its type is not LIST/],
      [clientMetrics, subtract('match', 'a'), /Can't SUBTRACT to key match because its type is not LIST/],
      [group, append('share.isolation.level', 'x'), /Can't APPEND to key share.isolation.level/],
    ] as const) {
      const configs = [change];
      const { outcomes } = new Cluster().manager.planIncremental([{ resourceType: type, resourceName: 'r', configs }]);
      assert.equal(outcomes[0]!.errorCode, ErrorCode.INVALID_CONFIG);
      assert.match(outcomes[0]!.errorMessage!, words);
    }
  });

  test('a resource that is named twice is refused twice, others are not hindered', () => {
    const once = { resourceType: topic, resourceName: 'orders', configs: [set('retention.ms', '1')] };
    const twice = { ...once, resourceType: group, resourceName: 'g', configs: [] };
    const unknown = { ...once, resourceType: 55 };
    const { outcomes, records } = new Cluster().manager.planIncremental([twice, once, twice, unknown]);
    assert.deepEqual(
      outcomes.map(({ errorCode }) => errorCode),
      [ErrorCode.INVALID_REQUEST, ErrorCode.NONE, ErrorCode.INVALID_REQUEST, ErrorCode.INVALID_REQUEST],
    );
    assert.equal(records.length, 1);
  });
});

suite('settings of brokers', () => {
  test('are written again although nothing changed: whoever asks wants them looked at', () => {
    const { manager } = new Cluster();
    const plan = () =>
      manager.planWhole([
        { resourceType: broker, resourceName: '1', configs: [{ name: 'log.retention.ms', value: '1' }] },
      ]);
    assert.equal(plan().records.length, 1);
  });

  test('of others, and of none, are refused', () => {
    const cluster = new Cluster();
    assert.match(cluster.change(broker, '2', set('log.retention.ms', '1'))[1], /Unexpected broker id, expected 1/);
    assert.match(cluster.change(broker, 'one', set('log.retention.ms', '1'))[1], /must be an integer/);
    assert.equal(cluster.change(broker, '', set('num.partitions', '1'))[0], ErrorCode.INVALID_REQUEST);
    assert.deepEqual(cluster.change(broker, '', set('log.retention.ms', '1')), DONE);
  });

  test('while eligible replicas are tracked, how many are enough is one number for all', () => {
    const cluster = new Cluster(true);
    assert.equal(cluster.change(broker, '1', set('min.insync.replicas', '2'))[0], ErrorCode.INVALID_CONFIG);
    assert.deepEqual(cluster.change(broker, '', set('min.insync.replicas', '2')), DONE);
    assert.equal(cluster.change(broker, '', remove('min.insync.replicas'))[0], ErrorCode.INVALID_CONFIG);
    assert.deepEqual(new Cluster().change(broker, '1', set('min.insync.replicas', '2')), DONE);
  });
});

test('another minimum of replicas makes eligible ones forgotten, as Apache Kafka does', () => {
  const cluster = new Cluster(true);
  const cleared = (type: number, name: string, change: ConfigChange): unknown[] => {
    assert.deepEqual(cluster.change(type, name, change), DONE);
    return cluster.cleared;
  };
  assert.deepEqual(cleared(topic, 'orders', set('min.insync.replicas', '2')), ['orders']);
  assert.deepEqual(cleared(topic, 'orders', set('min.insync.replicas', '2')), []);
  assert.deepEqual(cleared(topic, 'orders', set('retention.ms', '2')), []);
  assert.deepEqual(cleared(topic, 'orders', remove('min.insync.replicas')), ['orders']);
  assert.deepEqual(cleared(broker, '', set('min.insync.replicas', '2')), ['']);
  const untracked = new Cluster();
  untracked.change(topic, 'orders', set('min.insync.replicas', '2'));
  assert.deepEqual(untracked.cleared, []);
});

suite('settings of groups and of subscriptions to client metrics', () => {
  test('of groups stay within the bounds of the node', () => {
    const cluster = new Cluster();
    assert.deepEqual(cluster.change(group, 'g', set('share.auto.offset.reset', 'by_duration:PT1H')), DONE);
    assert.deepEqual(cluster.change(group, 'g', set('consumer.session.timeout.ms', '50000')), DONE);
    const refused: readonly [RegExp, string, ConfigChange][] = [
      [/^Default group/, '', set('share.auto.offset.reset', 'latest')],
      [/^Unknown group config name: x/, 'g', set('x', '1')],
      [/^Invalid value P for/, 'g', set('share.auto.offset.reset', 'P')],
      [/less than or equal to group.consumer.max.session/, 'g', set('consumer.session.timeout.ms', '60001')],
      [/greater than or equal to group.share.min.heartbeat/, 'g', set('share.heartbeat.interval.ms', '1')],
    ];
    for (const [words, name, change] of refused) assert.match(cluster.change(group, name, change)[1], words);
  });

  test('every bound is a key of the node', () => {
    for (const { name, allowed } of GROUP_SETTINGS) {
      // A value that its own definition takes reaches the bounds; a key that does not exist fails an assertion.
      new Cluster().change(group, 'g', set(name, String(allowed.min ?? 'x')));
    }
  });

  test('of subscriptions', () => {
    const cluster = new Cluster();
    assert.deepEqual(
      cluster.change(
        clientMetrics,
        's',
        set('interval.ms', '100'),
        set('match', 'client_id=a.*, client_source_port=1'),
      ),
      DONE,
    );
    const refused: readonly [ErrorCode, string, ConfigChange][] = [
      [ErrorCode.INVALID_REQUEST, '', set('interval.ms', '100')],
      [ErrorCode.INVALID_REQUEST, 's', set('x', '1')],
      [ErrorCode.INVALID_REQUEST, 's', set('interval.ms', '99')],
      [ErrorCode.INVALID_REQUEST, 's', set('interval.ms', '3600001')],
      [ErrorCode.INVALID_CONFIG, 's', set('match', 'client_id')],
      [ErrorCode.INVALID_CONFIG, 's', set('match', 'colour=red')],
      [ErrorCode.INVALID_CONFIG, 's', set('match', 'client_id=(')],
    ];
    for (const [code, name, change] of refused) assert.equal(cluster.change(clientMetrics, name, change)[0], code);
  });
});
