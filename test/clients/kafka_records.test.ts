/** The tools that write and read records: console, performance test, verifiable producer, log-dirs, transactions. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BrokerProcess, skipOnKafka, temporaryDirectory } from '../processes/broker_process.ts';
import { WireClient } from '../processes/wire_client.ts';
import { KafkaTools, linesOf, runKafkaTool } from './kafka_tools.ts';
import { skipKafkaTools } from './runtimes.ts';

const limited = { timeout: 120_000 };
const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const fixture = join(import.meta.dirname, '../fixtures/logdirs/clean.tar.gz');

const properties = (option: string, values: Readonly<Record<string, string>>): string[] =>
  Object.entries(values).flatMap(([name, value]) => [option, `${name}=${value}`]);

describe('Apache Kafka’s tools for records', { skip: skipKafkaTools }, () => {
  let broker: BrokerProcess;
  let tools: KafkaTools;
  let directory: string;

  const createTopic = async (topic: string, partitions = 1, configs = {}): Promise<void> => {
    using client = await WireClient.connect(broker.port);
    await client.createTopic(topic, partitions, configs);
  };
  const produce = (topic: string, lines: readonly string[], ...given: readonly string[]): Promise<string> =>
    tools.feed('kafka-console-producer', lines.map((line) => `${line}\n`).join(''), '--topic', topic, ...given);
  /** `count` lines of one partition from an offset on. */
  const consume = async (
    topic: string,
    offset: string,
    count: number,
    ...given: readonly string[]
  ): Promise<string[]> => {
    const place = ['--topic', topic, '--offset', offset, '--max-messages', String(count), '--timeout-ms', '30000'];
    const partition = given.includes('--partition') ? [] : ['--partition', '0'];
    return linesOf(await tools.run('kafka-console-consumer', ...place, ...partition, ...given));
  };

  before(async () => {
    tools = new KafkaTools();
    directory = temporaryDirectory();
    broker = await BrokerProcess.start();
    tools.bootstrap = ['--bootstrap-server', `127.0.0.1:${broker.port}`];
  });

  after(async () => {
    rmSync(directory, { recursive: true });
    await tools[Symbol.asyncDispose]();
    await broker.stop();
    await broker[Symbol.asyncDispose]();
  });

  const keyed = properties('--reader-property', { 'parse.key': 'true', 'key.separator': '|' });
  const printKey = properties('--formatter-property', { 'print.key': 'true', 'key.separator': '|' });

  for (const codec of codecs) {
    test(`console producer and consumer, codec ${codec}`, limited, async () => {
      const topic = `console-${codec}`;
      await createTopic(topic);
      const lines = Array.from({ length: 300 }, (_, index) => `key-${index % 7}|value ${index} ü`);
      await produce(topic, lines, ...keyed, '--compression-codec', codec);
      assert.deepEqual(await consume(topic, 'earliest', lines.length, ...printKey), lines);
      assert.deepEqual(await consume(topic, '250', 50, ...printKey), lines.slice(250));
    });
  }

  test('console producer: keys, headers, nulls, settings; consumer: everything it can print', limited, async () => {
    await createTopic('shaped', 3);
    const headed = properties('--reader-property', { 'parse.headers': 'true', 'null.marker': 'NUL' });
    const sync = ['--sync', ...properties('--command-property', { acks: 'all', 'enable.idempotence': 'true' })];
    await produce('shaped', ['h1:v1,h2:v2\tkey|value', 'h1:x\tkey|NUL'], ...keyed, ...headed, ...sync);
    using client = await WireClient.connect(broker.port);
    const ends = await Promise.all([0, 1, 2].map((partition) => client.logEndOffset('shaped', partition)));
    const used = ends.indexOf(2);
    assert.notEqual(used, -1, `one key has one partition: ${ends.join()}`);
    const print = ['timestamp', 'partition', 'offset', 'epoch', 'headers', 'key'];
    const form = properties('--formatter-property', {
      ...Object.fromEntries(print.map((name) => [`print.${name}`, 'true'])),
      'null.literal': 'NIL',
    });
    const read = await consume('shaped', 'earliest', 2, '--partition', String(used), ...form);
    const shape = (offset: number, rest: string): RegExp =>
      new RegExp(`^CreateTime:\\d+\\tPartition:${used}\\tOffset:${offset}\\tEpoch:(0|NOT_PRESENT)\\t${rest}$`);
    assert.match(read[0] ?? '', shape(0, 'h1:v1,h2:v2\\tkey\\tvalue'));
    assert.match(read[1] ?? '', shape(1, 'h1:x\\tkey\\tNIL'));

    await createTopic('plain');
    const settings = join(directory, 'producer.properties');
    writeFileSync(settings, 'linger.ms=5\nclient.id=console\n');
    const waits = ['--max-block-ms', '5000', '--request-timeout-ms', '5000', '--retry-backoff-ms', '10'];
    const sizes = ['--batch-size', '100', '--socket-buffer-size', '100000', '--max-memory-bytes', '1000000'];
    const few = ['--request-required-acks', '1', '--message-send-max-retries', '2', '--timeout', '10'];
    const lines = Array.from({ length: 50 }, (_, index) => `line ${index}`);
    await produce('plain', lines, '--command-config', settings, ...waits, ...sizes, ...few);
    for (const level of ['read_uncommitted', 'read_committed']) {
      assert.deepEqual(await consume('plain', 'earliest', 50, '--isolation-level', level), lines);
    }
    const decoded = ['--value-deserializer', '--key-deserializer'].flatMap((option) => [
      option,
      'org.apache.kafka.common.serialization.ByteArrayDeserializer',
    ]);
    const small = properties('--command-property', { 'fetch.max.bytes': '1', 'max.partition.fetch.bytes': '1' });
    assert.equal((await consume('plain', '10', 40, ...decoded, ...small)).length, 40);
    const events = await consume('plain', 'earliest', 1, '--enable-systest-events');
    assert.ok(events.some((line) => line === 'line 0'));
  });

  test('kafka-producer-perf-test: sizes, a file, numbers, every setting of acks', limited, async () => {
    await createTopic('perf', 3);
    const settings = join(directory, 'perf.properties');
    writeFileSync(settings, `bootstrap.servers=127.0.0.1:${broker.port}\nacks=1\nenable.idempotence=false\n`);
    const payload = join(directory, 'payload');
    writeFileSync(payload, 'one\ntwo\nthree\n');
    const perf = (count: number, ...given: readonly string[]): Promise<string> =>
      tools.run('kafka-producer-perf-test', '--topic', 'perf', '--num-records', String(count), ...given);
    const full = ['--throughput', '-1'];
    let sent = 0;
    for (const [acks, codec] of [
      ['0', 'none'],
      ['1', 'lz4'],
      ['all', 'zstd'],
    ] as const) {
      const set = ['--command-property', `acks=${acks}`, `compression.type=${codec}`];
      const output = await perf(
        4000,
        '--record-size',
        '500',
        ...full,
        ...set,
        ...(acks === 'all' ? [] : ['enable.idempotence=false']),
      );
      assert.match(output, /4000 records sent/);
      assert.doesNotMatch(output, /ERROR/);
      sent += 4000;
    }
    const bare = ['--command-config', settings];
    assert.match(
      await perf(500, '--payload-file', payload, '--throughput', '2000', ...bare, '--warmup-records', '100'),
      /400 steady state records sent/,
    );
    assert.match(
      await perf(500, '--payload-monotonic', ...full, ...bare, '--print-metrics'),
      /producer-metrics:record-send-total/,
    );
    sent += 1000;
    using client = await WireClient.connect(broker.port);
    // With acks 0 the tool ends before the last bytes are taken.
    let there: number;
    do {
      const ends = await Promise.all([0, 1, 2].map((partition) => client.logEndOffset('perf', partition)));
      there = ends.reduce((sum, end) => sum + end);
    } while (there < sent);
    assert.equal(there, sent);
  });

  test('kafka-log-dirs; kafka-transactions describe-producers and find-hanging', limited, async () => {
    await createTopic('dirs', 2);
    await produce('dirs', ['a|b'], ...keyed);
    interface Described {
      brokers: {
        broker: number;
        logDirs: {
          error: string | null;
          logDir: string;
          partitions: { partition: string; size: number; isFuture: boolean }[];
        }[];
      }[];
    }
    const describeDirectories = async (...given: readonly string[]): Promise<Described> => {
      const output = await tools.run('kafka-log-dirs', '--describe', ...given);
      return JSON.parse(linesOf(output).at(-1) ?? '') as Described;
    };
    const [one] = (await describeDirectories('--topic-list', 'dirs', '--broker-list', '1')).brokers;
    assert.equal(one?.broker, 1);
    const partitions = one.logDirs.flatMap((each) => each.partitions);
    assert.deepEqual(partitions.map(({ partition }) => partition).sort(), ['dirs-0', 'dirs-1']);
    assert.equal(partitions.filter(({ size }) => size > 0).length, 1);
    assert.ok(one.logDirs.every(({ error, logDir }) => error === null && logDir.startsWith(broker.dataDirectory)));
    const [all] = (await describeDirectories()).brokers;
    assert.ok((all?.logDirs.flatMap((each) => each.partitions).length ?? 0) >= 3);

    using client = await WireClient.connect(broker.port);
    const used = (await client.logEndOffset('dirs', 0)) === 1 ? '0' : '1';
    const place = ['describe-producers', '--topic', 'dirs', '--partition', used];
    for (const given of [place, [...place, '--broker-id', '1']]) {
      const [, producer] = linesOf(await tools.run('kafka-transactions', ...given));
      assert.match(producer ?? '', /^\d+\s+0\s+-1\s+0\s+\d{13}\s+None$/);
    }
    assert.equal(linesOf(await tools.run('kafka-transactions', 'find-hanging', '--broker-id', '1')).length, 1);
  });

  test('kafka-verifiable-producer', limited, async () => {
    await createTopic('verified', 2);
    const values = ['--value-prefix', '7', '--repeating-keys', '3', '--throughput', '1000'];
    const count = ['--max-messages', '20', '--acks', '-1', '--message-create-time', '1700000000000'];
    const given = [...tools.bootstrap, '--topic', 'verified', ...values, ...count];
    const { code, stdout, stderr } = await runKafkaTool('kafka-verifiable-producer', given);
    assert.equal(code, 0, stderr);
    const told = linesOf(stdout).map(
      (line) => JSON.parse(line) as { name: string; value?: string; sent?: number; acked?: number },
    );
    const acknowledged = told.filter(({ name }) => name === 'producer_send_success').map(({ value }) => value);
    assert.deepEqual(new Set(acknowledged), new Set(Array.from({ length: 20 }, (_, index) => `7.${index}`)));
    const last = told.at(-1);
    assert.deepEqual([last?.name, last?.sent, last?.acked], ['tool_data', 20, 20]);
  });

  test(
    'console consumer on a directory of Apache Kafka, by isolation level',
    { ...limited, skip: skipOnKafka },
    async () => {
      const copy = join(directory, 'kafka');
      mkdirSync(copy);
      assert.equal(spawnSync('tar', ['-xzf', fixture, '-C', copy]).status, 0);
      const logDirectories = ['d1', 'd2'].map((name) => join(copy, name)).join(',');
      const overrides = { 'log.dirs': logDirectories, 'metadata.log.dir': join(copy, 'd1') };
      await using older = await BrokerProcess.start({ dataDirectory: join(copy, 'd1'), overrides });
      const mine = tools.bootstrap;
      tools.bootstrap = ['--bootstrap-server', `127.0.0.1:${older.port}`];
      try {
        const read = async (topic: string, level: string): Promise<string[]> => {
          const place = ['--topic', topic, '--partition', '0', '--offset', 'earliest', '--timeout-ms', '1000'];
          const form = properties('--formatter-property', { 'print.offset': 'true', 'print.value': 'false' });
          const output = await tools.run('kafka-console-consumer', ...place, ...form, '--isolation-level', level);
          return linesOf(output).filter((line) => line.startsWith('Offset:'));
        };
        const all = await read('txn', 'read_uncommitted');
        const committed = await read('txn', 'read_committed');
        assert.equal(all.length, 234);
        assert.ok(committed.length > 0 && committed.length < all.length);
        const open = await read('txn-open', 'read_committed');
        assert.ok(open.length < (await read('txn-open', 'read_uncommitted')).length);
      } finally {
        tools.bootstrap = mine;
      }
      await older.stop();
    },
  );
});
