// The generator has its own encoders; the broker's codecs, checked against Kafka's vectors elsewhere, must understand them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as frames from '../../../bench/load/frames.ts';
import { ByteReader, ByteWriter } from '../../../src/base/bytes.ts';
import { codecOf } from '../../../src/protocol/codec.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { readRequestHeader, RequestHeader } from '../../../src/protocol/headers.ts';
import { produceRequest, produceResponse } from '../../../src/protocol/schema/00_produce.ts';
import { fetchRequest, fetchResponse } from '../../../src/protocol/schema/01_fetch.ts';
import { metadataRequest, metadataResponse } from '../../../src/protocol/schema/03_metadata.ts';
import { apiVersionsRequest, apiVersionsResponse } from '../../../src/protocol/schema/18_api_versions.ts';
import { createTopicsRequest, createTopicsResponse } from '../../../src/protocol/schema/19_create_topics.ts';
import { deleteTopicsRequest, deleteTopicsResponse } from '../../../src/protocol/schema/20_delete_topics.ts';
import type { Decoded, Encodable, Fields, Message } from '../../../src/protocol/schema_language.ts';

const topic = { name: 'bench-topic', id: Uint8Array.from({ length: 16 }, (_, index) => index + 1) };
const topicUuid = Buffer.from(topic.id).toString('base64url');
const encodeText = (text: string) => Buffer.from(text, 'utf8');
const decodeText = (bytes: Uint8Array, start: number, end: number) =>
  Buffer.from(bytes.subarray(start, end)).toString('utf8');

function decodeRequest<F extends Fields>(message: Message<F>, frame: Buffer, version: number, correlationId: number) {
  const reader = new ByteReader(decodeText).resetTo(frame);
  assert.equal(reader.int32(), frame.length - 4);
  const header = new RequestHeader();
  assert.equal(readRequestHeader(reader, header), ErrorCode.NONE);
  assert.equal(header.apiVersion, version);
  assert.equal(header.correlationId, correlationId);
  assert.equal(decodeText(frame, header.clientIdStart, header.clientIdEnd), 'millrace-bench');
  const value = codecOf(message).decode(reader, version);
  assert.ok(value !== null && !reader.failed);
  assert.equal(reader.remaining, 0);
  return value as Decoded<Message<F>>;
}

/** A whole answer as a broker would send it; ApiVersions alone has no tagged fields in its header. */
function encodeResponse<F extends Fields>(
  message: Message<F>,
  version: number,
  value: Encodable<Message<F>>,
  headerTags = true,
): Buffer {
  const writer = new ByteWriter(encodeText);
  writer.int32(0);
  writer.int32(0);
  if (headerTags) writer.noTaggedFields();
  codecOf(message).encode(writer, version, value);
  const bytes = Buffer.from(writer.copyWritten());
  bytes.writeInt32BE(bytes.length - 4, 0);
  return bytes;
}

function decodeResponse<F extends Fields>(message: Message<F>, bytes: Buffer, version: number) {
  const reader = new ByteReader(decodeText).resetTo(bytes);
  assert.equal(reader.int32(), bytes.length - 4);
  assert.equal(reader.int32(), 0);
  reader.skipTaggedFields();
  const value = codecOf(message).decode(reader, version);
  assert.ok(value !== null && !reader.failed && reader.remaining === 0);
  return value as Decoded<Message<F>>;
}

const versions = ({ min, max }: { min: number; max: number }) =>
  Array.from({ length: max - min + 1 }, (_, index) => min + index);

for (const version of versions(frames.PRODUCE_VERSIONS)) {
  test(`Produce ${version}: request, answer and the place of the error code`, () => {
    const records = Buffer.alloc(300, 7);
    const head = frames.produceHead(version, 3, topic, 9, -1, records.length);
    const frame = Buffer.concat([head, records, frames.PRODUCE_TAIL]);
    const request = decodeRequest(produceRequest, frame, version, 3);
    assert.equal(request.acks, -1);
    assert.equal(request.transactionalId, null);
    const [produced] = request.topicData;
    if (version >= 13) assert.equal(produced!.topicId, topicUuid);
    else assert.equal(produced!.name, topic.name);
    assert.equal(produced!.partitionData[0]!.index, 9);
    assert.deepEqual(Buffer.from(produced!.partitionData[0]!.records!), records);

    const answer = frames.produceAnswer(version, topic);
    const decoded = decodeResponse(produceResponse, answer, version);
    assert.equal(decoded.responses[0]!.partitionResponses[0]!.errorCode, 0);
    answer.writeInt16BE(6, frames.produceErrorAt(version, topic));
    const refused = decodeResponse(produceResponse, answer, version);
    assert.equal(refused.responses[0]!.partitionResponses[0]!.errorCode, 6);
  });
}

