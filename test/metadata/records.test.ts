import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteWriter } from '../../src/base/bytes.ts';
import { MetadataBatchReader, writeMetadataBatch, type MetadataRecord } from '../../src/metadata/records.ts';
import { codecOf } from '../../src/protocol/codec.ts';
import { BatchFacts, checkStoredBatch } from '../../src/protocol/record_batch.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { MESSAGES } from '../../src/protocol/schema/catalog.ts';
import { unpack } from '../log/kafka_directories.ts';
import { LogMachine } from '../log/log_machine.ts';
import { simKernels } from '../simulation/sim_kernels.ts';
import { encodeText, partition, setting, topic, topicId } from './metadata_fixture.ts';

const rawRecord = fc
  .record({
    type: fc.nat(300),
    version: fc.nat(20),
    fields: fc.uint8Array({ maxLength: 400 }),
  })
  .map(({ type, version, fields }) => ({ type, version, fields, write: (writer: ByteWriter) => writer.raw(fields) }));

function batchesOf(groups: readonly (readonly MetadataRecord[])[]): Uint8Array {
  const writer = new ByteWriter(encodeText);
  let baseOffset = 0;
  for (const records of groups) {
    writeMetadataBatch(writer, simKernels, { baseOffset, leaderEpoch: 7, timestampMs: 1_700_000_000_000 }, records);
    baseOffset += records.length;
  }
  return writer.copyWritten();
}

test('records come back as they were written, batch by batch', () => {
  fc.assert(
    fc.property(fc.array(fc.array(rawRecord, { minLength: 1, maxLength: 90 }), { maxLength: 4 }), (groups) => {
      const bytes = batchesOf(groups);
      const reader = new MetadataBatchReader(simKernels);
      const expected = groups.flat();
      let index = 0;
      const end = reader.read(bytes, bytes.length, (type, version) => {
        const { fields, ...record } = expected[index++]!;
        assert.deepEqual([type, version], [record.type, record.version]);
        assert.equal(reader.fields.remaining, fields.length);
        assert.deepEqual(reader.fields.copy(fields.length), new Uint8Array(fields));
      });
      assert.equal(reader.outcome, 'end');
      assert.equal(end, bytes.length);
      assert.equal(index, expected.length);
      assert.equal(reader.nextOffset, expected.length);
    }),
    { numRuns: 50 },
  );
});

test('what is written is a sound batch of the log', () => {
  const bytes = batchesOf([[topic('a', topicId(1)), partition(topicId(1), 0), setting('a', 'segment.bytes', '1024')]]);
  const facts = new BatchFacts();
  const view = new DataView(bytes.buffer);
  assert.equal(checkStoredBatch(view, bytes, 0, bytes.length, simKernels, facts), ErrorCode.NONE);
  assert.equal(facts.end, bytes.length);
  assert.equal(facts.recordCount, 3);
  assert.equal(facts.leaderEpoch, 7);
});

test('a front of the log ends where its last whole batch does; changed bytes are not handed out', () => {
  const groups = [
    [topic('a', topicId(1))],
    [partition(topicId(1), 0), partition(topicId(1), 1)],
    [topic('b', topicId(2))],
  ];
  const bytes = batchesOf(groups);
  const ends = [0, ...groups.map((_, index) => batchesOf(groups.slice(0, index + 1)).length)];
  for (let length = 0; length <= bytes.length; length++) {
    const reader = new MetadataBatchReader(simKernels);
    const whole = ends.filter((end) => end <= length).at(-1)!;
    assert.equal(
      reader.read(bytes, length, () => {}),
      whole,
    );
    assert.equal(reader.outcome === 'end', whole === length);
  }
  for (let at = 0; at < bytes.length; at++) {
    const reader = new MetadataBatchReader(simKernels);
    const changed = bytes.slice();
    changed[at]! ^= 0x04;
    const end = reader.read(changed, changed.length, () => {});
    const own = ends.filter((start) => start <= at).at(-1)!;
    const inEpoch = at - own >= 12 && at - own < 16;
    if (inEpoch) assert.equal(reader.outcome, 'end', 'the leader epoch is the one field that nothing covers');
    else assert.deepEqual([end, reader.outcome === 'end'], [own, false], `byte ${at}`);
  }
});

test('hostile bytes never end in more than a verdict', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(400), fc.integer(), (noise, at, length) => {
      const good = batchesOf([[topic('a', topicId(1))]]);
      const bytes = new Uint8Array([...good, ...noise]);
      const view = new DataView(bytes.buffer);
      if (good.length + 61 <= bytes.length) {
        view.setInt32(good.length + 8, length);
        view.setUint8(good.length + 16, 2);
        const end = Math.min(bytes.length, Math.max(good.length + 61, good.length + 12 + length));
        view.setUint32(good.length + 17, simKernels.crc32c(bytes, good.length + 21, end));
      }
      bytes[at % bytes.length]! ^= 1;
      new MetadataBatchReader(simKernels).read(bytes, bytes.length, () => {});
    }),
  );
});

test('the metadata log of Apache Kafka reads to its end, and every record of it decodes', () => {
  const machine = new LogMachine(1);
  unpack('clean', machine);
  const bytes = machine.contents('/d1/__cluster_metadata-0/00000000000000000000.log');
  const ofMetadata = MESSAGES.filter(({ name, apiKey }) => apiKey !== undefined && /^(?!Remote).*Record$/.test(name));
  const messages = new Map(ofMetadata.map((one) => [one.apiKey!, one]));
  const seen = new Map<string, number>();
  const topics: string[] = [];
  const reader = new MetadataBatchReader(simKernels);
  const end = reader.read(bytes, bytes.length, (type, version) => {
    const message = messages.get(type);
    assert.ok(message !== undefined, `record type ${type}`);
    const record = codecOf(message).decode(reader.fields, version) as { name?: string } | null;
    assert.ok(record !== null, `${message.name} version ${version}`);
    assert.equal(reader.fields.remaining, 0, message.name);
    seen.set(message.name, (seen.get(message.name) ?? 0) + 1);
    if (message.name === 'TopicRecord') topics.push(record.name!);
  });
  assert.equal(reader.outcome, 'end');
  assert.equal(end, bytes.length);
  for (const name of ['TopicRecord', 'PartitionRecord', 'ConfigRecord', 'RegisterBrokerRecord', 'FeatureLevelRecord']) {
    assert.ok(seen.has(name), name);
  }

  assert.ok(topics.includes('compacted'), topics.join());
});
