/**
 * Peers that are many, greedy or of another kind, and what is left of them: nothing (RELIABILITY: I14, I15, hostile inputs
 * 1, 9, 20 and 25, and what was learnt from CVE-2022-34917 and KAFKA-4090).
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BrokerProcess, skipOnKafka } from '../processes/broker_process.ts';
import { RawConnection } from '../processes/raw_connection.ts';
import { recordBatch } from '../processes/record_batch.ts';
import { buildBatch } from '../tools/conformance_batches.ts';
import * as wire from '../processes/wire.ts';
import { WireClient } from '../processes/wire_client.ts';
import { nothingHeld, probed } from './holdings.ts';

const shards = 2;
const mebibyte = 1 << 20;
const limited = { timeout: 120_000, skip: skipOnKafka };

let broker: BrokerProcess;

before(async () => {
  if (skipOnKafka !== false) return;
  broker = await BrokerProcess.start({
    shards,
    nodeArguments: probed,
    overrides: {
      listeners: 'PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0',
      'controller.listener.names': 'CONTROLLER',
      'controller.quorum.bootstrap.servers': '127.0.0.1:9093',
      'millrace.frame.idle.ms': 1_000,
    },
  });
});

after(async () => {
  if (skipOnKafka !== false) return;
  await broker.stop();
  await broker[Symbol.asyncDispose]();
});

test('10,000 requests before the first read: all answered, in order, and nothing kept', limited, async () => {
  const topic = 'pipelined';
  using client = await WireClient.connect(broker.port);
  await client.createTopic(topic);
  using connection = await RawConnection.open(broker.port);
  connection.stopReading();
  const count = 10_000;
  const produce = wire.produceBody(1, [{ topic, partition: 0, records: recordBatch(['x']) }]);
  const metadata = wire.metadataBody([topic]);
  const requests = Array.from({ length: count }, (_, id) => {
    if (id % 3 === 0) return wire.requestFrame(wire.ApiKey.produce, wire.produceVersion, id, produce);
    if (id % 3 === 1) return wire.requestFrame(wire.ApiKey.metadata, wire.metadataVersion, id, metadata);
    return wire.apiVersionsRequest(id);
  });
  connection.write(Buffer.concat(requests));
  // Another one is served although this one does not read.
  assert.equal((await client.apiVersions()).errorCode, 0);
  connection.socket.resume();
  for (let id = 0; id < count; id++) assert.equal((await connection.answer()).readInt32BE(0), id);
  assert.equal((await client.readAll(topic, 0)).length, Math.ceil(count / 3));
  await nothingHeld(broker, shards, 2);
});

test('1,000 sockets that each declare 100 MB take no more than the bytes that they send', limited, async () => {
  const topic = 'declared';
  using client = await WireClient.connect(broker.port);
  await client.createTopic(topic);
  const residentBefore = broker.residentBytes();
  using flood = new DisposableStack();
  const beginning = wire.requestFrame(wire.ApiKey.produce, wire.produceVersion, 1, Buffer.alloc(1000));
  beginning.writeInt32BE(100 * mebibyte, 0);
  const peers: RawConnection[] = [];
  for (let count = 0; count < 1_000; count++) {
    const peer = flood.use(await RawConnection.open(broker.port));
    peer.write(beginning);
    peers.push(peer);
  }
  const { errorCode } = await client.produce(topic, 0, recordBatch([Buffer.alloc(mebibyte / 2)]));
  assert.equal(errorCode, 0);
  const grown = broker.residentBytes() - residentBefore;
  assert.ok(grown < 200 * mebibyte, `resident memory grew by ${grown} B`);
  // Frames that are never finished end their connections.
  await Promise.all(peers.map((peer) => peer.closed()));
  await nothingHeld(broker, shards, 1);
});

test('large answers that nobody takes, taken slowly, or left: nothing is kept of them', limited, async () => {
  const topic = 'large';
  using client = await WireClient.connect(broker.port);
  await client.createTopic(topic);
  const value = Buffer.alloc(mebibyte - 1000, 7);
  for (let count = 0; count < 24; count++) await client.produce(topic, 0, recordBatch([value]));
  const part = { topic, partition: 0, offset: 0, maxBytes: 64 * mebibyte };
  const request = wire.requestFrame(wire.ApiKey.fetch, wire.fetchVersion, 9, wire.fetchBody([part], 0, 0));
  using peers = new DisposableStack();
  const slow = peers.use(await RawConnection.open(broker.port));
  const left = [];
  for (let count = 0; count < 6; count++) {
    const peer = peers.use(await RawConnection.open(broker.port));
    peer.stopReading();
    peer.write(request);
    left.push(peer);
  }
  slow.write(request);
  // A piece at a time, with others in between.
  slow.socket.on('data', () => {
    slow.socket.pause();
    setImmediate(() => slow.socket.resume());
  });
  const [answer] = wire.readFetchAnswer(await slow.answer());
  assert.equal(answer?.errorCode, 0);
  assert.ok(answer.records.length > 20 * mebibyte);
  assert.equal((await client.apiVersions()).errorCode, 0);
  for (const peer of left) peer.reset();
  await nothingHeld(broker, shards, 2);
});

test('batches that unpack to very much are looked at in little memory, in every codec', limited, async () => {
  const topic = 'unpacked';
  using client = await WireClient.connect(broker.port);
  await client.createTopic(topic, shards);
  const sizes = { gzip: 64, snappy: 16, lz4: 64, zstd: 200 };
  const batches = Object.entries(sizes).map(([codec, mebibytes]) =>
    buildBatch({ records: [[null, '0'.repeat(mebibytes * mebibyte)]], codec }),
  );
  const residentBefore = broker.residentBytes();
  let residentMax = 0;
  for (let round = 0; round < 2; round++) {
    for (const batch of batches) {
      for (let partition = 0; partition < shards; partition++) {
        assert.equal((await client.produce(topic, partition, batch)).errorCode, 0);
        residentMax = Math.max(residentMax, broker.residentBytes());
      }
    }
  }
  const grown = residentMax - residentBefore;
  assert.ok(grown < 96 * mebibyte, `resident memory grew by ${grown} B`);
  await nothingHeld(broker, shards, 1);
});

test('answers before bytes that are no frame are given, then the connection ends', limited, async () => {
  using connection = await RawConnection.open(broker.port);
  const create = wire.createTopicBody('made', 1);
  const request = wire.requestFrame(wire.ApiKey.createTopics, wire.createTopicsVersion, 5, create);
  connection.write(Buffer.concat([request, wire.apiVersionsRequest(6), Buffer.from('GET / HTTP/1.1\r\n\r\n')]));
  assert.equal((await connection.answer()).readInt32BE(0), 5);
  assert.equal((await connection.answer()).readInt32BE(0), 6);
  await connection.closed();
  await nothingHeld(broker, shards, 0);
});

test(
  'requests queued behind a fetch that waits for days are answered, and their peer is seen to leave',
  limited,
  async () => {
    const topic = 'waiting';
    using client = await WireClient.connect(broker.port);
    await client.createTopic(topic);
    const part = { topic, partition: 0, offset: 0, maxBytes: 1000 };
    const body = wire.fetchBody([part], 0x7fff_ffff, 0x7fff_ffff);
    const fetch = wire.requestFrame(wire.ApiKey.fetch, wire.fetchVersion, 0, body);
    const behind = Array.from({ length: 200 }, (_, id) => wire.apiVersionsRequest(id + 1));
    using patient = await RawConnection.open(broker.port);
    patient.write(Buffer.concat([fetch, ...behind]));
    for (let id = 0; id <= behind.length; id++) assert.equal((await patient.answer()).readInt32BE(0), id);
    using gone = await RawConnection.open(broker.port);
    gone.write(Buffer.concat([fetch, ...behind]));
    gone.end();
    await gone.closed();
    // So few are queued that the connection is read, and the end of what its peer sends is seen.
    using brief = await RawConnection.open(broker.port);
    brief.write(Buffer.concat([fetch, fetch, behind[0]!]));
    brief.end();
    for (const id of [0, 0, 1]) assert.equal((await brief.answer()).readInt32BE(0), id);
    await brief.closed();
    await nothingHeld(broker, shards, 2);
  },
);

const foreign: Readonly<Record<string, Buffer>> = {
  'a TLS hello': Buffer.from(`1603010200010001fc0303${'00'.repeat(507)}`, 'hex'),
  'an HTTP GET': Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
  'an SSH banner': Buffer.from('SSH-2.0-OpenSSH_9.6\r\n'),
  'a Redis PING': Buffer.from('*1\r\n$4\r\nPING\r\n'),
  'a PROXY header': Buffer.from('PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n'),
  'a Metadata request': wire.requestFrame(3, wire.metadataVersion, 7, wire.metadataBody(null)),
  'a Vote with epoch 2^31-1': wire.requestFrame(52, 0, 7, Buffer.alloc(60, 0x7f)),
  'a Fetch with epoch 2^31-1': wire.requestFrame(1, 11, 7, Buffer.alloc(60, 0x7f)),
  'a length of 2^31-1': new wire.Fields().int32(0x7fff_ffff).build(),
};

test('a listener of controllers ends what it does not speak, and only that', limited, async () => {
  const line = await broker.line(/listening on 127\.0\.0\.1:\d+ \(CONTROLLER\)/);
  const port = Number(/:(\d+) \(CONTROLLER/.exec(line)?.[1]);
  using bystander = await WireClient.connect(port);
  for (const [what, bytes] of Object.entries(foreign)) {
    using connection = await RawConnection.open(port);
    connection.write(bytes);
    const outcome = await connection.outcome();
    assert.deepEqual(outcome, { kind: 'closed', bytesReceived: 0 }, what);
    assert.equal((await bystander.apiVersions()).errorCode, 0);
  }
  await nothingHeld(broker, shards, 1);
});
