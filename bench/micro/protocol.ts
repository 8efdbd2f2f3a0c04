/**
 * What messages cost: compiled codecs beside a hand-written straight line, @platformatic/kafka and kafkajs; the walker
 * of Produce; the first use of a codec.
 *
 *     node --expose-gc bench/micro/protocol.ts
 *
 * Metadata has 100 topics of 10 partitions with 3 replicas; OffsetCommit 10 × 10; Produce and Fetch responses 10 × 10,
 * without records. The packages are clients: they decode responses and encode requests. kafkajs knows older versions
 * only: it is given version 6 of Metadata, 7 of Produce, 5 of OffsetCommit; its promises are awaited. µs is
 * ours, × how many times of that the other takes.
 */
import { createRequire } from 'node:module';
import { measure } from 'mitata';
import { ByteReader, ByteWriter } from '../../src/base/bytes.ts';
import { loadKernels } from '../../src/platform/kernels.ts';
import { Codec, codecOf } from '../../src/protocol/codec.ts';
import { FetchResponseWriter } from '../../src/protocol/fetch_response.ts';
import { ProduceResponseTemplate } from '../../src/protocol/produce_response.ts';
import { ProduceRequestWalker } from '../../src/protocol/produce_walker.ts';
import { MESSAGES } from '../../src/protocol/schema/catalog.ts';
import { produceRequest, produceResponse } from '../../src/protocol/schema/00_produce.ts';
import { fetchResponse } from '../../src/protocol/schema/01_fetch.ts';
import { metadataResponse, type MetadataResponse } from '../../src/protocol/schema/03_metadata.ts';
import { offsetCommitRequest, type OffsetCommitRequest } from '../../src/protocol/schema/08_offset_commit.ts';
import type { Message } from '../../src/protocol/schema_language.ts';
import { decodeMetadata, decodeOffsetCommit, encodeMetadata, encodeOffsetCommit } from './protocol_straight_line.ts';

const kernels = await loadKernels(null);
const packages = new URL('../../node_modules/', import.meta.url);
/** Functions of the packages, whose files have no types. */
type Loaded = Record<string, (...given: unknown[]) => unknown>;
const platformatic = (path: string): Promise<Loaded> =>
  import(new URL(`@platformatic/kafka/dist/${path}`, packages).href);
const kafkajs = (path: string): Loaded => createRequire(import.meta.url)(`kafkajs/src/protocol/${path}`);

const range = <T>(length: number, make: (index: number) => T): T[] => Array.from({ length }, (_, index) => make(index));
const topicId = (index: number): string => `${'ABCDEFGHIJKLMNOPQRSTU'.slice(0, 21)}${index % 2 === 0 ? 'A' : 'Q'}`;

const metadata: MetadataResponse = {
  throttleTimeMs: 0,
  brokers: range(6, (nodeId) => ({
    nodeId,
    host: `broker-${nodeId}.example.org`,
    port: 9092,
    rack: `rack-${nodeId % 3}`,
  })),
  clusterId: 'MkU3OEVBNTcwNTJENDM2Qg',
  controllerId: 1,
  topics: range(100, (topic) => ({
    errorCode: 0,
    name: `topic-of-some-length-${topic}`,
    topicId: topicId(topic),
    isInternal: false,
    partitions: range(10, (partitionIndex) => ({
      errorCode: 0,
      partitionIndex,
      leaderId: partitionIndex % 6,
      leaderEpoch: 7,
      replicaNodes: [1, 2, 3],
      isrNodes: [1, 2, 3],
      offlineReplicas: [],
    })),
    topicAuthorizedOperations: -2147483648,
  })),
  clusterAuthorizedOperations: -2147483648,
  errorCode: 0,
};

const offsetCommit: OffsetCommitRequest = {
  groupId: 'group-of-consumers',
  generationIdOrMemberEpoch: 42,
  memberId: 'consumer-1-3f2504e0-4f89-11d3-9a0c-0305e82c3301',
  groupInstanceId: null,
  retentionTimeMs: -1n,
  topics: range(10, (topic) => ({
    name: `topic-of-some-length-${topic}`,
    topicId: 'AAAAAAAAAAAAAAAAAAAAAA',
    partitions: range(10, (partitionIndex) => ({
      partitionIndex,
      committedOffset: 1_000_000_000_000 + partitionIndex,
      committedLeaderEpoch: 3,
      committedMetadata: '',
    })),
  })),
};

const produced = {
  throttleTimeMs: 0,
  responses: range(10, (topic) => ({
    name: `topic-of-some-length-${topic}`,
    partitionResponses: range(10, (index) => ({
      index,
      errorCode: 0,
      baseOffset: 1_000_000_000_000,
      logAppendTimeMs: -1,
      logStartOffset: 5,
      recordErrors: [],
      errorMessage: null,
    })),
  })),
};

