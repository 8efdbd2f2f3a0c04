/**
 * One data directory, opened in turn by Millrace and by Apache Kafka (row 33): what one has written the other reads
 * byte for byte and goes on with, and kafka-dump-log finds no error in any file.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import {
  type BrokerOptions,
  type BrokerProcess,
  brokerKind,
  ChildProgram,
  temporaryDirectory,
} from '../processes/broker_process.ts';
import { kafkaCommand } from '../processes/kafka_process.ts';
import { ApiKey, fetchBody, fetchVersion, readFetchAnswer } from '../processes/wire.ts';
import { WireClient } from '../processes/wire_client.ts';
import { KafkaTools, linesOf, startWithController } from './kafka_tools.ts';
import { skipKafkaTools } from './runtimes.ts';

const limited = { timeout: 180_000 };
const fixture = join(import.meta.dirname, '../fixtures/logdirs/clean.tar.gz');
const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
/** What kafka-dump-log says when something is wrong; it ends well all the same. */
const complaint = /mismatch|non-consecutive|out of order|not valid|isvalid: false|invalid|corrupt|exception|error/i;

const skip = brokerKind === 'kafka' ? 'it starts both' : skipKafkaTools;

describe('a data directory of both', { skip }, () => {
  let tools: KafkaTools;
  let directory: string;

  before(() => {
    tools = new KafkaTools();
    directory = temporaryDirectory();
  });

  after(async () => {
    await tools[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true });
  });

  /** Apache Kafka on `<home>/logs`. */
  async function startKafka(home: string, overrides: Readonly<Record<string, string>> = {}): Promise<number> {
    const { command, port } = await kafkaCommand(home, overrides);
    // It lives for seconds: what is compiled well comes too late.
    const environment = { JAVA_TOOL_OPTIONS: '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC' };
    kafka = new ChildProgram({ ...command, environment });
    await kafka.line(/Kafka Server started/);
    tools.bootstrap = ['--bootstrap-server', `127.0.0.1:${port}`];
    return port;
  }
  let kafka: ChildProgram;

  async function stopKafka(): Promise<void> {
    kafka.signal('SIGTERM');
    assert.equal((await kafka.end()).code, 143, kafka.output);
    // The words of a broker that had to mend what it found.
    assert.doesNotMatch(kafka.output, /corrupt|FATAL|Found log file.*without index|rebuilt/i);
  }

  async function startMillrace(options: BrokerOptions): Promise<BrokerProcess> {
    const broker = await startWithController(options);
    tools.bootstrap = ['--bootstrap-server', `127.0.0.1:${broker.port}`];
    return broker;
  }

  const produce = (topic: string, from: number, ...given: readonly string[]): Promise<string> => {
    const lines = Array.from({ length: 20 }, (_, index) => `value ${from + index}\n`);
    return tools.feed('kafka-console-producer', lines.join(''), '--topic', topic, ...given);
  };

  /** Topics with ids and configs, offsets, and every batch as it is on disk. */
  async function contents(port: number, topics: readonly string[]): Promise<Contents> {
    using client = await WireClient.connect(port);
    const found: Contents = { topics: {}, partitions: {} };
    for (const name of topics) {
      const described = await tools.run('kafka-topics', '--describe', '--topic', name);
      // Settings come in no order.
      found.topics[name] = described.split(/[\s,]+/).toSorted();
      const partitions = (await client.metadata([name])).topics[0]?.partitions.length ?? 0;
      for (let partition = 0; partition < partitions; partition++) {
        const start = await startOf(client, name, partition);
        const end = await client.logEndOffset(name, partition);
        found.partitions[`${name}-${partition}`] = {
          start,
          end,
          batches: await batchesOf(client, name, partition, start, end),
        };
      }
    }
    return found;
  }

  /** Finds nothing wrong in any file below `path`, and returns all that the tool says. */
  async function dump(path: string): Promise<string> {
    const below = (pattern: RegExp): string[] =>
      readdirSync(path, { recursive: true, encoding: 'utf8' })
        .filter((name) => pattern.test(name) && !name.includes('-delete'))
        .map((name) => join(path, name));
    const logs = below(/(?<!__cluster_metadata-0)\/\d{20}\.(log|index|timeindex|txnindex|snapshot)$/);
    const metadata = below(/__cluster_metadata-0\/.*(\.log|\.checkpoint)$/);
    const list = (files: readonly string[]): [string, string] => ['--files', files.join(',')];
    const indexes = logs.filter((name) => name.endsWith('index') && !name.endsWith('txnindex'));
    const said = [
      await tools.runBare('kafka-dump-log', ...list(logs), '--deep-iteration', '--max-message-size', '5000000'),
      await tools.runBare('kafka-dump-log', ...list(indexes), '--verify-index-only'),
      await tools.runBare('kafka-dump-log', ...list(indexes), '--index-sanity-check'),
      await tools.runBare('kafka-dump-log', ...list(metadata), '--cluster-metadata-decoder', '--skip-record-metadata'),
    ];
    for (const output of said) assert.doesNotMatch(output, complaint);
    // The values of records may be any words.
    said.push(await tools.runBare('kafka-dump-log', ...list(logs), '--print-data-log', '--max-bytes', '1000'));
    return said.join('');
  }

  test('row 33: begun by Millrace, gone on with by Apache Kafka, and back', limited, async () => {
    const home = join(directory, 'own');
    const dataDirectory = join(home, 'logs');
    const overrides = { 'metadata.log.max.record.bytes.between.snapshots': 3000 };
    let broker = await startMillrace({ dataDirectory, overrides });
    const topics = codecs.map((codec) => `codec-${codec}`);
    for (const [index, topic] of topics.entries()) {
      await tools.run('kafka-topics', '--create', '--topic', topic, '--partitions', String(index + 1));
      await produce(topic, 0, '--compression-codec', codecs[index] as string);
    }
    await tools.run('kafka-topics', '--create', '--topic', 'gone');
    await produce('gone', 0);
    await tools.run('kafka-topics', '--delete', '--topic', 'gone');
    await tools.run('kafka-topics', '--create', '--topic', 'rolled', '--config', 'segment.bytes=1048576');
    const load = ['--num-records', '3000', '--record-size', '1000', '--throughput', '-1'];
    await tools.run('kafka-producer-perf-test', '--topic', 'rolled', ...load);
    const orders = join(home, 'delete.json');
    const partitions = [{ topic: 'rolled', partition: 0, offset: 50 }];
    writeFileSync(orders, JSON.stringify({ version: 1, partitions }));
    await tools.run('kafka-delete-records', '--offset-json-file', orders);
    await tools.run('kafka-configs', '--alter', '--topic', 'codec-none', '--add-config', 'flush.messages=1');
    topics.push('rolled');
    let expected = await contents(broker.port, topics);
    await broker.stop();

    const files = readdirSync(dataDirectory, { recursive: true, encoding: 'utf8' });
    assert.ok(files.filter((name) => /rolled-0\/\d{20}\.snapshot$/.test(name)).length >= 2, 'snapshots of producers');
    assert.ok(files.filter((name) => /__cluster_metadata-0\/.*\.checkpoint$/.test(name)).length >= 2);
    const info = await tools.runBare('kafka-storage', 'info', '-c', settingsOf(home));
    assert.match(info, /Found metadata: \{cluster\.id=\S{22}, directory\.id=\S{22}, node\.id=1, version=1\}/);
    assert.doesNotMatch(info, /Found problem/);
    const said = await dump(dataDirectory);
    for (const part of [/producerId: \d+ producerEpoch: 0/, /CLUSTER|REGISTER_BROKER_RECORD/, /payload: value 19/]) {
      assert.match(said, part);
    }
    // The tool sees what is wrong, and so the absence of its words says something.
    const segment = join(dataDirectory, 'codec-none-0/00000000000000000000.log');
    const damaged = join(directory, '00000000000000000000.log');
    const bytes = readFileSync(segment);
    bytes.writeUInt8(bytes.readUInt8(30) ^ 1, 30);
    writeFileSync(damaged, bytes);
    assert.match(await tools.runBare('kafka-dump-log', '--files', damaged, '--deep-iteration'), complaint);

    const port = await startKafka(home);
    assert.deepEqual(await contents(port, topics), expected);
    assert.ok(!linesOf(await tools.run('kafka-topics', '--list')).includes('gone'));
    for (const topic of topics) await produce(topic, 20);
    await tools.run('kafka-topics', '--create', '--topic', 'by-kafka');
    await produce('by-kafka', 0);
    topics.push('by-kafka');
    expected = await contents(port, topics);
    await stopKafka();

    broker = await startMillrace({ dataDirectory, overrides });
    assert.deepEqual(await contents(broker.port, topics), expected);
    for (const topic of topics) await produce(topic, 40);
    await broker.stop();
    await broker[Symbol.asyncDispose]();
    await dump(dataDirectory);
  });

  test('row 33: begun by Apache Kafka, gone on with by Millrace, and back', limited, async () => {
    const home = join(directory, 'foreign');
    assert.equal(spawnSync('sh', ['-c', `mkdir "$1" && tar -xzf "$0" -C "$1"`, fixture, home]).status, 0);
    const first = join(home, 'logs');
    renameSync(join(home, 'd1'), first);
    const overrides = { 'log.dirs': `${first},${join(home, 'd2')}`, 'metadata.log.dir': first };
    const broker = await startMillrace({ dataDirectory: first, overrides });
    const topics = ['append-time', 'codecs', 'recompressed', 'segmented', 'shared', 'trimmed', 'txn', 'txn-open'];
    for (const topic of topics) await produce(topic, 0);
    const expected = await contents(broker.port, topics);
    await broker.stop();
    for (const path of [first, join(home, 'd2')]) await dump(path);
    const found = await contents(await startKafka(home, overrides), topics);
    // Its coordinator ends the transaction that was open.
    const [open, opened] = [expected, found].map(({ partitions }) => partitions['txn-open-0'] as PartitionContents);
    opened?.batches.splice(open?.batches.length ?? 0);
    assert.deepEqual(opened?.batches, open?.batches);
    for (const each of [expected, found]) delete each.partitions['txn-open-0'];
    assert.deepEqual(found, expected);
    await stopKafka();
  });
});

