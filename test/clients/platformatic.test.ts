/** @platformatic/kafka: a young client in TypeScript that speaks the newest versions of the requests. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Admin, type CompressionAlgorithmValue, Producer, ProduceAcks, stringSerializers } from '@platformatic/kafka';
import { BrokerProcess } from '../processes/broker_process.ts';
import { WireClient } from '../processes/wire_client.ts';

const limited = { timeout: 60_000 };
const codecs: readonly CompressionAlgorithmValue[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
let broker: BrokerProcess;
const bootstrap = (): { clientId: string; bootstrapBrokers: string[]; retries: number } => ({
  clientId: 'platformatic',
  bootstrapBrokers: [`127.0.0.1:${broker.port}`],
  retries: 1,
});

describe('@platformatic/kafka', () => {
  before(async () => {
    broker = await BrokerProcess.start();
  });

  after(async () => {
    await broker.stop();
    await broker[Symbol.asyncDispose]();
  });

  test('admin: create and list', limited, async () => {
    const admin = new Admin(bootstrap());
    const created = await admin.createTopics({ topics: ['made'], partitions: 3, replicas: 1 });
    assert.deepEqual(
      created.map(({ name, partitions }) => [name, partitions]),
      [['made', 3]],
    );
    assert.deepEqual(await admin.listTopics(), ['made']);
    await assert.rejects(admin.createTopics({ topics: ['made'], partitions: 3, replicas: 1 }));
    await admin.close();
  });

  for (const acks of [ProduceAcks.NO_RESPONSE, ProduceAcks.LEADER, ProduceAcks.ALL]) {
    for (const compression of codecs) {
      test(`producer: acks ${acks}, codec ${compression}`, limited, async () => {
        const topic = `platformatic${acks}-${compression}`;
        using client = await WireClient.connect(broker.port);
        await client.createTopic(topic);
        const producer = new Producer({ ...bootstrap(), serializers: stringSerializers });
        const messages = Array.from({ length: 100 }, (_, index) => ({
          topic,
          partition: 0,
          key: `key ${index % 3}`,
          value: `value ${index}`,
          headers: { header: String(index) },
        }));
        await producer.send({ acks, compression, messages });
        await producer.close();
        while ((await client.logEndOffset(topic, 0)) < messages.length);
        assert.equal(await client.logEndOffset(topic, 0), messages.length);
        if (compression === 'none') {
          assert.deepEqual(
            (await client.readAll(topic, 0)).map(({ value }) => value.toString()),
            messages.map(({ value }) => value),
          );
        }
      });
    }
  }

  test('idempotent producer', limited, async () => {
    using client = await WireClient.connect(broker.port);
    await client.createTopic('platformatic-idempotent');
    const producer = new Producer({ ...bootstrap(), serializers: stringSerializers, idempotent: true });
    for (let round = 0; round < 10; round++) {
      await producer.send({ messages: [{ topic: 'platformatic-idempotent', partition: 0, value: `once ${round}` }] });
    }
    await producer.close();
    assert.deepEqual(
      (await client.readAll('platformatic-idempotent', 0)).map(({ value }) => value.toString()),
      Array.from({ length: 10 }, (_, round) => `once ${round}`),
    );
  });
});
