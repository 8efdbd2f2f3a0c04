import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteWriter } from '../../src/base/bytes.ts';
import { BatchFile, holdsBatchBehind, noSink, type MetadataSink } from '../../src/metadata/batch_file.ts';
import { MetadataBatchWriter, type MetadataRecord } from '../../src/metadata/records.ts';
import { codecOf } from '../../src/protocol/codec.ts';
import { BatchFacts, checkStoredBatch } from '../../src/protocol/record_batch.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { MESSAGES } from '../../src/protocol/schema/catalog.ts';
import { unpack } from '../log/kafka_directories.ts';
import { LogMachine, succeeded } from '../log/log_machine.ts';
import { simKernels } from '../simulation/sim_kernels.ts';
import { encodeText, partition, setting, topic, topicId } from './metadata_fixture.ts';

const path = '/data/batches';

const rawRecord = fc
  .record({ type: fc.nat(300), version: fc.nat(20), fields: fc.uint8Array({ maxLength: 400 }) })
  .map(({ type, version, fields }) => ({ type, version, fields, write: (writer: ByteWriter) => writer.raw(fields) }));

function batchesOf(groups: readonly (readonly MetadataRecord[])[]): Uint8Array {
  const writer = new ByteWriter(encodeText);
  const batches = new MetadataBatchWriter(simKernels);
  let baseOffset = 0;
  for (const records of groups) {
    batches.records(writer, { baseOffset, leaderEpoch: 7, timestampMs: 1_700_000_000_000 }, records);
    baseOffset += records.length;
  }
  return writer.copyWritten();
}

/** Reads `bytes` as a file to their end. */
function read(bytes: Uint8Array, sink: MetadataSink = noSink, machine = new LogMachine(1)) {
  machine.put(path, bytes);
  const file = succeeded(BatchFile.open(machine.disk, simKernels, path, 0, 0));
  const outcome = file.readTo(Infinity, sink);
  file.close();
  return { outcome, position: file.position, nextOffset: file.nextOffset, leaderEpoch: file.leaderEpoch };
}

