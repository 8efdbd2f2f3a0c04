import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ByteReader, ByteWriter, viewOf } from '../../src/base/bytes.ts';
import { uuidOfWords } from '../../src/base/uuid.ts';
import { ApiKey } from '../../src/protocol/api_keys.ts';
import { Codec, codecOf } from '../../src/protocol/codec.ts';
import { FetchResponseWriter } from '../../src/protocol/fetch_response.ts';
import { FetchRequestWalker, HIGH_WATERMARK_UNTOLD } from '../../src/protocol/fetch_walker.ts';
import { writeResponseHeader } from '../../src/protocol/headers.ts';
import { patchProducePartition, ProduceResponseTemplate } from '../../src/protocol/produce_response.ts';
import { ProduceRequestWalker } from '../../src/protocol/produce_walker.ts';
import { fetchRequest, fetchResponse, type FetchResponse } from '../../src/protocol/schema/01_fetch.ts';
import { produceRequest, produceResponse, type ProduceResponse } from '../../src/protocol/schema/00_produce.ts';
import { fromHex, kernels, toHex } from '../tools/kernels.ts';
import type { MessageVector } from '../tools/message_vectors.ts';
import { readVectors } from '../tools/vector_file.ts';

const vectors = readVectors(
  new URL('../fixtures/protocol/messages.jsonl.gz', import.meta.url).pathname,
) as MessageVector[];
const named = (name: string) => vectors.filter((vector) => vector.name === name);
const reader = new ByteReader(kernels.decodeText);
const produceWalker = new ProduceRequestWalker();
const fetchWalker = new FetchRequestWalker();

/** In shared memory, at an odd place, as in an arena. */
function inArena(bytes: Uint8Array): { view: DataView; bytes: Uint8Array; start: number; end: number } {
  const memory = new Uint8Array(new SharedArrayBuffer(bytes.length + 32)).fill(0xdb);
  memory.set(bytes, 7);
  return { view: viewOf(memory), bytes: memory, start: 7, end: 7 + bytes.length };
}

function textOf(bytes: Uint8Array, start: number, end: number): string | null {
  return start < 0 ? null : kernels.decodeText(bytes, start, end);
}

/** A Produce request as the walker sees it, in the form of the general codec. */
function walkProduce(frame: Uint8Array, version: number): unknown {
  const { view, bytes, start, end } = inArena(frame);
  const walker = produceWalker;
  if (!walker.reset(view, bytes, start, end, version)) return null;
  const topicData = [];
  while (walker.nextTopic()) {
    const partitionData: unknown[] = [];
    topicData.push({
      name: textOf(bytes, walker.topicNameStart, walker.topicNameEnd) ?? '',
      topicId: uuidOfWords(walker.topicId0, walker.topicId1, walker.topicId2, walker.topicId3),
      partitionData,
    });
    while (walker.nextPartition()) {
      const records =
        walker.recordsStart < 0 ? null : new Uint8Array(bytes.slice(walker.recordsStart, walker.recordsEnd));
      partitionData.push({ index: walker.partitionIndex, records });
    }
    assert.equal(walker.partitionCount, partitionData.length);
  }
  assert.equal(walker.topicCount, topicData.length);
  return {
    transactionalId: textOf(bytes, walker.transactionalIdStart, walker.transactionalIdEnd),
    acks: walker.acks,
    timeoutMs: walker.timeoutMs,
    topicData,
  };
}

