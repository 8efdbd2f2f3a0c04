/** kafka-configs, kafka-client-metrics, kafka-features, kafka-cluster, kafka-metadata-quorum, kafka-broker-api-versions. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { apiTable } from '../../src/api/table.ts';
import { BrokerProcess, brokerKind, skipOnKafka, temporaryDirectory } from '../processes/broker_process.ts';
import { freePort } from '../processes/kafka_process.ts';
import { ErrorCode } from '../processes/wire.ts';
import { WireClient } from '../processes/wire_client.ts';
import { controllerAddress, KafkaTools, linesOf, startWithController } from './kafka_tools.ts';
import { OpenLog } from './open_log.ts';
import { skipKafkaTools } from './runtimes.ts';

const limited = { timeout: 120_000 };
const gzip = 1;

/** The same settings, under the names that they have for a topic and for all brokers. */
const scopes = [
  {
    told: 'a topic',
    entity: ['--topic', 'changing'],
    name: 'changing',
    settings: {
      'segment.bytes': '1048576',
      'max.message.bytes': '400000',
      'message.timestamp.type': 'LogAppendTime',
      'compression.type': 'gzip',
    },
  },
  {
    told: 'all brokers',
    entity: ['--broker-defaults'],
    name: 'default',
    settings: {
      'log.segment.bytes': '1048576',
      'message.max.bytes': '400000',
      'log.message.timestamp.type': 'LogAppendTime',
      'compression.type': 'gzip',
    },
  },
] as const;