interface PartitionContents {
  readonly start: number;
  readonly end: number;
  /** Base64. */
  readonly batches: string[];
}

interface Contents {
  readonly topics: Record<string, readonly string[]>;
  readonly partitions: Record<string, PartitionContents>;
}

/** The log start offset, when the partition is led: Apache Kafka says that it is started a little before. */
async function startOf(client: WireClient, topic: string, partition: number): Promise<number> {
  for (;;) {
    try {
      return await client.logStartOffset(topic, partition);
    } catch (error) {
      if (!(error as Error).message.endsWith('error 6')) throw error;
      await setTimeout(20);
    }
  }
}

/** The batches of a partition. */
async function batchesOf(
  client: WireClient,
  topic: string,
  partition: number,
  start: number,
  end: number,
): Promise<string[]> {
  const batches: string[] = [];
  for (let next = start; next < end;) {
    const body = fetchBody([{ topic, partition, offset: next, maxBytes: 1 << 22 }], 1000, 1);
    const [part] = readFetchAnswer(await client.request(ApiKey.fetch, fetchVersion, body));
    assert.equal(part?.errorCode, 0);
    const { records } = part;
    const before = next;
    for (let at = 0; at + 12 <= records.length;) {
      const size = records.readInt32BE(at + 8) + 12;
      if (at + size > records.length) break;
      batches.push(records.toString('base64', at, at + size));
      next = Number(records.readBigInt64BE(at)) + records.readInt32BE(at + 23) + 1;
      at += size;
    }
    assert.ok(next > before, 'a fetch brings a batch');
  }
  return batches;
}

/** A start file of Apache Kafka for `<home>/logs`, as kafka-storage wants one. */
function settingsOf(home: string): string {
  const file = join(home, 'storage.properties');
  const lines = [
    'process.roles=broker,controller',
    'node.id=1',
    'controller.listener.names=CONTROLLER',
    'listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093',
    'controller.quorum.bootstrap.servers=127.0.0.1:9093',
    `log.dirs=${join(home, 'logs')}`,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}
