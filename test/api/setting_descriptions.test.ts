import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { SettingDescriptions, type DescribedSetting } from '../../src/api/setting_descriptions.ts';
import { configSource } from '../../src/config/dynamic_settings.ts';
import { resolveNode } from '../config/sources.ts';

const settings = (entries: Readonly<Record<string, string>> = {}): ReadonlyMap<string, string> =>
  new Map(Object.entries(entries));

interface Layers {
  readonly file?: string;
  readonly cluster?: Readonly<Record<string, string>>;
  readonly node?: Readonly<Record<string, string>>;
}

function descriptions({ file = '', cluster, node }: Layers): SettingDescriptions {
  return new SettingDescriptions(resolveNode(file).written, { cluster: settings(cluster), node: settings(node) });
}

const named = (described: readonly DescribedSetting[], name: string): DescribedSetting =>
  described.find((setting) => setting.name === name)!;
const synonymsOf = ({ synonyms }: DescribedSetting): string[] =>
  synonyms.map(({ name, value, source }) => `${name}=${value} (${source})`);

const ALL: Layers = {
  file: 'log.retention.minutes=7\nlog.retention.ms=4000',
  cluster: { 'log.retention.ms': '3000' },
  node: { 'log.retention.ms': '2000' },
};

suite('where a value comes from', () => {
  test('a topic has its own, then the broker, all brokers, the file, the default', () => {
    const layers: readonly (readonly [Layers, Readonly<Record<string, string>>, string, number])[] = [
      [ALL, { 'retention.ms': '1000' }, '1000', configSource.topic],
      [ALL, {}, '2000', configSource.broker],
      [{ ...ALL, node: {} }, {}, '3000', configSource.clusterDefault],
      [{ file: ALL.file! }, {}, '4000', configSource.file],
      [{ file: 'log.retention.minutes=7' }, {}, '420000', configSource.file],
      [{}, {}, '604800000', configSource.builtIn],
    ];
    for (const [layer, own, value, source] of layers) {
      const { value: told, configSource: from } = named(descriptions(layer).ofTopic(settings(own)), 'retention.ms');
      assert.deepEqual([told, from], [value, source]);
    }
  });

  test('synonyms begin with the key itself, the strongest first', () => {
    assert.deepEqual(
      synonymsOf(named(descriptions(ALL).ofTopic(settings({ 'retention.ms': '1000' })), 'retention.ms')),
      [
        'retention.ms=1000 (1)',
        'log.retention.ms=2000 (2)',
        'log.retention.ms=3000 (3)',
        'log.retention.ms=4000 (4)',
        'log.retention.minutes=7 (4)',
        'log.retention.hours=168 (5)',
      ],
    );
    assert.deepEqual(synonymsOf(named(descriptions({}).ofTopic(settings()), 'retention.ms')), []);
    assert.deepEqual(synonymsOf(named(descriptions(ALL).ofNode(), 'log.retention.hours')), [
      'log.retention.hours=168 (5)',
    ]);
  });

  test('of all brokers only what was set for all of them', () => {
    const described = descriptions(ALL).ofAllBrokers();
    assert.deepEqual(
      described.map(({ name, value, configSource: from }) => [name, value, from]),
      [['log.retention.ms', '3000', configSource.clusterDefault]],
    );
    assert.deepEqual(synonymsOf(described[0]!), ['log.retention.ms=3000 (3)']);
  });

  test('of a group its own, then the keys of the node, named by those', () => {
    const layers: Layers = {
      file: 'group.share.session.timeout.ms=46000',
      cluster: { 'group.consumer.assignment.interval.ms': '1500' },
    };
    const own = { 'consumer.session.timeout.ms': '50000', 'share.isolation.level': 'read_committed' };
    const described = descriptions(layers).ofGroup(settings(own));
    assert.equal(described.length, 17);
    const told = (name: string): unknown[] => {
      const setting = named(described, name);
      return [setting.value, setting.configSource, ...synonymsOf(setting)];
    };
    const { group, file, clusterDefault, builtIn } = configSource;
    assert.deepEqual(told('consumer.session.timeout.ms'), [
      '50000',
      group,
      'consumer.session.timeout.ms=50000 (8)',
      'group.consumer.session.timeout.ms=45000 (5)',
    ]);
    assert.deepEqual(told('share.isolation.level'), [
      'read_committed',
      group,
      'share.isolation.level=read_committed (8)',
      'share.isolation.level=read_uncommitted (5)',
    ]);
    assert.deepEqual(told('share.session.timeout.ms'), [
      '46000',
      file,
      'group.share.session.timeout.ms=46000 (4)',
      'group.share.session.timeout.ms=45000 (5)',
    ]);
    assert.deepEqual(told('consumer.assignment.interval.ms').slice(0, 2), ['1500', clusterDefault]);
    assert.deepEqual(told('share.auto.offset.reset'), ['latest', builtIn, 'share.auto.offset.reset=latest (5)']);
  });

  test('of a subscription to client metrics all settings, synonyms only of those that were set', () => {
    const described = descriptions({}).ofClientMetrics(settings({ 'interval.ms': '1000', metrics: '' }));
    const { clientMetrics, builtIn } = configSource;
    assert.deepEqual(
      described.map((setting) => [setting.name, setting.value, setting.configSource, ...synonymsOf(setting)]),
      [
        ['interval.ms', '1000', clientMetrics, 'interval.ms=1000 (7)'],
        ['match', '', builtIn],
        ['metrics', '', clientMetrics, 'metrics= (7)'],
      ],
    );
  });

  test('a node has its number under both of its names', () => {
    const described = descriptions({ file: 'node.id=7' }).ofNode();
    assert.deepEqual(synonymsOf(named(described, 'broker.id')), ['broker.id=7 (4)', 'broker.id=-1 (5)']);
    assert.equal(named(descriptions({}).ofNode(), 'broker.id').value, '-1');
  });
});