for (const version of versions(frames.FETCH_VERSIONS)) {
  test(`Fetch ${version}: request, answer and the places of its fields`, () => {
    const shape = { maxWaitMs: 500, minBytes: 1, maxBytes: 1000, partitionMaxBytes: 900 };
    const frame = frames.fetchFrame(version, 4, topic, 2, 0, shape);
    const offset = 5 * 2 ** 32 + 77;
    frame.writeBigInt64BE(BigInt(offset), frames.fetchOffsetAt(version, topic));
    const request = decodeRequest(fetchRequest, frame, version, 4);
    assert.equal(request.maxWaitMs, 500);
    assert.equal(request.minBytes, 1);
    assert.equal(request.maxBytes, 1000);
    assert.equal(request.sessionEpoch, -1);
    const partition = request.topics[0]!.partitions[0]!;
    assert.equal(partition.partition, 2);
    assert.equal(partition.fetchOffset, offset);
    assert.equal(partition.partitionMaxBytes, 900);

    const records = Buffer.alloc(200, 1);
    const { head, tail } = frames.fetchAnswer(version, topic, records.length);
    const answer = Buffer.concat([head, records, tail]);
    const decoded = decodeResponse(fetchResponse, answer, version);
    assert.deepEqual(Buffer.from(decoded.responses[0]!.partitions[0]!.records!), records);
    const places = frames.fetchAnswerPlaces(version, topic);
    assert.equal(answer[places.recordsLengthAt]! | (answer[places.recordsLengthAt + 1]! << 7), 0x80 | 73 | (1 << 7));
    answer.writeInt16BE(41, places.errorAt);
    answer.writeInt16BE(1, places.partitionErrorAt);
    const refused = decodeResponse(fetchResponse, answer, version);
    assert.equal(refused.errorCode, 41);
    assert.equal(refused.responses[0]!.partitions[0]!.errorCode, 1);
    assert.equal(answer[places.topicsAt], 2);
  });
}

test('the requests before a run', () => {
  const hello = decodeRequest(apiVersionsRequest, frames.apiVersionsFrame(1), 3, 1);
  assert.equal(hello.clientSoftwareName, 'millrace-bench');
  const create = frames.createTopicFrame(2, topic.name, 7, { 'a.b': 'c' });
  const created = decodeRequest(createTopicsRequest, create, 7, 2).topics[0]!;
  assert.equal(created.name, topic.name);
  assert.equal(created.numPartitions, 7);
  assert.equal(created.replicationFactor, 1);
  assert.deepEqual({ ...created.configs[0] }, { name: 'a.b', value: 'c' });
  const deleted = decodeRequest(deleteTopicsRequest, frames.deleteTopicFrame(3, topic.name), 6, 3);
  assert.equal(deleted.topics[0]!.name, topic.name);
  const metadata = decodeRequest(metadataRequest, frames.metadataFrame(4, topic.name), 12, 4);
  assert.equal(metadata.topics![0]!.name, topic.name);
  assert.equal(metadata.allowAutoTopicCreation, false);
});

test('the answers before a run', () => {
  const apiKeys = [
    { apiKey: 0, minVersion: 3, maxVersion: 12 },
    { apiKey: 1, minVersion: 4, maxVersion: 17 },
  ];
  const hello = { errorCode: 0, apiKeys, throttleTimeMs: 0 } as unknown as Encodable<typeof apiVersionsResponse>;
  const offered = frames.readApiVersions(encodeResponse(apiVersionsResponse, 3, hello, false));
  assert.equal(offered.get(0), 12);
  assert.equal(offered.get(1), 17);

  const partition = (leaderId: number, errorCode: number) => ({
    errorCode,
    partitionIndex: 0,
    leaderId,
    leaderEpoch: 0,
    replicaNodes: [1, 2],
    isrNodes: [1],
    offlineReplicas: [2],
  });
  const metadata = (errors: readonly number[]) =>
    encodeResponse(metadataResponse, 12, {
      throttleTimeMs: 0,
      brokers: [{ nodeId: 1, host: 'localhost', port: 9092, rack: null }],
      clusterId: 'cluster',
      controllerId: 1,
      topics: [
        {
          errorCode: 0,
          name: topic.name,
          topicId: topicUuid,
          isInternal: false,
          partitions: errors.map((error) => partition(error === 0 ? 1 : -1, error)),
          topicAuthorizedOperations: -2147483648,
        },
      ],
    } as unknown as Encodable<typeof metadataResponse>);
  const ready = frames.readMetadata(metadata([0, 0, 0]));
  assert.equal(ready.error, 0);
  assert.equal(ready.ready, 3);
  assert.equal(ready.name, topic.name);
  const leaderless = frames.readMetadata(metadata([0, 5]));
  assert.equal(leaderless.error, 5);
  assert.equal(leaderless.ready, 1);
  const several = frames.readMetadata(metadata([5, 0, 6, 0]));
  assert.equal(several.error, 5);
  assert.equal(several.ready, 2);
});

test('a refusal before a run says the error', () => {
  const created = {
    throttleTimeMs: 0,
    topics: [{ name: topic.name, topicId: topicUuid, errorCode: 36, errorMessage: 'is there', configs: [] }],
  } as unknown as Encodable<typeof createTopicsResponse>;
  assert.throws(() => frames.checkCreateTopic(encodeResponse(createTopicsResponse, 7, created)), /error 36: is there/);
  const deleted = {
    throttleTimeMs: 0,
    responses: [{ name: topic.name, topicId: topicUuid, errorCode: 3, errorMessage: null }],
  } as unknown as Encodable<typeof deleteTopicsResponse>;
  assert.throws(() => frames.checkDeleteTopic(encodeResponse(deleteTopicsResponse, 6, deleted)), /error 3$/);
});
