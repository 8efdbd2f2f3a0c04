/** Bodies that lie: counts, nulls, names, record batches (RELIABILITY: I13, I15, hostile inputs 3, 5, 6, 16, 17, 22). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { BrokerProcess, brokerKind } from './broker_process.ts';
import {
  answered,
  closed,
  createTopicsError,
  either,
  fetchError,
  type HostileCase,
  produceError,
  refusedProduce,
  runHostileCase,
} from './hostile_case.ts';
import { crc32c, recordBatch, withWrongCrc } from './record_batch.ts';
import {
  ApiKey,
  createTopicBody,
  createTopicsVersion,
  ErrorCode,
  fetchBody,
  fetchVersion,
  Fields,
  metadataBody,
  metadataVersion,
  produceBody,
  produceVersion,
  requestFrame,
} from './wire.ts';
import { WireClient } from './wire_client.ts';

const topic = 'hostile';
const invalidTopic = 17;
const invalidRequiredAcks = 21;
const invalidPartitions = 37;

const batch = recordBatch(['a', 'b', 'c']);
const changed = (change: (bytes: Buffer) => void): Buffer => {
  const copy = Buffer.from(batch);
  change(copy);
  return copy;
};
/** As `changed`, in a field that the CRC covers, and with the right CRC: only the field lies. */
const lying = (change: (bytes: Buffer) => void): Buffer =>
  changed((bytes) => {
    change(bytes);
    bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17);
  });

const produce = (records: Uint8Array | null, acks = -1, partition = 0, name = topic): Buffer =>
  requestFrame(ApiKey.produce, produceVersion, 7, produceBody(acks, [{ topic: name, partition, records }]));
const produceFields = (): Fields => new Fields().string(null).int16(-1).int32(30_000);
const produceRaw = (fields: Fields): Buffer => requestFrame(ApiKey.produce, produceVersion, 7, fields.build());
const fetch = (offset: number, maxBytes = 1000, partition = 0): Buffer =>
  requestFrame(ApiKey.fetch, fetchVersion, 7, fetchBody([{ topic, partition, offset, maxBytes }], 0, 0));
const fetchTopics = (count: number): Buffer =>
  requestFrame(
    ApiKey.fetch,
    fetchVersion,
    7,
    new Fields()
      .int32(-1)
      .int32(0)
      .int32(0)
      .int32(1000)
      .int8(0)
      .int32(0)
      .int32(-1)
      .int32(count)
      .int32(0)
      .string('')
      .build(),
  );
const metadataTopics = (count: number, version = metadataVersion): Buffer =>
  requestFrame(ApiKey.metadata, version, 7, new Fields().int32(count).int8(0).int8(0).int8(0).build());
const createTopics = (count: number): Buffer =>
  requestFrame(ApiKey.createTopics, createTopicsVersion, 7, new Fields().int32(count).int32(1000).int8(0).build());
const createTopic = (name: string, partitions = 1): Buffer =>
  requestFrame(ApiKey.createTopics, createTopicsVersion, 7, createTopicBody(name, partitions));

const counts: HostileCase[] = [
  { name: 'Metadata for no topics', bytes: requestFrame(3, metadataVersion, 7, metadataBody([])), verdict: answered },
  {
    name: 'Metadata for all topics',
    bytes: requestFrame(3, metadataVersion, 7, metadataBody(null)),
    verdict: answered,
  },
  { name: 'Metadata, -2 topics', bytes: metadataTopics(-2), verdict: either(answered, closed) },
  { name: 'Metadata, 2^31-1 topics', bytes: metadataTopics(0x7fff_ffff), verdict: closed },
  { name: 'Metadata, 2^20 topics', bytes: metadataTopics(1 << 20), verdict: closed },
  {
    name: 'Metadata version 0, null topics',
    bytes: requestFrame(3, 0, 7, new Fields().int32(-1).build()),
    verdict: closed,
  },
  { name: 'Produce to no topic', bytes: requestFrame(0, produceVersion, 7, produceBody(-1, [])), verdict: answered },
  {
    name: 'Produce to no partition',
    bytes: produceRaw(produceFields().int32(1).string(topic).int32(0)),
    verdict: answered,
  },
  ...[-1, -2, 1 << 20, 0x7fff_ffff].map((count) => ({
    name: `Produce, ${count} topics`,
    bytes: produceRaw(produceFields().int32(count)),
    verdict: closed,
  })),
  ...[1 << 20, 0x7fff_ffff].map((count) => ({
    name: `Produce, ${count} partitions`,
    bytes: produceRaw(produceFields().int32(1).string(topic).int32(count)),
    verdict: closed,
  })),
  {
    name: 'Produce, records longer than the frame',
    bytes: produceRaw(produceFields().int32(1).string(topic).int32(1).int32(0).int32(100_000).raw(batch)),
    verdict: closed,
  },
  {
    name: 'Produce, records of length -2',
    bytes: produceRaw(produceFields().int32(1).string(topic).int32(1).int32(0).int32(-2)),
    verdict: refusedProduce,
    notOnKafka: 'Apache Kafka never answers it',
  },
  { name: 'Fetch of nothing', bytes: fetchTopics(0), verdict: answered },
  { name: 'Fetch, null topics', bytes: fetchTopics(-1), verdict: closed },
  { name: 'Fetch, 2^20 topics', bytes: fetchTopics(1 << 20), verdict: closed },
  { name: 'CreateTopics of nothing', bytes: createTopics(0), verdict: answered },
  { name: 'CreateTopics, null topics', bytes: createTopics(-1), verdict: closed },
  { name: 'CreateTopics, 2^31-1 topics', bytes: createTopics(0x7fff_ffff), verdict: closed },
];

