/** kafkajs: what applications in Node have used for years; its own codec and its own old versions of the requests. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Admin, CompressionTypes, Kafka, logLevel } from 'kafkajs';
import { BrokerProcess } from '../processes/broker_process.ts';
import { WireClient } from '../processes/wire_client.ts';

const limited = { timeout: 60_000 };
let broker: BrokerProcess;
let kafka: Kafka;
let admin: Admin;

describe('kafkajs', () => {
  before(async () => {
    broker = await BrokerProcess.start();
    kafka = new Kafka({ brokers: [`127.0.0.1:${broker.port}`], logLevel: logLevel.NOTHING, retry: { retries: 2 } });
    admin = kafka.admin();
    await admin.connect();
  });

  after(async () => {
    await admin.disconnect();
    await broker.stop();
    await broker[Symbol.asyncDispose]();
  });

  test('admin: create, list, describe, offsets', limited, async () => {
    const topics = [{ topic: 'made', numPartitions: 3, replicationFactor: 1 }];
    assert.equal(await admin.createTopics({ topics, waitForLeaders: true }), true);
    assert.equal(await admin.createTopics({ topics }), false, 'it exists already');
    assert.ok((await admin.listTopics()).includes('made'));
    const { topics: described } = await admin.fetchTopicMetadata({ topics: ['made'] });
    assert.deepEqual(new Set(described[0]?.partitions.map(({ partitionId }) => partitionId)), new Set([0, 1, 2]));
    assert.equal((await admin.describeCluster()).brokers.length, 1);
    const offsets = await admin.fetchTopicOffsets('made');
    assert.deepEqual(
      new Set(offsets.map(({ partition, low, high }) => `${partition}: ${low} to ${high}`)),
      new Set([0, 1, 2].map((partition) => `${partition}: 0 to 0`)),
    );
  });

  for (const acks of [0, 1, -1]) {
    for (const [codec, compression] of Object.entries({ none: CompressionTypes.None, gzip: CompressionTypes.GZIP })) {
      test(`producer: acks ${acks}, codec ${codec}`, limited, async () => {
        const topic = `kafkajs${acks}-${codec}`;
        using client = await WireClient.connect(broker.port);
        await client.createTopic(topic);
        const producer = kafka.producer({ allowAutoTopicCreation: false });
        await producer.connect();
        const messages = Array.from({ length: 100 }, (_, index) => ({
          key: `key ${index % 3}`,
          value: `value ${index}`,
          headers: { header: String(index) },
        }));
        await producer.send({ topic, acks, compression, messages });
        await producer.disconnect();
        while ((await client.logEndOffset(topic, 0)) < messages.length);
        if (codec === 'none') {
          assert.deepEqual(
            (await client.readAll(topic, 0)).map(({ value }) => value.toString()),
            messages.map(({ value }) => value),
          );
        }
        assert.equal(await client.logEndOffset(topic, 0), messages.length);
      });
    }
  }

  test('idempotent producer', limited, async () => {
    using client = await WireClient.connect(broker.port);
    await client.createTopic('kafkajs-idempotent');
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    for (let round = 0; round < 10; round++) {
      await producer.send({ topic: 'kafkajs-idempotent', acks: -1, messages: [{ value: `once ${round}` }] });
    }
    await producer.disconnect();
    assert.deepEqual(
      (await client.readAll('kafkajs-idempotent', 0)).map(({ value }) => value.toString()),
      Array.from({ length: 10 }, (_, round) => `once ${round}`),
    );
  });
});
