/** Peers that are slow, greedy or many (RELIABILITY: I14, I15, I18, hostile inputs 1 and 9; row 78). */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'node:test';
import { BrokerProcess, skipOnKafka } from './broker_process.ts';
import { RawConnection } from './raw_connection.ts';
import { recordBatch } from './record_batch.ts';
import {
  ApiKey,
  apiVersionsRequest,
  ErrorCode,
  fetchBody,
  fetchVersion,
  frame,
  listOffsetsBody,
  listOffsetsVersion,
  metadataBody,
  metadataVersion,
  produceBody,
  produceVersion,
  readApiVersionsAnswer,
  readProduceAnswer,
  requestFrame,
} from './wire.ts';
import { WireClient } from './wire_client.ts';

const mebibyte = 1 << 20;
const topic = 'flow';
/** Against hanging only. */
const limited = { timeout: 120_000 };
const limitedMillrace = { ...limited, skip: skipOnKafka };

test('frames in pieces of one byte are whole frames', limited, async () => {
  await using broker = await BrokerProcess.start();
  using client = await WireClient.connect(broker.port);
  await client.createTopic(topic);
  using connection = await RawConnection.open(broker.port);
  await connection.writeByteByByte(apiVersionsRequest(1));
  assert.equal(readApiVersionsAnswer(await connection.answer()).errorCode, 0);
  const body = produceBody(-1, [{ topic, partition: 0, records: recordBatch(['byte', 'by', 'byte']) }]);
  await connection.writeByteByByte(requestFrame(ApiKey.produce, produceVersion, 2, body));
  assert.equal(readProduceAnswer(await connection.answer())[0]?.errorCode, 0);
  assert.deepEqual(
    (await client.readAll(topic, 0)).map(({ value }) => value.toString()),
    ['byte', 'by', 'byte'],
  );
  await broker.stop();
});

test(
  'two and a half frames in one piece: two answers, the third when its rest comes',
  { timeout: 60_000 },
  async () => {
    await using broker = await BrokerProcess.start();
    using connection = await RawConnection.open(broker.port);
    const third = apiVersionsRequest(3);
    connection.write(Buffer.concat([apiVersionsRequest(1), apiVersionsRequest(2), third.subarray(0, 11)]));
    assert.equal(readApiVersionsAnswer(await connection.answer()).correlationId, 1);
    assert.equal(readApiVersionsAnswer(await connection.answer()).correlationId, 2);
    connection.write(third.subarray(11));
    assert.equal(readApiVersionsAnswer(await connection.answer()).correlationId, 3);
    await broker.stop();
  },
);

test('a frame that stops half way closes its connection; a slow one does not', limitedMillrace, async () => {
  const frameIdleMs = 5_000;
  await using broker = await BrokerProcess.start({ overrides: { 'millrace.frame.idle.ms': frameIdleMs } });
  using stuck = await RawConnection.open(broker.port);
  using stuckInLength = await RawConnection.open(broker.port);
  using slow = await RawConnection.open(broker.port);
  using idle = await RawConnection.open(broker.port);
  const request = apiVersionsRequest(1);
  stuck.write(request.subarray(0, 9));
  stuckInLength.write(request.subarray(0, 2));
  // Byte by byte, whole within the limit.
  for (let at = 0; at < request.length; at++) {
    slow.write(request.subarray(at, at + 1));
    await pause(frameIdleMs / (4 * request.length));
  }
  assert.equal(readApiVersionsAnswer(await slow.answer()).correlationId, 1);
  await Promise.all([stuck.closed(), stuckInLength.closed()]);
  await broker.line((line) => line.includes(`127.0.0.1:${stuck.localPort}`));
  // Between frames a connection may rest as long as connections.max.idle.ms says.
  idle.write(apiVersionsRequest(2));
  assert.equal(readApiVersionsAnswer(await idle.answer()).correlationId, 2);
  await broker.stop();
});

test('1,000 requests of all kinds before the first read: all answered, in order', limited, async () => {
  await using broker = await BrokerProcess.start();
  using client = await WireClient.connect(broker.port);
  await client.createTopic(topic, 4);
  const records = recordBatch(['pipelined']);
  const kinds = [
    (id: number) => apiVersionsRequest(id),
    (id: number) => requestFrame(ApiKey.metadata, metadataVersion, id, metadataBody([topic])),
    (id: number) =>
      requestFrame(ApiKey.produce, produceVersion, id, produceBody(1, [{ topic, partition: id % 4, records }])),
    (id: number) =>
      requestFrame(ApiKey.produce, produceVersion, id, produceBody(-1, [{ topic, partition: (id + 1) % 4, records }])),
    (id: number) => requestFrame(ApiKey.listOffsets, listOffsetsVersion, id, listOffsetsBody(topic, id % 4, -1)),
    (id: number) =>
      requestFrame(
        ApiKey.fetch,
        fetchVersion,
        id,
        fetchBody([{ topic, partition: id % 4, offset: 0, maxBytes: 1000 }], 0, 0),
      ),
  ];
  const count = 1_000;
  using connection = await RawConnection.open(broker.port);
  connection.stopReading();
  const requests = Array.from({ length: count }, (_, id) => (kinds[id % kinds.length] as (id: number) => Buffer)(id));
  connection.write(Buffer.concat(requests));
  connection.socket.resume();
  for (let id = 0; id < count; id++) assert.equal((await connection.answer()).readInt32BE(0), id);
  let produced = 0;
  for (let partition = 0; partition < 4; partition++) produced += (await client.readAll(topic, partition)).length;
  assert.equal(produced, requests.filter((_, id) => id % 6 === 2 || id % 6 === 3).length);
  await broker.stop();
});

test('2,000 halves of a 1 MiB frame do not stop a connection that sends whole ones', limitedMillrace, async () => {
  const budget = 64 * mebibyte;
  await using broker = await BrokerProcess.start({
    overrides: { 'queued.max.request.bytes': budget, 'socket.request.max.bytes': 8 * mebibyte },
  });
  using client = await WireClient.connect(broker.port);
  await client.createTopic(topic, 2);
  const residentBefore = broker.residentBytes();
  const half = frame(Buffer.alloc(mebibyte / 2, 1), mebibyte);
  // A well-formed beginning, so that nothing but the missing half is wrong.
  requestFrame(ApiKey.produce, produceVersion, 1, new Uint8Array(0)).copy(half, 4, 4);
  using flood = new DisposableStack();
  for (let count = 1; count <= 2_000; count++) {
    flood.use(await RawConnection.open(broker.port)).write(half);
    // In the middle of the flood, too.
    if (count % 500 === 0) assert.equal((await client.apiVersions()).errorCode, 0);
  }
  let offset = 0;
  for (const value of ['small', Buffer.alloc(mebibyte - 1000, 2), 'small again', Buffer.alloc(mebibyte - 1000, 3)]) {
    const answer = await client.produce(topic, 1, recordBatch([value]));
    assert.deepEqual([answer.errorCode, answer.baseOffset], [ErrorCode.none, offset++]);
  }
  assert.equal((await client.readAll(topic, 1)).length, offset);
  const grown = broker.residentBytes() - residentBefore;
  // The budget, what the other requests needed, and room for what 2,000 sockets cost: far from the 1 GiB sent.
  assert.ok(grown < budget + 300 * mebibyte, `resident memory grew by ${grown} B`);
  flood.dispose();
  using later = await WireClient.connect(broker.port);
  assert.equal((await later.produce(topic, 0, recordBatch(['later']))).errorCode, ErrorCode.none);
  await broker.stop();
});