suite('what is told', () => {
  test('secrets never', () => {
    const secret = { 'sasl.jaas.config': 'hush' };
    const told = descriptions({ file: 'ssl.keystore.password=hush', cluster: secret, node: secret });
    assert.ok(!JSON.stringify([...told.ofNode(), ...told.ofAllBrokers()]).includes('hush'));
    const setting = named(told.ofNode(), 'ssl.keystore.password');
    assert.deepEqual([setting.value, setting.isSensitive, setting.configSource], [null, true, configSource.file]);
  });

  test('a name that nobody knows: it may be a secret of a plug-in', () => {
    const [unknown] = descriptions({ cluster: { 'plug.in': 'hush' } }).ofAllBrokers();
    assert.deepEqual([unknown!.name, unknown!.value, unknown!.isSensitive], ['plug.in', null, true]);
  });

  test('what can only be written in the start file is read-only', () => {
    const described = descriptions({}).ofNode();
    assert.equal(named(described, 'num.partitions').readOnly, true);
    assert.equal(named(described, 'log.retention.ms').readOnly, false);
  });

  test('settings for tests alone are hidden until they are set', () => {
    assert.equal(descriptions({}).ofTopic(settings()).length, 33);
    assert.equal(descriptions({}).ofTopic(settings({ 'internal.segment.bytes': '9' })).length, 34);
  });

  test('values as Kafka shows them', () => {
    const described = descriptions({ file: 'log.cleanup.policy = compact , delete\nlog.preallocate = TRUE' }).ofNode();
    assert.equal(named(described, 'log.cleanup.policy').value, 'compact,delete');
    assert.equal(named(described, 'log.preallocate').value, 'true');
  });

  test('every setting has some words', () => {
    for (const { name, documentation } of descriptions({}).ofNode()) assert.ok(documentation !== null, name);
  });
});