const trailing = Buffer.from([1, 2, 3]);
const trailingBytes: HostileCase[] = [
  {
    name: 'bytes behind Produce',
    bytes: requestFrame(
      0,
      produceVersion,
      7,
      Buffer.concat([produceBody(-1, [{ topic, partition: 0, records: batch }]), trailing]),
    ),
    verdict: either(produceError(0), closed),
  },
  {
    name: 'bytes behind Fetch',
    bytes: requestFrame(1, fetchVersion, 7, Buffer.concat([fetchBody([], 0, 0), trailing])),
    verdict: either(answered, closed),
  },
  {
    name: 'bytes behind CreateTopics',
    bytes: requestFrame(19, createTopicsVersion, 7, Buffer.concat([createTopicBody('trailing', 1), trailing])),
    verdict: either(createTopicsError(0), closed),
  },
];

const names: HostileCase[] = [
  ...['', '.', '..', 'a/b', '../../etc/passwd', 'a\0b', 'a b', 'ä', 'x'.repeat(250)].map((name) => ({
    name: `CreateTopics ${JSON.stringify(name.slice(0, 20))}`,
    bytes: createTopic(name),
    verdict: createTopicsError(invalidTopic),
  })),
  {
    name: 'CreateTopics with 0 partitions',
    bytes: createTopic('none', 0),
    verdict: createTopicsError(invalidPartitions),
  },
  {
    name: 'CreateTopics with -2 partitions',
    bytes: createTopic('none', -2),
    verdict: createTopicsError(invalidPartitions),
  },
  {
    name: 'CreateTopics with a null name',
    bytes: requestFrame(
      19,
      createTopicsVersion,
      7,
      new Fields().int32(1).int16(-1).int32(1).int16(1).int32(0).int32(0).int32(1000).int8(0).build(),
    ),
    verdict: closed,
  },
  {
    name: 'Produce to an unknown topic',
    bytes: produce(batch, -1, 0, 'nowhere'),
    verdict: produceError(ErrorCode.unknownTopicOrPartition),
  },
  {
    name: 'Produce to "../../x"',
    bytes: produce(batch, -1, 0, '../../x'),
    verdict: produceError(ErrorCode.unknownTopicOrPartition),
  },
  {
    name: 'Produce to partition 7',
    bytes: produce(batch, -1, 7),
    verdict: produceError(ErrorCode.unknownTopicOrPartition),
  },
  {
    name: 'Produce to partition -1',
    bytes: produce(batch, -1, -1),
    verdict: produceError(ErrorCode.unknownTopicOrPartition),
  },
  {
    name: 'Produce to partition 2^31-1',
    bytes: produce(batch, -1, 0x7fff_ffff),
    verdict: produceError(ErrorCode.unknownTopicOrPartition),
  },
  { name: 'Produce with acks 5', bytes: produce(batch, 5), verdict: produceError(invalidRequiredAcks) },
  { name: 'Produce with acks -2', bytes: produce(batch, -2), verdict: produceError(invalidRequiredAcks) },
];