const fetched = {
  throttleTimeMs: 0,
  errorCode: 0,
  sessionId: 77,
  responses: range(10, (topic) => ({
    topicId: topicId(topic),
    partitions: range(10, (partitionIndex) => ({
      partitionIndex,
      errorCode: 0,
      highWatermark: 1_000_000_000_000,
      lastStableOffset: 1_000_000_000_000,
      logStartOffset: 5,
      abortedTransactions: null,
      preferredReadReplica: -1,
      records: new Uint8Array(0),
    })),
  })),
};

function encoded<M extends Message>(message: M, version: number, value: never): Buffer {
  const writer = new ByteWriter(kernels.encodeText);
  new Codec(message).encode(writer, version, value);
  return Buffer.from(writer.copyWritten());
}

type Candidates = Readonly<Record<string, () => unknown>>;

/** The fastest sample of each, measured in turns: what else runs on the machine meets all of them alike. */
async function fastest(candidates: Candidates): Promise<Record<string, number>> {
  const best: Record<string, number> = {};
  for (let round = 0; round < 6; round++) {
    for (const [name, run] of Object.entries(candidates)) {
      const { min } = await measure(run as () => void, { min_cpu_time: 40e6, min_samples: 20, warmup_samples: 20 });
      best[name] = Math.min(best[name] ?? min, min);
    }
  }
  return best;
}

const rows: Record<string, string | number>[] = [];

async function row(what: string, ours: () => unknown, others: Candidates): Promise<void> {
  const best = await fastest({ ours, ...others });
  const line: Record<string, string | number> = { what, µs: Number((best['ours']! / 1000).toFixed(2)) };
  for (const name of Object.keys(others)) line[`× ${name}`] = Number((best[name]! / best['ours']!).toFixed(2));
  rows.push(line);
}

const reader = new ByteReader(kernels.decodeText);
const writer = new ByteWriter(kernels.encodeText, 1 << 20);
const straightReader = new ByteReader(kernels.decodeText);
const { Reader } = (await platformatic('protocol/reader.js')) as unknown as {
  Reader: { from(bytes: unknown): unknown };
};
const { DynamicBuffer } = await import('@platformatic/dynamic-buffer');

/** How @platformatic/kafka decodes a response of this version. */
async function platformaticDecode(path: string, key: number, version: number, bytes: Buffer): Promise<() => unknown> {
  const { parseResponse } = await platformatic(`apis/${path}`);
  return () => parseResponse!(1, key, version, Reader.from(new DynamicBuffer(bytes)));
}

{
  const bytes = encoded(metadataResponse, 12, metadata as never);
  const old = encoded(metadataResponse, 6, { ...metadata, topics: metadata.topics } as never);
  const codec = codecOf(metadataResponse);
  const { decode } = kafkajs('requests/metadata/v6/response');
  await row('decode Metadata response', () => codec.decode(reader.resetTo(bytes), 12), {
    'straight line': () => decodeMetadata(straightReader.resetTo(bytes)),
    platformatic: await platformaticDecode('metadata/metadata-v12.js', 3, 12, bytes),
    kafkajs: () => decode!(old),
  });
  await row('encode Metadata response', () => codec.encode(writer.clear(), 12, metadata), {
    'straight line': () => encodeMetadata(writer.clear(), metadata),
  });
}

{
  const bytes = encoded(offsetCommitRequest, 9, offsetCommit as never);
  const codec = codecOf(offsetCommitRequest);
  const { createRequest } = await platformatic('apis/consumer/offset-commit-v9.js');
  const theirs = offsetCommit.topics.map((topic) => ({
    ...topic,
    partitions: topic.partitions.map((partition) => ({
      ...partition,
      committedOffset: BigInt(partition.committedOffset),
    })),
  }));
  const request = kafkajs('requests/offsetCommit/v5/request') as unknown as (given: unknown) => { encode(): unknown };
  const old = request({
    groupId: offsetCommit.groupId,
    groupGenerationId: 42,
    memberId: offsetCommit.memberId,
    topics: offsetCommit.topics.map(({ name, partitions }) => ({
      topic: name,
      partitions: partitions.map((each) => ({
        partition: each.partitionIndex,
        offset: String(each.committedOffset),
        metadata: '',
      })),
    })),
  });
  await row('encode OffsetCommit request', () => codec.encode(writer.clear(), 9, offsetCommit), {
    'straight line': () => encodeOffsetCommit(writer.clear(), offsetCommit),
    platformatic: () =>
      (createRequest!(offsetCommit.groupId, 42, offsetCommit.memberId, null, theirs) as { buffer: unknown }).buffer,
    kafkajs: () => old.encode(),
  });
  await row('decode OffsetCommit request', () => codec.decode(reader.resetTo(bytes), 9), {
    'straight line': () => decodeOffsetCommit(straightReader.resetTo(bytes)),
  });
}

