/** kcat: all its ways to produce and to consume assigned partitions, before and after a restart. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BrokerProcess } from '../processes/broker_process.ts';
import { WireClient } from '../processes/wire_client.ts';
import { kcat, runTool, runToolWell, skipKcat } from './runtimes.ts';

const limited = { timeout: 120_000 };
const acksSettings = ['0', '1', 'all'];
const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

interface KcatRecord {
  readonly partition: number;
  readonly offset: number;
  readonly ts: number;
  readonly key: string | null;
  readonly payload: string | null;
  readonly headers?: readonly string[];
}

let broker: BrokerProcess;

/** Resolves when the partition holds `count` records: with acks 0 the client does not know when they are there. */
async function untilThere(topic: string, count: number): Promise<void> {
  using client = await WireClient.connect(broker.port);
  while ((await client.logEndOffset(topic, 0)) < count);
}

async function createTopic(topic: string, partitions = 1): Promise<void> {
  using client = await WireClient.connect(broker.port);
  await client.createTopic(topic, partitions);
}

async function produce(topic: string, lines: readonly string[], ...options: readonly string[]): Promise<void> {
  const common = ['-b', `127.0.0.1:${broker.port}`, '-P', '-t', topic, '-p', '0', '-K', '\t', '-Z'];
  await runToolWell(kcat, [...common, ...options], { input: lines.map((line) => `${line}\n`).join('') });
}

/** Reads from `offset` to the end of the partition; every CRC is checked by the client. */
async function consume(topic: string, offset: string, partition = 0): Promise<KcatRecord[]> {
  const place = ['-b', `127.0.0.1:${broker.port}`, '-C', '-t', topic, '-p', String(partition), '-o', offset];
  const manner = ['-e', '-q', '-J', '-X', 'check.crcs=true', '-X', 'fetch.wait.max.ms=50'];
  const output = await runToolWell(kcat, [...place, ...manner]);
  const lines = output.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as KcatRecord);
}

const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `key-${index % 7}\t${prefix} ${index} ${'é'.repeat(index % 50)}`);

function assertWhole(records: readonly KcatRecord[], lines: readonly string[], firstOffset = 0): void {
  assert.deepEqual(
    records.map(({ key, payload }) => `${key}\t${payload}`),
    lines,
  );
  assert.deepEqual(
    records.map(({ offset }) => offset),
    lines.map((_, index) => firstOffset + index),
  );
}

