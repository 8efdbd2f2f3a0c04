/** Apache Kafka's own command line tools, with its own client: create, list, produce, consume, offsets, perf test. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BrokerProcess, temporaryDirectory } from '../processes/broker_process.ts';
import { WireClient } from '../processes/wire_client.ts';
import { runKafkaTool, skipKafkaTools } from './runtimes.ts';

const limited = { timeout: 120_000 };
const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

const topics = 'org.apache.kafka.tools.TopicCommand';
const consoleProducer = 'org.apache.kafka.tools.ConsoleProducer';
const consoleConsumer = 'org.apache.kafka.tools.consumer.ConsoleConsumer';
const getOffsets = 'org.apache.kafka.tools.GetOffsetShell';
const performanceTest = 'org.apache.kafka.tools.ProducerPerformance';
const apiVersions = 'org.apache.kafka.tools.BrokerApiVersionsCommand';

let broker: BrokerProcess;
const at = (): string[] => ['--bootstrap-server', `127.0.0.1:${broker.port}`];

const create = (topic: string, partitions: number, ...options: readonly string[]): Promise<string> =>
  runKafkaTool(topics, [...at(), '--create', '--topic', topic, '--partitions', String(partitions), ...options]);

/** Lines `key<TAB>value` of one partition from an offset on; ends after `count`. */
async function consume(topic: string, partition: number, offset: string, count: number): Promise<string[]> {
  const place = ['--topic', topic, '--partition', String(partition), '--offset', offset];
  const form = ['--formatter-property', 'print.key=true', '--formatter-property', 'key.separator=|'];
  const end = ['--max-messages', String(count), '--timeout-ms', '30000'];
  const output = await runKafkaTool(consoleConsumer, [...at(), ...place, ...form, ...end]);
  return output.split('\n').filter((line) => line.includes('|'));
}

async function offsets(topic: string, time: string): Promise<string[]> {
  const output = await runKafkaTool(getOffsets, [...at(), '--topic', topic, '--time', time]);
  return output.split('\n').filter((line) => line.startsWith(`${topic}:`));
}

describe('Apache Kafka’s tools', { skip: skipKafkaTools }, () => {
  before(async () => {
    broker = await BrokerProcess.start();
  });

  after(async () => {
    await broker.stop();
    await broker[Symbol.asyncDispose]();
  });

  test('kafka-topics --create and --list', limited, async () => {
    await create('created', 3, '--replication-factor', '1');
    await create('created-by-default', 1);
    const listed = (await runKafkaTool(topics, [...at(), '--list'])).split('\n');
    for (const topic of ['created', 'created-by-default']) assert.ok(listed.includes(topic));
    await assert.rejects(create('created', 3), /already exists/);
    await create('created', 3, '--if-not-exists');
    await assert.rejects(create('bad/name', 1), /invalid/i);
    await assert.rejects(create('replicated', 1, '--replication-factor', '3'), /replication factor/i);
  });

  test('kafka-broker-api-versions', limited, async () => {
    const output = await runKafkaTool(apiVersions, at());
    assert.match(output, new RegExp(`127\\.0\\.0\\.1:${broker.port}`));
    assert.match(output, /Produce\(0\)/);
  });

  for (const codec of codecs) {
    test(`console producer and consumer, codec ${codec}`, limited, async () => {
      const topic = `console-${codec}`;
      // Not by the tool: each of its runs starts a Java machine.
      using client = await WireClient.connect(broker.port);
      await client.createTopic(topic);
      const lines = Array.from({ length: 300 }, (_, index) => `key-${index % 7}|value ${index} ü`);
      const form = ['--reader-property', 'parse.key=true', '--reader-property', 'key.separator=|'];
      await runKafkaTool(consoleProducer, [...at(), '--topic', topic, ...form, '--compression-codec', codec], {
        input: lines.map((line) => `${line}\n`).join(''),
      });
      assert.deepEqual(await consume(topic, 0, 'earliest', lines.length), lines);
      if (codec === 'zstd') assert.deepEqual(await consume(topic, 0, '250', 50), lines.slice(250));
      assert.equal(await client.logEndOffset(topic, 0), lines.length);
    });
  }

  for (const acks of ['0', '1', '-1']) {
    test(`kafka-producer-perf-test, acks ${acks}; kafka-get-offsets`, limited, async () => {
      const topic = `perf${acks}`;
      using client = await WireClient.connect(broker.port);
      await client.createTopic(topic, 3);
      const directory = temporaryDirectory();
      try {
        const settings = join(directory, 'producer.properties');
        const idempotence = acks === '-1' ? 'true' : 'false';
        writeFileSync(
          settings,
          `bootstrap.servers=127.0.0.1:${broker.port}\nacks=${acks}\nenable.idempotence=${idempotence}\n`,
        );
        const count = ['--num-records', '20000', '--record-size', '500', '--throughput', '-1'];
        const output = await runKafkaTool(performanceTest, ['--topic', topic, ...count, '--command-config', settings]);
        assert.match(output, /20000 records sent/);
        assert.doesNotMatch(output, /ERROR/);
      } finally {
        rmSync(directory, { recursive: true });
      }
      const sum = (lines: readonly string[]): number =>
        lines.reduce((total, line) => total + Number(line.split(':')[2]), 0);
      // With acks 0 the tool ends before the last bytes are taken.
      let latest: string[];
      do latest = await offsets(topic, 'latest');
      while (acks === '0' && sum(latest) < 20_000);
      assert.equal(sum(latest), 20_000);
      if (acks === '1') assert.equal(sum(await offsets(topic, 'earliest')), 0);
    });
  }
});