function walkFetch(frame: Uint8Array, version: number): unknown {
  const { view, bytes, start, end } = inArena(frame);
  const walker = fetchWalker;
  if (!walker.reset(view, bytes, start, end, version)) return null;
  const topics = [];
  const topicId = () => uuidOfWords(walker.topicId0, walker.topicId1, walker.topicId2, walker.topicId3);
  const topic = () => textOf(bytes, walker.topicNameStart, walker.topicNameEnd) ?? '';
  while (walker.nextTopic()) {
    const partitions: unknown[] = [];
    topics.push({ topic: topic(), topicId: topicId(), partitions });
    while (walker.nextPartition())
      partitions.push({
        partition: walker.partitionIndex,
        currentLeaderEpoch: walker.currentLeaderEpoch,
        fetchOffset: walker.fetchOffset,
        lastFetchedEpoch: walker.lastFetchedEpoch,
        logStartOffset: walker.logStartOffset,
        partitionMaxBytes: walker.partitionMaxBytes,
        replicaDirectoryId: uuidOfWords(
          walker.directoryId0,
          walker.directoryId1,
          walker.directoryId2,
          walker.directoryId3,
        ),
        highWatermark: walker.highWatermark,
      });
  }
  const forgottenTopicsData = [];
  while (walker.nextForgottenTopic()) {
    const partitions: number[] = [];
    forgottenTopicsData.push({ topic: topic(), topicId: topicId(), partitions });
    while (walker.nextForgottenPartition()) partitions.push(walker.partitionIndex);
  }
  return {
    clusterId: textOf(bytes, walker.clusterIdStart, walker.clusterIdEnd),
    replica: [walker.replicaId, walker.replicaEpoch],
    waits: [
      walker.maxWaitMs,
      walker.minBytes,
      walker.maxBytes,
      walker.isolationLevel,
      walker.sessionId,
      walker.sessionEpoch,
    ],
    topics,
    forgottenTopicsData,
    rackId: textOf(bytes, walker.rackIdStart, walker.rackIdEnd) ?? '',
  };
}

// Wide, so that no vector is refused; the walker rounds what a number does not hold.
const wideFetch = new Codec(fetchRequest, { wide: true, keepUnknownTags: false });

/** The same from the general codec. */
function decodeFetch(frame: Uint8Array, version: number): unknown {
  const request = wideFetch.decode(reader.resetTo(frame), version);
  if (request === null || reader.remaining > 0) return null;
  const { clusterId, replicaId, replicaState, forgottenTopicsData, rackId, topics } = request;
  return {
    clusterId,
    replica: version < 15 ? [replicaId, -1] : [replicaState.replicaId, Number(replicaState.replicaEpoch)],
    waits: [
      request.maxWaitMs,
      request.minBytes,
      request.maxBytes,
      request.isolationLevel,
      request.sessionId,
      request.sessionEpoch,
    ],
    topics: topics.map((topic) => ({
      ...topic,
      partitions: topic.partitions.map((partition) => ({
        ...partition,
        fetchOffset: Number(partition.fetchOffset),
        logStartOffset: Number(partition.logStartOffset),
        highWatermark: Number(partition.highWatermark),
      })),
    })),
    forgottenTopicsData,
    rackId,
  };
}

function decodeProduce(frame: Uint8Array, version: number): unknown {
  const request = codecOf(produceRequest).decode(reader.resetTo(frame), version);
  return reader.remaining > 0 ? null : request;
}

test('the Produce walker sees what the general codec decodes', () => {
  const chosen = named('ProduceRequest');
  assert.ok(chosen.length > 40);
  for (const { hex, version } of chosen)
    assert.deepEqual(walkProduce(fromHex(hex), version), decodeProduce(fromHex(hex), version));
});

test('the Fetch walker sees what the general codec decodes', () => {
  const chosen = named('FetchRequest');
  assert.ok(chosen.length > 60);
  assert.equal(HIGH_WATERMARK_UNTOLD, Number(2n ** 63n - 1n));
  for (const { hex, version } of chosen)
    assert.deepEqual(walkFetch(fromHex(hex), version), decodeFetch(fromHex(hex), version));
});

test('cut, lengthened or spoiled requests: the walkers and the general codec agree on which are malformed', () => {
  const chosen = [...named('ProduceRequest'), ...named('FetchRequest')];
  fc.assert(
    fc.property(
      fc.constantFrom(...chosen),
      fc.nat(),
      fc.nat(255),
      fc.constantFrom('cut', 'byte', 'more'),
      (vector, at, byte, how) => {
        let frame: Uint8Array = fromHex(vector.hex);
        if (how === 'cut') frame = frame.slice(0, at % frame.length);
        else if (how === 'more') frame = Uint8Array.from([...frame, byte]);
        else frame[at % frame.length] = byte;
        const produce = vector.name === 'ProduceRequest';
        const walked = produce ? walkProduce(frame, vector.version) : walkFetch(frame, vector.version);
        const decoded = produce ? decodeProduce(frame, vector.version) : decodeFetch(frame, vector.version);
        assert.deepEqual(walked, decoded);
        if (how !== 'byte') assert.equal(walked, null);
      },
    ),
    { numRuns: 3000 },
  );
});

