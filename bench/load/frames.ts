/**
 * Whole request frames, and where in the answers the fields lie that the generator looks at. Versions: Produce 9 to 13,
 * Fetch 12 to 18, the rest one version each. Sizes stand in front; the client id is `millrace-bench`.
 */
import { WireReader, WireWriter } from './wire.ts';

export const ApiKey = {
  produce: 0,
  fetch: 1,
  metadata: 3,
  apiVersions: 18,
  createTopics: 19,
  deleteTopics: 20,
} as const;

export const PRODUCE_VERSIONS = { min: 9, max: 13 } as const;
export const FETCH_VERSIONS = { min: 12, max: 18 } as const;
/** From these versions on a topic is named by its id (KIP-516). */
const PRODUCE_TOPIC_ID_FROM = 13;
const FETCH_TOPIC_ID_FROM = 13;

const CLIENT_ID = Buffer.from('millrace-bench');
/** Size, then api key and version: where the correlation id stands in a request. */
const CORRELATION_AT = 8;

export interface TopicName {
  readonly name: string;
  /** 16 bytes. */
  readonly id: Uint8Array;
}

/** A Produce request of one batch for one partition is `head`, the batch, `PRODUCE_TAIL`. */
export function produceHead(
  version: number,
  correlationId: number,
  topic: TopicName,
  partition: number,
  acks: number,
  recordsLength: number,
): Buffer {
  const writer = begin(ApiKey.produce, version, correlationId);
  writer.compactString(null).int16(acks).int32(30_000).unsignedVarint(2);
  topicOf(writer, topic, version >= PRODUCE_TOPIC_ID_FROM);
  writer
    .unsignedVarint(2)
    .int32(partition)
    .unsignedVarint(recordsLength + 1);
  const head = writer.finish();
  head.writeInt32BE(head.length - 4 + recordsLength + PRODUCE_TAIL.length, 0);
  return head;
}

/** Tagged fields of partition, topic and request. */
export const PRODUCE_TAIL: Buffer = Buffer.from([0, 0, 0]);

/** Where the partition's error code stands in the answer to such a Produce request, from the size on. */
export function produceErrorAt(version: number, topic: TopicName): number {
  return 4 + 4 + 1 + 1 + topicBytes(topic, version >= PRODUCE_TOPIC_ID_FROM) + 1 + 4;
}

/** The whole answer to such a Produce request when all went well: what the machine's limit is measured with. */
export function produceAnswer(version: number, topic: TopicName): Buffer {
  const writer = new WireWriter();
  writer.int32(0).int32(0).noTags().unsignedVarint(2);
  topicOf(writer, topic, version >= PRODUCE_TOPIC_ID_FROM);
  writer.unsignedVarint(2).int32(0).int16(0).int64(0).int64(-1).int64(0).unsignedVarint(1).unsignedVarint(0).noTags();
  return sized(writer.noTags().int32(0).noTags());
}

export interface FetchShape {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly partitionMaxBytes: number;
}

/** A Fetch request outside any session for one partition. */
export function fetchFrame(
  version: number,
  correlationId: number,
  topic: TopicName,
  partition: number,
  offset: number,
  shape: FetchShape,
): Buffer {
  const writer = begin(ApiKey.fetch, version, correlationId);
  if (version < 15) writer.int32(-1);
  writer.int32(shape.maxWaitMs).int32(shape.minBytes).int32(shape.maxBytes).int8(0).int32(0).int32(-1);
  writer.unsignedVarint(2);
  topicOf(writer, topic, version >= FETCH_TOPIC_ID_FROM);
  writer.unsignedVarint(2).int32(partition).int32(-1).int64(offset).int32(-1).int64(-1).int32(shape.partitionMaxBytes);
  return sized(writer.noTags().noTags().unsignedVarint(1).compactString('').noTags());
}

/** Where the fetch offset stands in such a request. */
export function fetchOffsetAt(version: number, topic: TopicName): number {
  const before = requestHeaderBytes() + (version < 15 ? 4 : 0) + 4 + 4 + 4 + 1 + 4 + 4;
  return before + 1 + topicBytes(topic, version >= FETCH_TOPIC_ID_FROM) + 1 + 4 + 4;
}

/** Positions in the answer to such a Fetch request, from the size on. */
export interface FetchAnswerPlaces {
  readonly errorAt: number;
  readonly topicsAt: number;
  readonly partitionErrorAt: number;
  /** Length of the records plus one, a varint of up to five bytes. */
  readonly recordsLengthAt: number;
}

export function fetchAnswerPlaces(version: number, topic: TopicName): FetchAnswerPlaces {
  const topicsAt = 4 + 4 + 1 + 4 + 2 + 4;
  const partitionErrorAt = topicsAt + 1 + topicBytes(topic, version >= FETCH_TOPIC_ID_FROM) + 1 + 4;
  return { errorAt: 13, topicsAt, partitionErrorAt, recordsLengthAt: partitionErrorAt + 2 + 8 + 8 + 8 + 1 + 4 };
}

