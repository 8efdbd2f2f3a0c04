import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { startBroker, type Broker } from '../src/index.ts';

test('a broker in this process serves a client, and leaves nothing behind', async () => {
  const broker = await startBroker({ config: { 'num.partitions': '2' } });
  const kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  const producer = kafka.producer();
  try {
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: 'embedded' }], waitForLeaders: true });
    await producer.connect();
    const sent = await producer.send({ topic: 'embedded', messages: [{ partition: 1, key: 'a', value: 'b' }] });
    assert.equal(sent[0]?.errorCode, 0);
    const offsets = await admin.fetchTopicOffsets('embedded');
    assert.deepEqual(
      offsets.sort((one, other) => one.partition - other.partition).map(({ high }) => high),
      ['0', '1'],
    );
  } finally {
    await producer.disconnect();
    await admin.disconnect();
    await broker.stop();
  }
  assert.equal(existsSync(broker.dataDirectory), false);
  await broker.ended;
});

test('a program ends by itself once its broker has stopped', async () => {
  const program = `
    import { startBroker } from '${new URL('../src/index.ts', import.meta.url).href}';
    const broker = await startBroker();
    await broker.stop();
  `;
  await promisify(execFile)(process.execPath, ['--eval', program], { timeout: 30_000 });
});

test('a wrong value is one sentence that names the key', async () => {
  await assert.rejects(startBroker({ config: { 'num.partitions': 'many' } }), /num\.partitions.*many/);
});

test('partitions that a start has no room for are one sentence, and are there when it has', async () => {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'millrace-room-'));
  const start = (partitionsMax: number) =>
    startBroker({ dataDirectory, config: { 'millrace.partitions.max': String(partitionsMax) } });
  const partitionsOf = async (broker: Broker, made: number): Promise<number> => {
    const kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    try {
      if (made > 0) await admin.createTopics({ topics: [{ topic: 'many', numPartitions: made }] });
      const { topics } = await admin.fetchTopicMetadata({ topics: ['many'] });
      return topics[0]!.partitions.length;
    } finally {
      await admin.disconnect();
    }
  };
  try {
    const first = await start(10);
    assert.equal(await partitionsOf(first, 5), 5);
    await first.stop();
    await assert.rejects(start(4), /millrace\.partitions\.max is below the number of partitions/);
    const again = await start(5);
    assert.equal(await partitionsOf(again, 0), 5);
    await again.stop();
  } finally {
    await rm(dataDirectory, { recursive: true });
  }
});
