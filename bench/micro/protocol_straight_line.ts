/**
 * Metadata version 12 and OffsetCommit version 9 as one would write them by hand, as fast as we know: what the compiled
 * codecs are held against. They check what compiled decoders check (bounds, counts), but for the order of tags.
 */
import type { ByteReader, ByteWriter } from '../../src/base/bytes.ts';
import { uuidText, writeUuid } from '../../src/base/uuid.ts';
import type { MetadataResponse } from '../../src/protocol/schema/03_metadata.ts';
import type { OffsetCommitRequest } from '../../src/protocol/schema/08_offset_commit.ts';

type Topic = MetadataResponse['topics'][number];
type Partition = Topic['partitions'][number];

let next = 0;

function count(bytes: Uint8Array, at: number): number {
  let value = bytes[at++]!;
  if (value > 127) {
    value &= 127;
    for (let shift = 7; ; shift += 7) {
      const byte = bytes[at++]!;
      value |= (byte & 127) << shift;
      if (byte < 128) break;
    }
  }
  next = at;
  return value - 1;
}

function text(reader: ByteReader, at: number): string | null {
  const length = count(reader.bytes, at);
  if (length < 0) return null;
  if (length > reader.end - next) throw new RangeError('text');
  const start = next;
  next += length;
  return length === 0 ? '' : reader.decodeText(reader.bytes, start, next);
}

function int32s(view: DataView, bytes: Uint8Array, at: number, end: number): number[] {
  const length = count(bytes, at);
  if (length * 4 > end - next) throw new RangeError('array');
  const values = new Array<number>(length);
  let p = next;
  for (let index = 0; index < length; index++, p += 4) values[index] = view.getInt32(p);
  next = p;
  return values;
}

export function decodeMetadata(reader: ByteReader): MetadataResponse {
  const { view, bytes, end } = reader;
  let p = reader.position;
  const throttleTimeMs = view.getInt32(p);
  const brokerCount = count(bytes, p + 4);
  const brokers: MetadataResponse['brokers'] = new Array(brokerCount);
  p = next;
  for (let index = 0; index < brokerCount; index++) {
    const nodeId = view.getInt32(p);
    const host = text(reader, p + 4)!;
    const port = view.getInt32(next);
    const rack = text(reader, next + 4);
    brokers[index] = { nodeId, host, port, rack };
    p = next + 1;
  }
  const clusterId = text(reader, p);
  const controllerId = view.getInt32(next);
  const topicCount = count(bytes, next + 4);
  if (topicCount * 25 > end - next) throw new RangeError('topics');
  const topics: Topic[] = new Array(topicCount);
  p = next;
  for (let index = 0; index < topicCount; index++) {
    const errorCode = view.getInt16(p);
    const name = text(reader, p + 2);
    const topicId = uuidText(view, next);
    const isInternal = bytes[next + 16]! !== 0;
    const partitionCount = count(bytes, next + 17);
    if (partitionCount * 18 > end - next) throw new RangeError('partitions');
    const partitions: Partition[] = new Array(partitionCount);
    p = next;
    for (let which = 0; which < partitionCount; which++) {
      const partitionError = view.getInt16(p);
      const partitionIndex = view.getInt32(p + 2);
      const leaderId = view.getInt32(p + 6);
      const leaderEpoch = view.getInt32(p + 10);
      const replicaNodes = int32s(view, bytes, p + 14, end);
      const isrNodes = int32s(view, bytes, next, end);
      const offlineReplicas = int32s(view, bytes, next, end);
      p = next + 1;
      partitions[which] = {
        errorCode: partitionError,
        partitionIndex,
        leaderId,
        leaderEpoch,
        replicaNodes,
        isrNodes,
        offlineReplicas,
      };
    }
    const topicAuthorizedOperations = view.getInt32(p);
    p += 5;
    topics[index] = { errorCode, name, topicId, isInternal, partitions, topicAuthorizedOperations };
  }
  reader.position = p + 1;
  return {
    throttleTimeMs,
    brokers,
    clusterId,
    controllerId,
    topics,
    clusterAuthorizedOperations: -2147483648,
    errorCode: 0,
  };
}