test('a walk can be given up in the middle, and begun again', () => {
  const request = {
    transactionalId: null,
    acks: -1,
    timeoutMs: 5,
    topicData: [1, 2, 3].map((topic) => ({
      name: `topic-${topic}`,
      partitionData: [0, 1, 2].map((index) => ({ index, records: new Uint8Array(topic) })),
    })),
  };
  const writer = new ByteWriter(kernels.encodeText);
  codecOf(produceRequest).encode(writer, 12, request);
  const { view, bytes, start, end } = inArena(writer.copyWritten());
  assert.ok(produceWalker.reset(view, bytes, start, end, 12));
  assert.equal(produceWalker.partitionCountTotal, 9);
  produceWalker.nextTopic();
  produceWalker.nextPartition();
  const names = [];
  while (produceWalker.nextTopic()) names.push(textOf(bytes, produceWalker.topicNameStart, produceWalker.topicNameEnd));
  assert.deepEqual(names, ['topic-2', 'topic-3']);
  produceWalker.rewind();
  assert.ok(produceWalker.nextTopic());
  assert.equal(textOf(bytes, produceWalker.topicNameStart, produceWalker.topicNameEnd), 'topic-1');
  for (const version of [2, 14, -1]) assert.equal(produceWalker.reset(view, bytes, start, end, version), false);
  for (const version of [3, 19]) assert.equal(fetchWalker.reset(view, bytes, start, end, version), false);
});

const encodedName = (name: string) => new TextEncoder().encode(name);

test('a patched Produce template is what the general codec writes', () => {
  const template = new ProduceResponseTemplate();
  for (let version = 3; version <= 13; version++) {
    const partition = (index: number, error: number) => ({
      index,
      errorCode: error,
      baseOffset: error === 0 ? 2 ** 40 + index : -1,
      logAppendTimeMs: index === 1 ? 1_700_000_000_000 : -1,
      logStartOffset: version >= 5 && error === 0 ? 3 : -1,
    });
    const response: Omit<ProduceResponse, 'responses' | 'nodeEndpoints'> & { responses: unknown[] } = {
      throttleTimeMs: 7,
      responses: ['first', 'second', 'none'].map((name, topic) => ({
        ...(version < 13 ? { name } : { topicId: uuidOfWords(topic + 1, -1, 3, 4) }),
        partitionResponses: name === 'none' ? [] : [partition(0, 0), partition(1, 0), partition(2, 6)],
      })),
    };
    const expected = new ByteWriter(kernels.encodeText);
    expected.int32(0);
    writeResponseHeader(expected, ApiKey.Produce, version, 99);
    codecOf(produceResponse).encode(expected, version, response as unknown as ProduceResponse);
    expected.view.setInt32(0, expected.position - 4);

    const writer = new ByteWriter(kernels.encodeText, 1);
    const places: number[] = [];
    template.begin(writer, version, 99, 3);
    ['first', 'second', 'none'].forEach((name, topic) => {
      const count = name === 'none' ? 0 : 3;
      if (version >= 13) template.topicId(topic + 1, -1, 3, 4, count);
      else template.topicName(encodedName(name), 0, name.length, count);
      for (let index = 0; index < count; index++) places.push(template.partition(index));
    });
    const throttleAt = template.end(0);
    writer.view.setInt32(throttleAt, 7);
    places.forEach((place, n) => {
      const { errorCode, baseOffset, logAppendTimeMs, logStartOffset } = partition(n % 3, n % 3 === 2 ? 6 : 0);
      patchProducePartition(writer.view, place, version, errorCode, baseOffset, logAppendTimeMs, logStartOffset);
    });
    assert.equal(toHex(writer.written()), toHex(expected.written()), `version ${version}`);
  }
});