test('records come back as they were written, batch by batch', () => {
  fc.assert(
    fc.property(fc.array(fc.array(rawRecord, { minLength: 1, maxLength: 90 }), { maxLength: 4 }), (groups) => {
      const bytes = batchesOf(groups);
      const expected = groups.flat();
      let index = 0;
      const result = read(bytes, {
        ...noSink,
        record(type, version, fields) {
          const { fields: written, ...record } = expected[index++]!;
          assert.deepEqual([type, version], [record.type, record.version]);
          assert.deepEqual(fields.copy(fields.remaining), new Uint8Array(written));
          return null;
        },
      });
      assert.equal(index, expected.length);
      const leaderEpoch = groups.length === 0 ? -1 : 7;
      assert.deepEqual(result, { outcome: 'end', position: bytes.length, nextOffset: expected.length, leaderEpoch });
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

const groups = [
  [topic('a', topicId(1))],
  [partition(topicId(1), 0), partition(topicId(1), 1)],
  [topic('b', topicId(2))],
];
const ends = [0, ...groups.map((_, index) => batchesOf(groups.slice(0, index + 1)).length)];

test('a front of the file ends where its last whole batch does; changed bytes are not handed out', () => {
  const bytes = batchesOf(groups);
  const machine = new LogMachine(1);
  for (let length = 0; length <= bytes.length; length++) {
    const whole = ends.filter((end) => end <= length).at(-1)!;
    const { outcome, position } = read(bytes.slice(0, length), noSink, machine);
    assert.deepEqual([outcome, position], [whole === length ? 'end' : 'torn', whole]);
  }
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at]! ^= 0x04;
    const { outcome, position } = read(changed, noSink, machine);
    const own = ends.filter((start) => start <= at).at(-1)!;
    const inEpoch = at - own >= 12 && at - own < 16;
    if (inEpoch) assert.equal(outcome, 'end', 'the leader epoch is the one field that nothing covers');
    else assert.deepEqual([position, outcome === 'torn' || outcome === 'corrupt'], [own, true], `byte ${at}`);
  }
});

test('a reader stops at its limit, and goes on there with what was written meanwhile', () => {
  const machine = new LogMachine(1);
  const bytes = batchesOf(groups);
  const noise = bytes.slice();
  noise.fill(0xff, ends[1]);
  machine.put(path, noise);
  const file = succeeded(BatchFile.open(machine.disk, simKernels, path, 0, 0));
  assert.equal(file.readTo(1, noSink), 'limit');
  assert.equal(file.position, ends[1]);
  machine.put(path, bytes);
  assert.equal(file.readTo(4, noSink), 'limit');
  assert.equal(file.position, bytes.length);
  file.close();
});

test('heads alone lead to an offset; the end of no batch is passed', () => {
  const machine = new LogMachine(1);
  machine.put(path, batchesOf(groups));
  for (const [offset, at, nextOffset] of [
    [0, 0, 0],
    [1, ends[1], 1],
    [2, ends[2], 3],
    [3, ends[2], 3],
    [4, ends[3], 4],
  ] as const) {
    const file = succeeded(BatchFile.open(machine.disk, simKernels, path, 0, 0));
    assert.equal(file.skipTo(offset), 'limit');
    assert.deepEqual([file.position, file.nextOffset], [at, nextOffset]);
    file.close();
  }
});

test('a batch behind damage is found, and what is torn has none behind it', () => {
  const bytes = batchesOf(groups);
  for (let at = 0; at < bytes.length; at++) {
    const own = ends.filter((start) => start <= at).at(-1)!;
    const changed = bytes.slice();
    changed[at]! ^= 0x04;
    assert.equal(holdsBatchBehind(simKernels, changed, own, 0), own < ends[2]!, `byte ${at}`);
  }
});

test('hostile bytes never end in more than a verdict', () => {
  const machine = new LogMachine(1);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(400), fc.integer(), (noise, at, length) => {
      const good = batchesOf([[topic('a', topicId(1))]]);
      const bytes = new Uint8Array([...good, ...noise]);
      const view = new DataView(bytes.buffer);
      if (good.length + 61 <= bytes.length) {
        view.setBigInt64(good.length, 1n);
        view.setInt32(good.length + 8, length);
        view.setUint8(good.length + 16, 2);
        const end = Math.min(bytes.length, Math.max(good.length + 61, good.length + 12 + length));
        view.setUint32(good.length + 17, simKernels.crc32c(bytes, good.length + 21, end));
      }
      bytes[at % bytes.length]! ^= 1;
      assert.notEqual(read(bytes, noSink, machine).outcome, 'disk');
    }),
  );
});

test('the metadata log of Apache Kafka reads to its end, and every record of it decodes', () => {
  const machine = new LogMachine(1);
  unpack('clean', machine);
  const bytes = machine.contents('/d1/__cluster_metadata-0/00000000000000000000.log');
  const ofMetadata = MESSAGES.filter(({ name, apiKey }) => apiKey !== undefined && /^(?!Remote).*Record$/.test(name));
  const messages = new Map(ofMetadata.map((one) => [one.apiKey!, one]));
  const seen = new Set<string>();
  const topics: string[] = [];
  const { outcome, position, leaderEpoch } = read(bytes, {
    ...noSink,
    record(type, version, fields) {
      const message = messages.get(type);
      assert.ok(message !== undefined, `record type ${type}`);
      const record = codecOf(message).decode(fields, version) as { name?: string } | null;
      assert.ok(record !== null, `${message.name} version ${version}`);
      assert.equal(fields.remaining, 0, message.name);
      seen.add(message.name);
      if (message.name === 'TopicRecord') topics.push(record.name!);
      return null;
    },
  });
  assert.deepEqual([outcome, position, leaderEpoch], ['end', bytes.length, 2]);
  for (const name of ['TopicRecord', 'PartitionRecord', 'ConfigRecord', 'RegisterBrokerRecord', 'FeatureLevelRecord']) {
    assert.ok(seen.has(name), name);
  }
  assert.ok(topics.includes('compacted'), topics.join());
});