describe('Apache Kafka’s tools for a cluster', { skip: skipKafkaTools }, () => {
  let broker: BrokerProcess;
  let tools: KafkaTools;
  const directory = temporaryDirectory();
  const byController = (): [string, string] => ['--bootstrap-controller', controllerAddress(broker)];
  const alter = (...given: readonly string[]): Promise<string> => tools.run('kafka-configs', '--alter', ...given);
  const describeConfigs = async (...given: readonly string[]): Promise<string[]> =>
    linesOf(await tools.run('kafka-configs', '--describe', ...given));
  /** `name=value` of every line that describes a config. */
  const valuesOf = (lines: readonly string[]): string[] =>
    lines.filter((line) => line.includes(' sensitive=')).map((line) => line.split(' sensitive=')[0] as string);

  before(async () => {
    mkdirSync(directory, { recursive: true });
    tools = new KafkaTools();
    broker = await startWithController();
    tools.bootstrap = ['--bootstrap-server', `127.0.0.1:${broker.port}`];
  });

  after(async () => {
    rmSync(directory, { recursive: true });
    await tools[Symbol.asyncDispose]();
    await broker.stop();
    await broker[Symbol.asyncDispose]();
  });

  test('kafka-configs: topics', limited, async () => {
    using client = await WireClient.connect(broker.port);
    await client.createTopic('set', 1, { 'retention.ms': '1000000' });
    await client.createTopic('unset');
    const topic = ['--entity-type', 'topics', '--entity-name', 'set'];
    assert.deepEqual(valuesOf(await describeConfigs(...topic)), ['retention.ms=1000000']);
    const set = 'max.message.bytes=2000,cleanup.policy=[compact,delete]';
    assert.match(await alter('--topic', 'set', '--add-config', set, '--delete-config', 'retention.ms'), /Completed/);
    const now = ['cleanup.policy=compact,delete', 'max.message.bytes=2000'];
    assert.deepEqual(valuesOf(await describeConfigs('--topic', 'set')).sort(), now);
    const all = await describeConfigs('--topic', 'set', '--all');
    for (const value of [...now, 'retention.ms=604800000']) assert.ok(valuesOf(all).includes(value), value);
    const told = all.find((line) => line.startsWith('max.message.bytes='));
    assert.match(
      told ?? '',
      /DYNAMIC_TOPIC_CONFIG:max\.message\.bytes=2000, DEFAULT_CONFIG:message\.max\.bytes=1048588/,
    );
    const headings = (await describeConfigs('--entity-type', 'topics')).filter((line) => line.startsWith('Dynamic'));
    assert.deepEqual(
      headings.sort(),
      ['set', 'unset'].map((name) => `Dynamic configs for topic ${name} are:`),
    );
    const file = join(directory, 'topic.properties');
    writeFileSync(file, 'segment.bytes=2000000\nflush.messages=7\n');
    await alter('--topic', 'unset', '--add-config-file', file);
    const fromFile = ['flush.messages=7', 'segment.bytes=2000000'];
    assert.deepEqual(valuesOf(await describeConfigs('--topic', 'unset')).sort(), fromFile);
    const fails = (...given: readonly string[]): Promise<string> => tools.fail('kafka-configs', '--alter', ...given);
    assert.match(await fails('--topic', 'set', '--add-config', 'nonsense=1'), /Unknown topic config name: nonsense/);
    assert.match(await fails('--topic', 'set', '--add-config', 'retention.ms=abc'), /Invalid value abc/);
    assert.match(await fails('--topic', 'none', '--add-config', 'retention.ms=5'), /does not exist/);
  });

  test('kafka-configs: one broker, the defaults of all, also by a controller', limited, async () => {
    await alter('--broker', '1', '--add-config', 'log.cleaner.threads=2');
    await alter('--broker-defaults', '--add-config', 'log.retention.ms=5000000,message.max.bytes=900000');
    assert.deepEqual(valuesOf(await describeConfigs('--broker', '1')), ['log.cleaner.threads=2']);
    const defaults = valuesOf(await describeConfigs('--broker-defaults'));
    for (const value of ['log.retention.ms=5000000', 'message.max.bytes=900000']) assert.ok(defaults.includes(value));
    const all = await describeConfigs('--broker', '1', '--all');
    const size = all.find((line) => line.startsWith('message.max.bytes='));
    assert.match(size ?? '', /=900000 .*DYNAMIC_DEFAULT_BROKER_CONFIG:message\.max\.bytes=900000/);
    assert.equal(
      (await describeConfigs('--entity-type', 'brokers')).filter((line) => line.endsWith(' are:')).length,
      2,
    );
    const readOnly = ['--alter', '--broker', '1', '--add-config', 'num.partitions=5'];
    assert.match(await tools.fail('kafka-configs', ...readOnly), /Cannot update these configs dynamically/);
    await alter('--broker', '1', '--delete-config', 'log.cleaner.threads');
    await alter('--broker-defaults', '--delete-config', 'message.max.bytes,log.retention.ms');
    assert.deepEqual(valuesOf(await describeConfigs('--broker', '1')), []);

    const controller = byController();
    const cleaner = ['--broker', '1', '--add-config', 'log.cleaner.threads=2'];
    await tools.runBare('kafka-configs', ...controller, '--alter', ...cleaner);
    const byOther = await tools.runBare('kafka-configs', ...controller, '--describe', '--broker', '1');
    assert.deepEqual(valuesOf(linesOf(byOther)), ['log.cleaner.threads=2']);
  });

  for (const { told, entity, name, settings } of scopes) {
    test(`kafka-configs: settings of ${told} reach a log that is open, and give way again`, limited, async () => {
      using client = await WireClient.connect(broker.port);
      await client.createTopic(name);
      const log = new OpenLog(client, join(broker.dataDirectory, brokerKind === 'kafka' ? 'logs' : '.'), name);
      const before = await log.produce(10);
      assert.deepEqual([before.logAppendTimeMs, await log.codecOfLast()], [-1, 0]);

      await alter(
        ...entity,
        '--add-config',
        Object.entries(settings)
          .map(([key, value]) => `${key}=${value}`)
          .join(','),
      );
      while ((await log.tryToProduce(500_000)) !== ErrorCode.messageTooLarge);
      const segments = log.segments();
      for (let count = 0; count < 4; count++) assert.ok((await log.produce(300_000)).logAppendTimeMs > 0);
      assert.ok(log.segments() > segments, 'it has rolled');
      assert.equal(await log.codecOfLast(), gzip);

      await alter(...entity, '--delete-config', Object.keys(settings).join(','));
      while ((await log.tryToProduce(500_000)) !== ErrorCode.none);
      const later = log.segments();
      for (let count = 0; count < 5; count++) assert.equal((await log.produce(300_000)).logAppendTimeMs, -1);
      assert.equal(log.segments(), later, 'it does not roll any more');
      assert.equal(await log.codecOfLast(), 0);
    });
  }

  test('kafka-configs: what a topic refuses changes while its log is open', limited, async () => {
    using client = await WireClient.connect(broker.port);
    await client.createTopic('refusing');
    const log = new OpenLog(client, broker.dataDirectory, 'refusing');
    for (const [setting, error] of [
      ['cleanup.policy=compact', ErrorCode.invalidRecord],
      ['message.timestamp.before.max.ms=1000', ErrorCode.invalidTimestamp],
    ] as const) {
      await log.produce(10);
      await alter('--topic', 'refusing', '--add-config', setting);
      while ((await log.tryToProduce(10)) !== error);
      await alter('--topic', 'refusing', '--delete-config', setting.split('=')[0]!);
      while ((await log.tryToProduce(10)) !== ErrorCode.none);
    }
  });

  test('kafka-configs and kafka-client-metrics: client metrics; groups', limited, async () => {
    const values = 'interval.ms=5000,metrics=[a.b,c.d],match=[client_id=x.*]';
    await alter('--client-metrics', 'first', '--add-config', values);
    const told = ['interval.ms=5000', 'match=client_id=x.*', 'metrics=a.b,c.d'];
    assert.deepEqual(valuesOf(await describeConfigs('--client-metrics', 'first')).sort(), told);
    assert.deepEqual(valuesOf(await describeConfigs('--entity-type', 'client-metrics')).sort(), told);
    const metrics = async (...given: readonly string[]): Promise<string[]> =>
      linesOf(await tools.run('kafka-client-metrics', ...given));
    const second = ['--interval', '1000', '--metrics', 'a,b', '--match', 'client_id=y'];
    await metrics('--alter', '--name', 'second', ...second);
    assert.deepEqual(await metrics('--describe', '--name', 'second'), [
      'Client metrics configs for second are:',
      'interval.ms=1000',
      'match=client_id=y',
      'metrics=a,b',
    ]);
    const [generated] = await metrics('--alter', '--generate-name', '--interval', '2000');
    assert.match(generated ?? '', /Altered client metrics config for \S{22}\./);
    assert.equal((await metrics('--list')).length, 3);
    await metrics('--delete', '--name', 'second');
    assert.ok(!(await metrics('--list')).includes('second'));
    assert.deepEqual(await metrics('--describe', '--name', 'first'), [
      'Client metrics configs for first are:',
      ...told,
    ]);

    await alter('--group', 'g', '--add-config', 'consumer.session.timeout.ms=50000');
    assert.ok(valuesOf(await describeConfigs('--group', 'g', '--all')).includes('consumer.session.timeout.ms=50000'));
    const tooLong = ['--alter', '--group', 'g', '--add-config', 'consumer.session.timeout.ms=5000000'];
    assert.match(await tools.fail('kafka-configs', ...tooLong), /consumer\.session\.timeout\.ms/);
    await alter('--group', 'g', '--delete-config', 'consumer.session.timeout.ms');
    assert.ok(valuesOf(await describeConfigs('--group', 'g', '--all')).includes('consumer.session.timeout.ms=45000'));
  });

  test('kafka-features', limited, async () => {
    const features = (...given: readonly string[]): Promise<string> => tools.run('kafka-features', ...given);
    const level = async (feature: string, from: readonly string[] = tools.bootstrap): Promise<string | undefined> =>
      new RegExp(`Feature: ${feature}\\s.*FinalizedVersionLevel: (\\S+)`).exec(
        await tools.runBare('kafka-features', ...from, 'describe'),
      )?.[1];
    assert.equal(await level('metadata.version'), '4.3-IV0');
    assert.equal(await level('kraft.version', byController()), '1');
    assert.match(await features('describe', '--node-id', '1'), /Feature: group\.version/);
    assert.match(await features('downgrade', '--feature', 'group.version=0', '--dry-run'), /can be downgraded to 0/);
    assert.equal(await level('group.version'), '1');
    assert.match(await features('downgrade', '--feature', 'group.version=0'), /was downgraded to 0/);
    assert.equal(await level('group.version'), '0');
    assert.match(await features('upgrade', '--feature', 'group.version=1', '--dry-run'), /can be upgraded to 1/);
    assert.match(await features('upgrade', '--feature', 'group.version=1'), /was upgraded to 1/);
    assert.match(await features('disable', '--feature', 'share.version'), /share\.version was disabled/);
    assert.match(await features('upgrade', '--release-version', '4.3-IV0'), /metadata\.version was upgraded to 30/);
    const refused = await tools.fail('kafka-features', 'upgrade', '--feature', 'group.version=99');
    assert.match(refused, /Could not upgrade group\.version to 99.*only supports versions 0-1/s);
    const older = await tools.fail('kafka-features', 'downgrade', '--metadata', '4.2-IV0');
    assert.match(older, /Could not downgrade metadata\.version to 28/);
    const down = ['downgrade', '--feature', 'transaction.version=1'];
    assert.match(await tools.runBare('kafka-features', ...byController(), ...down), /was downgraded to 1/);
    assert.equal(await level('transaction.version'), '1');
    assert.match(await features('version-mapping', '--release-version', '4.0'), /metadata\.version=25/);
    assert.match(await features('feature-dependencies', '--feature', 'transaction.version=2'), /has no dependencies/);
  });

  test(
    'kafka-features: voters of the configuration become those of the log',
    { ...limited, skip: skipOnKafka },
    async () => {
      const dataDirectory = temporaryDirectory();
      const controller = `127.0.0.1:${await freePort()}`;
      const overrides = {
        listeners: `PLAINTEXT://127.0.0.1:0,CONTROLLER://${controller}`,
        'controller.listener.names': 'CONTROLLER',
        'controller.quorum.voters': `1@${controller}`,
      };
      for (const level of ['0', '1']) {
        await using node = await BrokerProcess.start({ dataDirectory, overrides });
        if (level === '1') node.removeLater(dataDirectory);
        const at = ['--bootstrap-server', `127.0.0.1:${node.port}`] as const;
        const told = async (): Promise<string> => {
          const lines = linesOf(await tools.runBare('kafka-features', ...at, 'describe'));
          return lines.find((line) => line.startsWith('Feature: kraft.version')) ?? '';
        };
        assert.match(await told(), new RegExp(`FinalizedVersionLevel: ${level}\\s`));
        // To the level that it has, it changes nothing.
        await tools.runBare('kafka-features', ...at, 'upgrade', '--feature', 'kraft.version=1');
        assert.match(await told(), /FinalizedVersionLevel: 1\s/);
        const status = await tools.runBare('kafka-metadata-quorum', ...at, 'describe', '--status');
        assert.match(
          status,
          new RegExp(`"directoryId": "[\\w-]{22}", "endpoints": \\["CONTROLLER://${controller}"\\]`),
        );
        await node.stop();
      }
    },
  );

  test('kafka-cluster and kafka-metadata-quorum, by broker and by controller', limited, async () => {
    const ways = [tools.bootstrap, byController()];
    const ids: string[] = [];
    for (const from of ways) {
      const [, id] = /Cluster ID: (\S{22})/.exec(await tools.runBare('kafka-cluster', 'cluster-id', ...from)) ?? [];
      assert.ok(id !== undefined);
      ids.push(id);
      const status = await tools.runBare('kafka-metadata-quorum', ...from, 'describe', '--status');
      assert.match(status, new RegExp(`ClusterId:\\s+${id}\\s+LeaderId:\\s+1\\s+LeaderEpoch:\\s+\\d+\\s`));
      assert.match(status, new RegExp(`CurrentVoters:.*"id": 1,.*${controllerAddress(broker).replaceAll('.', '\\.')}`));
      for (const form of [[], ['--human-readable']]) {
        const replication = ['describe', '--replication', ...form];
        const [, leader] = linesOf(await tools.runBare('kafka-metadata-quorum', ...from, ...replication));
        assert.match(leader ?? '', /^1\s+\S{22}\s+\d+\s+0\s+.*\s+Leader$/);
      }
    }
    assert.equal(ids[0], ids[1]);
    const endpoints = async (...given: readonly string[]): Promise<string | undefined> =>
      linesOf(await tools.runBare('kafka-cluster', 'list-endpoints', ...given))[1];
    assert.match(
      (await endpoints(...tools.bootstrap)) ?? '',
      new RegExp(`^1\\s+127\\.0\\.0\\.1\\s+${broker.port}\\s.*broker`),
    );
    assert.match((await endpoints(...tools.bootstrap, '--include-fenced-brokers')) ?? '', /unfenced\s+broker$/);
    assert.match((await endpoints(...byController())) ?? '', /controller$/);
  });

  test('kafka-broker-api-versions: what the table of requests says', limited, async () => {
    const lines = linesOf(await tools.run('kafka-broker-api-versions'));
    assert.match(lines[0] ?? '', new RegExp(`^127\\.0\\.0\\.1:${broker.port} \\(id: 1 `));
    for (const { name, key, minVersion, maxVersion } of apiTable.values()) {
      // As Apache Kafka does: some clients look for the first version of Produce to know codecs.
      const from = name === 'Produce' ? 0 : minVersion;
      const range = from === maxVersion ? `${from}` : `${from} to ${maxVersion}`;
      const line = lines.find((each) => each.startsWith(`${name}(${key}): `));
      assert.match(line ?? '', new RegExp(`: ${range} \\[usable: ${maxVersion}\\],?$`));
    }
    if (brokerKind === 'kafka') return;
    const served = lines.filter((line) => /\[usable: \d+\]/.test(line));
    assert.equal(served.length, apiTable.size);
  });
});