{
  const bytes = encoded(produceResponse, 11, produced as never);
  const codec = codecOf(produceResponse);
  const old = encoded(produceResponse, 7, produced as never);
  const { decode } = kafkajs('requests/produce/v7/response');
  await row('decode Produce response', () => codec.decode(reader.resetTo(bytes), 11), {
    platformatic: await platformaticDecode('producer/produce-v11.js', 0, 11, bytes),
    kafkajs: () => decode!(old),
  });
  const template = new ProduceResponseTemplate();
  const names = produced.responses.map(({ name }) => Buffer.from(name));
  const writeTemplate = (): void => {
    template.begin(writer.clear(), 11, 1, names.length);
    for (const name of names) {
      template.topicName(name, 0, name.length, 10);
      for (let index = 0; index < 10; index++) template.partition(index);
    }
    template.end(0);
  };
  await row('encode Produce response', () => codec.encode(writer.clear(), 11, produced), {
    'as a template': writeTemplate,
  });
}

{
  const bytes = encoded(fetchResponse, 17, fetched as never);
  const codec = codecOf(fetchResponse);
  await row('decode Fetch response', () => codec.decode(reader.resetTo(bytes), 17), {
    platformatic: await platformaticDecode('consumer/fetch-v17.js', 1, 17, bytes),
  });
  const response = new FetchResponseWriter();
  const writeInPlace = (): void => {
    response.begin(writer.clear(), 17, 1, 0, 0, 77, 10);
    for (let topic = 0; topic < 10; topic++) {
      response.topicId(1, 2, 3, topic, 10);
      for (let index = 0; index < 10; index++) {
        response.partition(index, 0, 1_000_000_000_000, 1_000_000_000_000, 5, -1);
        response.records(-1, 0);
      }
    }
    response.end();
  };
  await row('encode Fetch response', () => codec.encode(writer.clear(), 17, fetched), { 'in place': writeInPlace });
}
console.table(rows);

const walks: Record<string, string | number>[] = [];
for (const [partitions, recordBytes] of [
  [1, 100],
  [1, 100_000],
  [10, 100],
  [100, 100],
] as const) {
  const request = {
    transactionalId: null,
    acks: -1,
    timeoutMs: 30_000,
    topicData: [
      {
        name: 'topic-of-some-length',
        partitionData: range(partitions, (index) => ({ index, records: new Uint8Array(recordBytes) })),
      },
    ],
  };
  const plain = encoded(produceRequest, 12, request as never);
  const arena = new Uint8Array(new SharedArrayBuffer(plain.length + 100));
  arena.set(plain, 50);
  const view = new DataView(arena.buffer);
  const walker = new ProduceRequestWalker();
  const walk = (): void => {
    walker.reset(view, arena, 50, 50 + plain.length, 12);
    while (walker.nextTopic()) while (walker.nextPartition());
  };
  const rounds = 200_000;
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (let round = 0; round < rounds; round++) walk();
  const allocated = (process.memoryUsage().heapUsed - before) / rounds;
  const decoded = (): unknown => codecOf(produceRequest).decode(reader.resetTo(plain), 12);
  const best = await fastest({ walk, decoded });
  walks.push({
    partitions,
    'bytes of records': recordBytes,
    'ns, checked and walked': Math.round(best['walk']!),
    'bytes allocated a walk': Number(allocated.toFixed(2)),
    'ns, decoded': Math.round(best['decoded']!),
  });
}
console.table(walks);

/** How long it takes to compile, and enter once, the decoder and the encoder of a version. */
function firstUse(message: Message, version: number): number {
  const codec = new Codec(message);
  const zeros = new Uint8Array(2000);
  const began = performance.now();
  codec.decode(reader.resetTo(zeros), version);
  try {
    codec.encode(writer.clear(), version, {} as never);
  } catch {
    // A value without its arrays.
  }
  return performance.now() - began;
}

const firstUses: { what: string; ms: number }[] = [];
for (const message of MESSAGES) {
  for (let version = message.minVersion; version <= message.maxVersion; version++) {
    firstUses.push({ what: `${message.name} ${version}`, ms: firstUse(message, version) });
  }
}
firstUses.sort((a, b) => a.ms - b.ms);
console.log(`first use of decoder and encoder, ${firstUses.length} versions of all messages:`);
for (const part of [0.5, 0.9, 0.99, 1]) {
  const { what, ms } = firstUses[Math.ceil(part * firstUses.length) - 1]!;
  console.log(`  ${part * 100} %: ${ms.toFixed(2)} ms (${what})`);
}