/** An answer with `recordsLength` bytes of records, cut where these would follow, and what follows them. */
export function fetchAnswer(version: number, topic: TopicName, recordsLength: number): { head: Buffer; tail: Buffer } {
  const writer = new WireWriter();
  writer.int32(0).int32(0).noTags().int32(0).int16(0).int32(0).unsignedVarint(2);
  topicOf(writer, topic, version >= FETCH_TOPIC_ID_FROM);
  writer.unsignedVarint(2).int32(0).int16(0).int64(0).int64(0).int64(0).unsignedVarint(0).int32(-1);
  const head = writer.unsignedVarint(recordsLength + 1).finish();
  const tail = Buffer.from([0, 0, 0]);
  head.writeInt32BE(head.length - 4 + recordsLength + tail.length, 0);
  return { head, tail };
}

export function apiVersionsFrame(correlationId: number): Buffer {
  return sized(begin(ApiKey.apiVersions, 3, correlationId).compactString('millrace-bench').compactString('1').noTags());
}

/** Highest version of each api key that the broker offers. Throws when it refused. */
export function readApiVersions(answer: Buffer): Map<number, number> {
  const reader = new WireReader(answer, 8);
  refuse('ApiVersions', reader.int16(), null);
  const versions = new Map<number, number>();
  for (let left = reader.unsignedVarint() - 1; left > 0; left--) {
    const key = reader.int16();
    reader.int16();
    versions.set(key, reader.int16());
    reader.skipTags();
  }
  return versions;
}

export function createTopicFrame(
  correlationId: number,
  name: string,
  partitions: number,
  configs: Readonly<Record<string, string>>,
): Buffer {
  const writer = begin(ApiKey.createTopics, 7, correlationId);
  writer.unsignedVarint(2).compactString(name).int32(partitions).int16(1).unsignedVarint(1);
  const entries = Object.entries(configs);
  writer.unsignedVarint(entries.length + 1);
  for (const [key, value] of entries) writer.compactString(key).compactString(value).noTags();
  return sized(writer.noTags().int32(30_000).int8(0).noTags());
}

export function checkCreateTopic(answer: Buffer): void {
  const reader = new WireReader(answer, 8);
  reader.skipTags();
  reader.int32();
  reader.unsignedVarint();
  reader.compactString();
  reader.raw(16);
  refuse('CreateTopics', reader.int16(), reader.compactString());
}

export function deleteTopicFrame(correlationId: number, name: string): Buffer {
  const writer = begin(ApiKey.deleteTopics, 6, correlationId)
    .unsignedVarint(2)
    .compactString(name)
    .raw(new Uint8Array(16));
  return sized(writer.noTags().int32(30_000).noTags());
}

export function checkDeleteTopic(answer: Buffer): void {
  const reader = new WireReader(answer, 8);
  reader.skipTags();
  reader.int32();
  reader.unsignedVarint();
  reader.compactString();
  reader.raw(16);
  refuse('DeleteTopics', reader.int16(), reader.compactString());
}

export function metadataFrame(correlationId: number, name: string): Buffer {
  const writer = begin(ApiKey.metadata, 12, correlationId)
    .unsignedVarint(2)
    .raw(new Uint8Array(16))
    .compactString(name);
  return sized(writer.noTags().int8(0).int8(0).noTags());
}

export interface TopicMetadata extends TopicName {
  /** Not zero while the topic is not known everywhere yet: its own, or the first of its partitions'. */
  readonly error: number;
  /** Partitions that have a leader, and no error. */
  readonly ready: number;
}

export function readMetadata(answer: Buffer): TopicMetadata {
  const reader = new WireReader(answer, 8);
  reader.skipTags();
  reader.int32();
  for (let left = reader.unsignedVarint() - 1; left > 0; left--) {
    reader.int32();
    reader.compactString();
    reader.int32();
    reader.compactString();
    reader.skipTags();
  }
  reader.compactString();
  reader.int32();
  reader.unsignedVarint();
  let error = reader.int16();
  const name = reader.compactString() ?? '';
  const id = Uint8Array.from(reader.raw(16));
  reader.int8();
  let ready = 0;
  for (let left = reader.unsignedVarint() - 1; left > 0; left--) {
    const partitionError = reader.int16();
    error ||= partitionError;
    reader.int32();
    if (reader.int32() >= 0 && partitionError === 0) ready++;
    reader.int32();
    for (let list = 0; list < 3; list++)
      for (let nodes = reader.unsignedVarint() - 1; nodes > 0; nodes--) reader.int32();
    reader.skipTags();
  }
  return { name, id, error, ready };
}

export function setCorrelation(frame: Buffer, correlationId: number): void {
  frame.writeInt32BE(correlationId, CORRELATION_AT);
}

function begin(apiKey: number, version: number, correlationId: number): WireWriter {
  const writer = new WireWriter().int32(0).int16(apiKey).int16(version).int32(correlationId);
  return writer.int16(CLIENT_ID.length).raw(CLIENT_ID).noTags();
}

function requestHeaderBytes(): number {
  return 4 + 2 + 2 + 4 + 2 + CLIENT_ID.length + 1;
}

function topicOf(writer: WireWriter, topic: TopicName, byId: boolean): void {
  if (byId) writer.raw(topic.id);
  else writer.compactString(topic.name);
}

/** Topic names of a bench are short, so that the length takes one byte. */
function topicBytes(topic: TopicName, byId: boolean): number {
  return byId ? 16 : 1 + Buffer.byteLength(topic.name);
}

function sized(writer: WireWriter): Buffer {
  return writer.setInt32(0, writer.position - 4).finish();
}

function refuse(what: string, error: number, message: string | null): void {
  if (error !== 0) throw new Error(`${what} was answered with error ${error}${message === null ? '' : `: ${message}`}`);
}