describe('kcat', { skip: skipKcat }, () => {
  before(async () => {
    broker = await BrokerProcess.start();
  });

  after(async () => {
    await broker.stop();
    await broker[Symbol.asyncDispose]();
  });

  test('-L lists brokers, topics and partitions', limited, async () => {
    await createTopic('listed', 3);
    const output = await runToolWell(kcat, ['-b', `127.0.0.1:${broker.port}`, '-L', '-J']);
    const metadata = JSON.parse(output) as {
      brokers: { id: number; name: string }[];
      topics: { topic: string; partitions: { partition: number; leader: number }[] }[];
    };
    const [only] = metadata.brokers;
    assert.equal(metadata.brokers.length, 1);
    assert.equal(only?.name, `127.0.0.1:${broker.port}`);
    const topic = metadata.topics.find((each) => each.topic === 'listed');
    assert.deepEqual(
      topic?.partitions.map(({ partition, leader }) => [partition, leader]),
      [0, 1, 2].map((partition) => [partition, only?.id]),
    );
  });

  for (const acks of acksSettings) {
    for (const codec of codecs) {
      test(`acks ${acks}, codec ${codec}`, limited, async () => {
        const topic = `acks-${acks}-${codec}`;
        await createTopic(topic);
        const lines = numbered(topic, 500);
        await produce(topic, lines, '-X', `acks=${acks}`, '-z', codec);
        await untilThere(topic, lines.length);
        assertWhole(await consume(topic, 'beginning'), lines);
      });
    }
  }

  test('idempotent producer', limited, async () => {
    await createTopic('idempotent');
    const lines = numbered('once', 300);
    await produce('idempotent', lines, '-X', 'enable.idempotence=true');
    assertWhole(await consume('idempotent', 'beginning'), lines);
  });

  test('headers, keys and null values', limited, async () => {
    await createTopic('headers');
    await produce(
      'headers',
      ['a key\ta value', 'tombstone\t'],
      '-H',
      'first=1',
      '-H',
      'second=two',
      '-H',
      'first=again',
    );
    const records = await consume('headers', 'beginning');
    const headers = ['first', '1', 'second', 'two', 'first', 'again'];
    assert.deepEqual(
      records.map(({ key, payload, headers: found }) => ({ key, payload, headers: found })),
      [
        { key: 'a key', payload: 'a value', headers },
        { key: 'tombstone', payload: null, headers },
      ],
    );
  });

  test('records just below max.message.bytes, and one above', limited, async () => {
    await createTopic('large');
    const limit = 1_048_588;
    const large = 'x'.repeat(limit - 200);
    const file = join(broker.dataDirectory, '..', `kcat-large-${process.pid}`);
    const common = [
      '-b',
      `127.0.0.1:${broker.port}`,
      '-P',
      '-t',
      'large',
      '-p',
      '0',
      '-X',
      'message.max.bytes=4000000',
    ];
    try {
      writeFileSync(file, large);
      for (let count = 0; count < 3; count++) await runToolWell(kcat, [...common, file]);
      writeFileSync(file, 'x'.repeat(limit + 1));
      const refused = await runTool(kcat, [...common, file]);
      assert.match(refused.stderr, /too large/i);
    } finally {
      rmSync(file, { force: true });
    }
    const records = await consume('large', 'beginning');
    assert.deepEqual(
      records.map(({ payload }) => payload === large),
      [true, true, true],
    );
  });

  test('from an offset, the last ones, the end, a time', limited, async () => {
    await createTopic('places');
    const early = numbered('early', 50);
    const late = numbered('late', 50);
    await produce('places', early);
    const firstPart = await consume('places', 'beginning');
    const lastEarly = firstPart.at(-1)?.ts ?? 0;
    // The next ones are younger by their clock, which is in milliseconds.
    while (Date.now() <= lastEarly);
    await produce('places', late);
    assertWhole(await consume('places', '30'), [...early.slice(30), ...late], 30);
    assertWhole(await consume('places', '-5'), late.slice(45), 95);
    assert.deepEqual(await consume('places', 'end'), []);
    assertWhole(await consume('places', `s@${lastEarly + 1}`), late, 50);
    assert.deepEqual(await consume('places', `s@${Date.now() + 3_600_000}`), []);
  });

  test('a topic is made by producing to it', limited, async () => {
    const lines = numbered('made', 5);
    await produce('made-by-producing', lines);
    assertWhole(await consume('made-by-producing', 'beginning'), lines);
  });

  test('everything is there after a restart', limited, async () => {
    await createTopic('restarted');
    const before = numbered('before', 200);
    const beforeOffsets = new Map<string, readonly KcatRecord[]>();
    await produce('restarted', before, '-z', 'zstd');
    const topics = ['restarted', ...acksSettings.flatMap((acks) => codecs.map((codec) => `acks-${acks}-${codec}`))];
    for (const topic of topics) beforeOffsets.set(topic, await consume(topic, 'beginning'));
    const { dataDirectory } = broker;
    const old = broker;
    await old.stop();
    broker = await BrokerProcess.start({ dataDirectory });
    broker.removeLater(dataDirectory);
    for (const topic of topics) assert.deepEqual(await consume(topic, 'beginning'), beforeOffsets.get(topic));
    const more = numbered('after', 20);
    await produce('restarted', more);
    assertWhole(await consume('restarted', 'beginning'), [...before, ...more]);
  });
});
