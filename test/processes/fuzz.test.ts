/**
 * Spoilt requests from a seed: good frames with bytes changed, cut out and put in, the length kept true so that each
 * is decoded (RELIABILITY: I14, I15). The broker answers or ends that connection, and serves the next one.
 * `MILLRACE_FUZZ_FRAMES=100000` for the long form; a failure prints its seed and the smallest case.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BrokerProcess } from './broker_process.ts';
import { RawConnection } from './raw_connection.ts';
import { recordBatch } from './record_batch.ts';
import {
  ApiKey,
  apiVersionsRequest,
  createTopicBody,
  createTopicsVersion,
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
  requestFrame,
} from './wire.ts';
import { WireClient } from './wire_client.ts';

const frames = Number(process.env['MILLRACE_FUZZ_FRAMES'] ?? 2_000);
const mebibyte = 1 << 20;
const topic = 'fuzz';
const other = 'fuzz-other';
const part = { topic, partition: 0 };
const records = recordBatch(['one', 'two', 'three'.repeat(20)]);

const corpus: readonly Buffer[] = [
  apiVersionsRequest(1),
  requestFrame(ApiKey.apiVersions, 3, 1, Buffer.from([0, 5, 110, 97, 109, 101, 2, 49, 0])),
  requestFrame(ApiKey.metadata, metadataVersion, 1, metadataBody([topic, other, 'missing'])),
  requestFrame(ApiKey.metadata, metadataVersion, 1, metadataBody(null)),
  requestFrame(ApiKey.produce, produceVersion, 1, produceBody(-1, [{ ...part, records }])),
  requestFrame(
    ApiKey.produce,
    produceVersion,
    1,
    produceBody(1, [
      { ...part, records },
      { topic: other, partition: 1, records },
    ]),
  ),
  requestFrame(ApiKey.fetch, fetchVersion, 1, fetchBody([{ ...part, offset: 0, maxBytes: 10_000 }], 0, 0)),
  requestFrame(
    ApiKey.fetch,
    fetchVersion,
    1,
    fetchBody(
      [
        { ...part, offset: 1, maxBytes: 100 },
        { topic: other, partition: 1, offset: 0, maxBytes: 100 },
      ],
      5,
      1,
    ),
  ),
  requestFrame(ApiKey.listOffsets, listOffsetsVersion, 1, listOffsetsBody(topic, 0, -1)),
  requestFrame(ApiKey.createTopics, createTopicsVersion, 1, createTopicBody('made', 2, { 'retention.ms': '1000' })),
];

interface Change {
  readonly at: number;
  readonly remove: number;
  readonly insert: Uint8Array;
}

const interesting = [
  '00',
  'ff',
  '7f',
  '80',
  'ffff',
  '7fff',
  'ffffffff',
  '7fffffff',
  '80000000',
  'fffffffe',
  'ffffffff0f',
];
const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat(400),
  remove: fc.nat(8),
  insert: fc.oneof(
    fc.constantFrom(...interesting).map((hex) => new Uint8Array(Buffer.from(hex, 'hex'))),
    fc.uint8Array({ maxLength: 8 }),
  ),
});

const spoilt = fc
  .tuple(fc.constantFrom(...corpus), fc.array(change, { minLength: 1, maxLength: 4 }))
  .map(([whole, changes]) => {
    let payload = whole.subarray(4);
    for (const { at, remove, insert } of changes) {
      const place = at % (payload.length + 1);
      payload = Buffer.concat([payload.subarray(0, place), insert, payload.subarray(place + remove)]);
    }
    return frame(payload);
  });

/** A spoilt Fetch may ask to wait for days, and a spoilt Produce may want no answer: not held against the broker. */
const patienceMs = 200;

async function settled(connection: RawConnection): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, patienceMs);
  await Promise.race([promise, connection.outcome()]);
  clearTimeout(timer);
}

test(`${frames} spoilt requests`, { timeout: 60_000 + frames * 100 }, async () => {
  await using broker = await BrokerProcess.start({ overrides: { 'millrace.partitions.max': 64 } });
  using bystander = await WireClient.connect(broker.port);
  await bystander.createTopic(topic);
  await bystander.createTopic(other, 2);
  const residentBefore = broker.residentBytes();
  const property = fc.asyncProperty(spoilt, async (bytes) => {
    using connection = await RawConnection.open(broker.port);
    connection.write(bytes);
    await settled(connection);
    assert.equal((await bystander.apiVersions()).errorCode, ErrorCode.none);
    assert.equal(broker.hasExited, false, broker.output);
  });
  await fc.assert(property, { numRuns: frames });
  // Whatever was accepted of it can be read, and the log goes on.
  await bystander.readAll(topic, 0);
  const { errorCode, baseOffset } = await bystander.produce(topic, 0, records);
  assert.equal(errorCode, ErrorCode.none);
  assert.equal((await bystander.readAll(topic, 0, baseOffset)).length, 3);
  assert.ok(broker.residentBytes() - residentBefore < 400 * mebibyte);
  await broker.stop();
});
