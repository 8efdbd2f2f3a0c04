import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { startBroker } from '../src/index.ts';

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