test('a Fetch response with spliced records is what the general codec writes', () => {
  const out = new FetchResponseWriter();
  const batch = Uint8Array.from({ length: 300 }, (_, index) => index);
  for (let version = 4; version <= 18; version++) {
    const tagged = version >= 12;
    const partitions: FetchResponse['responses'][number]['partitions'] = [
      {
        ...emptyPartition(0),
        highWatermark: 2 ** 41,
        lastStableOffset: 5,
        logStartOffset: version >= 5 ? 1 : -1,
        records: batch,
      },
      {
        ...emptyPartition(1),
        abortedTransactions: [{ producerId: 2n ** 60n + 1n, firstOffset: 12 }],
        preferredReadReplica: version >= 11 ? 3 : -1,
        records: new Uint8Array(0),
      },
      {
        ...emptyPartition(2),
        errorCode: 6,
        records: null,
        ...(tagged
          ? {
              divergingEpoch: { epoch: 4, endOffset: 44 },
              currentLeader: { leaderId: 2, leaderEpoch: 9 },
              snapshotId: { endOffset: 8, epoch: 1 },
            }
          : {}),
      },
    ];
    const endpoints =
      version >= 16
        ? [
            { nodeId: 2, host: 'höst', port: 9092, rack: null },
            { nodeId: 3, host: 'b', port: 1, rack: 'r'.repeat(200) },
          ]
        : [];
    const expected = new ByteWriter(kernels.encodeText);
    expected.int32(0);
    writeResponseHeader(expected, ApiKey.Fetch, version, -3);
    codecOf(fetchResponse).encode(expected, version, {
      throttleTimeMs: 11,
      errorCode: version >= 7 ? 70 : 0,
      sessionId: version >= 7 ? 5 : 0,
      responses: [
        version >= 13 ? { topicId: uuidOfWords(1, 2, 3, -4), partitions } : { topic: 'täpic', partitions },
        { topic: '', topicId: uuidOfWords(0, 0, 0, 0), partitions: [] },
      ],
      nodeEndpoints: endpoints,
    });
    expected.view.setInt32(0, expected.position - 4);

    const writer = new ByteWriter(kernels.encodeText, 1);
    const splices: [at: number, bytes: Uint8Array][] = [];
    out.begin(writer, version, -3, 11, 70, 5, 2);
    const name = encodedName('täpic');
    if (version >= 13) out.topicId(1, 2, 3, -4, 3);
    else out.topicName(name, 0, name.length, 3);
    for (const partition of partitions) {
      const { abortedTransactions: aborted, records, divergingEpoch, currentLeader, snapshotId } = partition;
      out.partition(
        partition.partitionIndex,
        partition.errorCode,
        partition.highWatermark,
        partition.lastStableOffset,
        partition.logStartOffset,
        aborted === null ? -1 : aborted.length,
      );
      for (const { producerId, firstOffset } of aborted ?? [])
        out.abortedTransaction(Number(producerId >> 32n), Number(producerId & 0xffffffffn), firstOffset);
      out.divergingEpoch(divergingEpoch.epoch, divergingEpoch.endOffset);
      out.currentLeader(currentLeader.leaderId, currentLeader.leaderEpoch);
      out.snapshotId(snapshotId.endOffset, snapshotId.epoch);
      splices.push([
        out.records(partition.preferredReadReplica, records === null ? -1 : records.length),
        records ?? new Uint8Array(0),
      ]);
    }
    if (version >= 13) out.topicId(0, 0, 0, 0, 0);
    else out.topicName(name, 0, 0, 0);
    out.end(endpoints);
    const parts: Uint8Array[] = [];
    let from = 0;
    for (const [at, records] of splices) {
      parts.push(writer.bytes.slice(from, at), records);
      from = at;
    }
    parts.push(writer.bytes.slice(from, writer.position));
    assert.equal(toHex(Buffer.concat(parts)), toHex(expected.written()), `version ${version}`);
    assert.equal(out.recordsBytes, 300);
  }
});

function emptyPartition(partitionIndex: number): FetchResponse['responses'][number]['partitions'][number] {
  return {
    partitionIndex,
    errorCode: 0,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    divergingEpoch: { epoch: -1, endOffset: -1 },
    currentLeader: { leaderId: -1, leaderEpoch: -1 },
    snapshotId: { endOffset: -1, epoch: -1 },
    abortedTransactions: null,
    preferredReadReplica: -1,
    records: null,
  };
}