function putCount(bytes: Uint8Array, at: number, value: number): number {
  let rest = value + 1;
  while (rest > 127) {
    bytes[at++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}

/** ASCII only. */
function putText(bytes: Uint8Array, at: number, value: string | null): number {
  if (value === null) {
    bytes[at] = 0;
    return at + 1;
  }
  const start = putCount(bytes, at, value.length);
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if (code > 127) throw new RangeError('ASCII');
    bytes[start + index] = code;
  }
  return start + value.length;
}

function putInt32s(view: DataView, bytes: Uint8Array, at: number, values: readonly number[]): number {
  let p = putCount(bytes, at, values.length);
  for (let index = 0; index < values.length; index++, p += 4) view.setInt32(p, values[index]!);
  return p;
}

/** One look at the room for each topic and each partition. */
export function encodeMetadata(writer: ByteWriter, value: MetadataResponse): void {
  writer.reserve(1000);
  let { view, bytes } = writer;
  let p = writer.position;
  view.setInt32(p, value.throttleTimeMs);
  p = putCount(bytes, p + 4, value.brokers.length);
  for (const broker of value.brokers) {
    view.setInt32(p, broker.nodeId);
    p = putText(bytes, p + 4, broker.host);
    view.setInt32(p, broker.port);
    p = putText(bytes, p + 4, broker.rack);
    bytes[p++] = 0;
  }
  p = putText(bytes, p, value.clusterId);
  view.setInt32(p, value.controllerId);
  p = putCount(bytes, p + 4, value.topics.length);
  for (const topic of value.topics) {
    writer.position = p;
    writer.reserve(300);
    ({ view, bytes } = writer);
    view.setInt16(p, topic.errorCode);
    p = putText(bytes, p + 2, topic.name);
    writeUuid(view, p, topic.topicId);
    bytes[p + 16] = topic.isInternal ? 1 : 0;
    p = putCount(bytes, p + 17, topic.partitions.length);
    for (const partition of topic.partitions) {
      writer.position = p;
      writer.reserve(64 + 12 * partition.replicaNodes.length);
      ({ view, bytes } = writer);
      view.setInt16(p, partition.errorCode);
      view.setInt32(p + 2, partition.partitionIndex);
      view.setInt32(p + 6, partition.leaderId);
      view.setInt32(p + 10, partition.leaderEpoch);
      p = putInt32s(view, bytes, p + 14, partition.replicaNodes);
      p = putInt32s(view, bytes, p, partition.isrNodes);
      p = putInt32s(view, bytes, p, partition.offlineReplicas);
      bytes[p++] = 0;
    }
    view.setInt32(p, topic.topicAuthorizedOperations);
    bytes[p + 4] = 0;
    p += 5;
  }
  bytes[p++] = 0;
  writer.position = p;
}

export function encodeOffsetCommit(writer: ByteWriter, value: OffsetCommitRequest): void {
  writer.reserve(500);
  let { view, bytes } = writer;
  let p = putText(bytes, writer.position, value.groupId);
  view.setInt32(p, value.generationIdOrMemberEpoch);
  p = putText(bytes, p + 4, value.memberId);
  p = putText(bytes, p, value.groupInstanceId);
  p = putCount(bytes, p, value.topics.length);
  for (const topic of value.topics) {
    writer.position = p;
    writer.reserve(300);
    ({ view, bytes } = writer);
    p = putText(bytes, p, topic.name);
    p = putCount(bytes, p, topic.partitions.length);
    for (const partition of topic.partitions) {
      writer.position = p;
      writer.reserve(100);
      ({ view, bytes } = writer);
      view.setInt32(p, partition.partitionIndex);
      view.setInt32(p + 4, Math.floor(partition.committedOffset / 2 ** 32));
      view.setInt32(p + 8, partition.committedOffset | 0);
      view.setInt32(p + 12, partition.committedLeaderEpoch);
      p = putText(bytes, p + 16, partition.committedMetadata);
      bytes[p++] = 0;
    }
    bytes[p++] = 0;
  }
  bytes[p++] = 0;
  writer.position = p;
}

export function decodeOffsetCommit(reader: ByteReader): OffsetCommitRequest {
  const { view, bytes, end } = reader;
  const groupId = text(reader, reader.position)!;
  const generationIdOrMemberEpoch = view.getInt32(next);
  const memberId = text(reader, next + 4)!;
  const groupInstanceId = text(reader, next);
  const topicCount = count(bytes, next);
  if (topicCount * 3 > end - next) throw new RangeError('topics');
  const topics: OffsetCommitRequest['topics'] = new Array(topicCount);
  for (let index = 0; index < topicCount; index++) {
    const name = text(reader, next)!;
    const partitionCount = count(bytes, next);
    if (partitionCount * 18 > end - next) throw new RangeError('partitions');
    const partitions: OffsetCommitRequest['topics'][number]['partitions'] = new Array(partitionCount);
    for (let which = 0; which < partitionCount; which++) {
      const p = next;
      const partitionIndex = view.getInt32(p);
      const high = view.getInt32(p + 4);
      if (high < -0x200000 || high >= 0x200000) throw new RangeError('offset');
      const committedOffset = high * 2 ** 32 + view.getUint32(p + 8);
      const committedLeaderEpoch = view.getInt32(p + 12);
      const committedMetadata = text(reader, p + 16);
      next++;
      partitions[which] = { partitionIndex, committedOffset, committedLeaderEpoch, committedMetadata };
    }
    next++;
    topics[index] = { name, topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partitions };
  }
  reader.position = next + 1;
  return { groupId, generationIdOrMemberEpoch, memberId, groupInstanceId, retentionTimeMs: -1n, topics };
}
