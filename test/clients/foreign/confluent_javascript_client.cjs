// Runs confluent-kafka-javascript, its native interface and its KafkaJS one for administration, for
// foreign_client.test.ts: orders as JSON lines on standard input, answers likewise (see README).
'use strict';

const { join } = require('node:path');
const { createInterface } = require('node:readline');
const clients = process.argv[2];
const { KafkaConsumer, Producer, KafkaJS } = require(join(clients, 'node_modules/@confluentinc/kafka-javascript'));

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
const encoded = (value) => (value === null || value === undefined ? null : Buffer.from(value).toString('base64'));
const decoded = (text) => (text === null ? null : Buffer.from(text, 'base64'));

function connected(client) {
  return new Promise((resolve, reject) => client.connect({}, (error) => (error ? reject(error) : resolve(client))));
}

async function produce(order) {
  const producer = await connected(
    new Producer({
      'bootstrap.servers': order.bootstrap,
      acks: order.acks,
      'compression.codec': order.codec,
      'enable.idempotence': order.idempotent,
      'linger.ms': order.lingerMs,
      'batch.size': order.batchBytes,
      'message.max.bytes': order.requestBytesMax,
      dr_cb: true,
    }),
  );
  producer.setPollInterval(10);
  const outcomes = [];
  const delivered = new Promise((resolve) => {
    let left = order.records.length;
    producer.on('delivery-report', (error, report) => {
      outcomes[report.opaque] = error ? { error: error.message } : { offset: report.offset };
      if (--left === 0) resolve();
    });
  });
  for (const [index, { key, value, headers, timestamp }] of order.records.entries()) {
    const sent = headers.map(([name, header]) => ({ [name]: decoded(header) }));
    producer.produce(order.topic, order.partition, decoded(value), decoded(key), timestamp, index, sent);
  }
  await delivered;
  await new Promise((resolve) => producer.disconnect(resolve));
  say({ outcomes });
}

async function consume(order) {
  const consumer = await connected(
    new KafkaConsumer({
      'bootstrap.servers': order.bootstrap,
      'group.id': 'unused',
      'enable.auto.commit': false,
      'enable.partition.eof': true,
      'check.crcs': true,
      'fetch.wait.max.ms': 100,
    }),
  );
  const { topic, partition } = order;
  consumer.assign([{ topic, partition, offset: await startOffset(consumer, order) }]);
  let left = order.follow;
  let isAtEnd = false;
  const records = [];
  consumer.on('partition.eof', () => {
    if (!isAtEnd) say({ event: 'end' });
    isAtEnd = true;
  });
  // Not in its flowing mode: that brings nothing more behind an end that it has told of.
  consumer.setDefaultConsumeTimeout(100);
  while (!isAtEnd || left > 0) {
    const messages = await new Promise((resolve, reject) =>
      consumer.consume(100, (error, found) => (error ? reject(error) : resolve(found))),
    );
    if (isAtEnd) left -= messages.length;
    for (const message of messages) {
      records.push({
        offset: message.offset,
        key: encoded(message.key),
        value: encoded(message.value),
        headers: (message.headers ?? []).flatMap((header) =>
          Object.entries(header).map(([name, value]) => [name, encoded(value)]),
        ),
        timestamp: message.timestamp,
      });
    }
  }
  await new Promise((resolve) => consumer.disconnect(resolve));
  say({ records });
}

function startOffset(consumer, { topic, partition, start }) {
  if (typeof start === 'number') return start;
  if (typeof start === 'string') return { beginning: -2, end: -1 }[start];
  return new Promise((resolve, reject) =>
    consumer.offsetsForTimes([{ topic, partition, offset: start.timestamp }], 30_000, (error, found) =>
      error ? reject(error) : resolve(found[0].offset),
    ),
  );
}

async function watermarks(order) {
  const consumer = await connected(new KafkaConsumer({ 'bootstrap.servers': order.bootstrap, 'group.id': 'unused' }));
  const { lowOffset, highOffset } = await new Promise((resolve, reject) =>
    consumer.queryWatermarkOffsets(order.topic, order.partition, 30_000, (error, found) =>
      error ? reject(error) : resolve(found),
    ),
  );
  await new Promise((resolve) => consumer.disconnect(resolve));
  say({ low: lowOffset, high: highOffset });
}

/** This client has no calls for settings and partitions: it makes, lists and deletes topics. */
async function administer({ bootstrap, topic }) {
  const admin = new KafkaJS.Kafka({ kafkaJS: { brokers: [bootstrap], logLevel: 0 } }).admin();
  await admin.connect();
  await admin.createTopics({
    topics: [{ topic, numPartitions: 2, configEntries: [{ name: 'retention.ms', value: '1000000' }] }],
  });
  const isListed = (await admin.listTopics()).includes(topic);
  const described = await admin.fetchTopicMetadata({ topics: [topic] });
  await admin.deleteTopics({ topics: [topic] });
  // A cluster tells of a change when it has reached the one who is asked: what was done is waited for.
  while ((await admin.listTopics()).includes(topic)) await new Promise((resolve) => setTimeout(resolve, 50));
  say({ isListed, partitions: (described.topics ?? described)[0].partitions.length, isListedAfter: false });
  await admin.disconnect();
}

const orders = { produce, consume, watermarks, administer };

(async () => {
  for await (const line of createInterface({ input: process.stdin })) {
    const order = JSON.parse(line);
    await orders[order.order](order);
  }
})().then(
  // Its native threads keep the process alive.
  () => process.exit(0),
  (error) => {
    process.stderr.write(`${error.stack ?? error}\n`);
    process.exit(1);
  },
);