const { corruptMessage, invalidRecord } = ErrorCode;
const batches: HostileCase[] = [
  { name: 'wrong CRC', bytes: produce(withWrongCrc(batch)), verdict: produceError(corruptMessage) },
  { name: 'records null', bytes: produce(null), verdict: refusedProduce, notOnKafka: 'Apache Kafka never answers it' },
  { name: 'records empty', bytes: produce(new Uint8Array(0)), verdict: produceError(invalidRecord) },
  {
    name: 'magic 3',
    bytes: produce(changed((bytes) => bytes.writeInt8(3, 16))),
    verdict: produceError(corruptMessage),
  },
  {
    name: 'magic 1 in a batch of format 2',
    bytes: produce(changed((bytes) => bytes.writeInt8(1, 16))),
    verdict: refusedProduce,
  },
  {
    name: 'batch longer than the records',
    bytes: produce(changed((bytes) => bytes.writeInt32BE(100_000, 8))),
    verdict: produceError(invalidRecord),
  },
  {
    name: 'batch length 0',
    bytes: produce(changed((bytes) => bytes.writeInt32BE(0, 8))),
    verdict: produceError(corruptMessage),
  },
  {
    name: 'batch length -1',
    bytes: produce(changed((bytes) => bytes.writeInt32BE(-1, 8))),
    verdict: produceError(corruptMessage),
  },
  {
    name: 'batch length 2^31-1',
    bytes: produce(changed((bytes) => bytes.writeInt32BE(0x7fff_ffff, 8))),
    verdict: refusedProduce,
  },
  { name: 'batch cut in its header', bytes: produce(batch.subarray(0, 40)), verdict: produceError(invalidRecord) },
  { name: 'batch one byte short', bytes: produce(batch.subarray(0, -1)), verdict: produceError(invalidRecord) },
  {
    name: 'three bytes behind the batch',
    bytes: produce(Buffer.concat([batch, trailing])),
    verdict: either(produceError(0), refusedProduce),
  },
  { name: 'two batches', bytes: produce(Buffer.concat([batch, batch])), verdict: produceError(invalidRecord) },
  {
    name: 'one record more counted than there is',
    bytes: produce(lying((bytes) => bytes.writeInt32BE(4, 57))),
    verdict: produceError(invalidRecord),
  },
  {
    name: '2^31-1 records counted',
    bytes: produce(lying((bytes) => bytes.writeInt32BE(0x7fff_ffff, 57))),
    verdict: produceError(invalidRecord),
  },
  { name: '-1 records counted', bytes: produce(lying((bytes) => bytes.writeInt32BE(-1, 57))), verdict: refusedProduce },
  {
    name: 'last offset delta lies',
    bytes: produce(lying((bytes) => bytes.writeInt32BE(99, 23))),
    verdict: produceError(invalidRecord),
  },
  {
    name: 'last offset delta 2^31-1',
    bytes: produce(lying((bytes) => bytes.writeInt32BE(0x7fff_ffff, 23))),
    verdict: produceError(invalidRecord),
  },
  {
    name: 'control bit',
    bytes: produce(lying((bytes) => bytes.writeInt16BE(0x20, 21))),
    verdict: produceError(invalidRecord),
  },
  { name: 'codec 7', bytes: produce(lying((bytes) => bytes.writeInt16BE(7, 21))), verdict: refusedProduce },
  ...[1, 2, 3, 4].map((codec) => ({
    name: `says codec ${codec}, is not compressed`,
    bytes: produce(lying((bytes) => bytes.writeInt16BE(codec, 21))),
    verdict: refusedProduce,
  })),
];

const offsetOutOfRange = 1;
const fetches: HostileCase[] = [
  { name: 'Fetch at offset -5', bytes: fetch(-5), verdict: fetchError(offsetOutOfRange) },
  { name: 'Fetch at offset 2^52', bytes: fetch(2 ** 52), verdict: fetchError(offsetOutOfRange) },
  {
    name: 'Fetch from partition 99',
    bytes: fetch(0, 1000, 99),
    verdict: fetchError(ErrorCode.unknownTopicOrPartition),
  },
  { name: 'Fetch of 0 bytes', bytes: fetch(0, 0), verdict: fetchError(0) },
  { name: 'Fetch of 2^31-1 bytes', bytes: fetch(0, 0x7fff_ffff), verdict: fetchError(0) },
  { name: 'Fetch of -1 bytes', bytes: fetch(0, -1), verdict: either(answered, closed) },
];

let broker: BrokerProcess;
let bystander: WireClient;
let caseNumber = 0;

before(async () => {
  broker = await BrokerProcess.start({ overrides: { 'auto.create.topics.enable': false } });
  bystander = await WireClient.connect(broker.port);
  await bystander.createTopic(topic);
});

after(async () => {
  bystander[Symbol.dispose]();
  await broker.stop();
  await broker[Symbol.asyncDispose]();
});

for (const [group, cases] of Object.entries({ counts, trailingBytes, names, batches, fetches })) {
  describe(group, () => {
    for (const hostile of cases) {
      const skip = brokerKind === 'kafka' && hostile.notOnKafka !== undefined ? hostile.notOnKafka : false;
      test(hostile.name, { timeout: 30_000, skip }, () => runHostileCase(broker, bystander, hostile, caseNumber++));
    }
  });
}

test('nothing refused came into the log', { timeout: 30_000 }, async () => {
  // What two of the cases may have appended, depending on how strict the broker is, is the same whole batch.
  for (const { offset, value } of await bystander.readAll(topic, 0)) {
    assert.equal(value.toString(), ['a', 'b', 'c'][offset % 3]);
  }
  const { errorCode } = await bystander.produce(topic, 0, recordBatch(['after']));
  assert.equal(errorCode, ErrorCode.none);
  assert.equal((await bystander.readAll(topic, 0)).at(-1)?.value.toString(), 'after');
});
