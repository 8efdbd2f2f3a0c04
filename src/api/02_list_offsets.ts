import { ApiKey } from '../protocol/api_keys.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { codecOf } from '../protocol/codec.ts';
import {
  listOffsetsRequest,
  listOffsetsResponse,
  type ListOffsetsRequest,
} from '../protocol/schema/02_list_offsets.ts';
import type { Encodable } from '../protocol/schema_language.ts';
import { listOffsetsTimestamp, TimestampResult, type ReadStatus } from '../log/read_position.ts';
import { RowSnapshot } from '../shared-memory/partition_table.ts';
import { Gathering } from './gathering.ts';
import type { ApiHandler, ApiHost } from './host.ts';
import { refusalOfLeader } from './leader_check.ts';
import type { Request } from './request.ts';

type Answer = Encodable<typeof listOffsetsResponse>;
type PartitionAnswer = { -readonly [Name in keyof Answer['topics'][number]['partitions'][number]]: number };
type PartitionRequest = ListOffsetsRequest['topics'][number]['partitions'][number];

/**
 * ListOffsets (2), versions 1 to 11: KIP-79 times, KIP-320 epochs, KIP-734 largest timestamp, KIP-405 earliest local,
 * KIP-1005 latest tiered, KIP-1023 earliest pending upload.
 *
 * Runs on the receiving shard, out of rows, indexes and files; the owner knows in which epoch the first offset was
 * written, if there was more than one. May wait for the disk. Not done yet: remote storage (the
 * tiered timestamps find nothing).
 *
 *     served by  this shard, asking owners for epochs
 *     bound      the frame
 *     errors     UNKNOWN_TOPIC_OR_PARTITION NOT_LEADER_OR_FOLLOWER KAFKA_STORAGE_ERROR FENCED_LEADER_EPOCH
 *                UNKNOWN_LEADER_EPOCH INVALID_REQUEST UNSUPPORTED_VERSION
 */
export class ListOffsetsHandler implements ApiHandler {
  readonly #row = new RowSnapshot();

  handle(request: Request, host: ApiHost): void {
    const body = codecOf(listOffsetsRequest).decode(host.body(request), request.apiVersion);
    if (body === null) return host.refuse(request, 'a malformed ListOffsets request');
    const namedTwice = partitionsNamedTwice(body.topics);
    const topics = eachPartitionOnce(body.topics);
    const answer: Answer = {
      throttleTimeMs: 0,
      topics: topics.map(({ name, partitions }) => ({ name, partitions: partitions.map(unanswered) })),
    };
    const gathering = new Gathering(request, host, () => {
      if (request.apiVersion < LEADER_EPOCH_FROM) forgetEpochs(answer);
      codecOf(listOffsetsResponse).encode(host.beginAnswer(request), request.apiVersion, answer);
    });
    const finish = (): void => gathering.end();
    topics.forEach((topic, topicIndex) => {
      topic.partitions.forEach((asked, index) => {
        const into = answer.topics[topicIndex]!.partitions[index]! as PartitionAnswer;
        into.errorCode = refusalOfTimestamp(Number(asked.timestamp), request.apiVersion);
        if (namedTwice.has(keyOf(topic.name, asked))) into.errorCode = ErrorCode.INVALID_REQUEST;
        if (into.errorCode !== ErrorCode.NONE) return;
        gathering.begin();
        this.#look(topic.name, asked, body.isolationLevel === 1, host, into, finish);
      });
    });
    gathering.end();
  }

  #look(
    name: string,
    asked: PartitionRequest,
    readCommitted: boolean,
    host: ApiHost,
    into: PartitionAnswer,
    done: () => void,
  ): void {
    const slot = host.image.topicByName(name)?.slotOf(asked.partitionIndex) ?? -1;
    const row = this.#row;
    into.errorCode = refusalOfLeader(host.table, slot, asked.currentLeaderEpoch, row);
    if (into.errorCode !== ErrorCode.NONE) return done();
    const end = readCommitted ? row.lastStableOffset : row.highWatermark;
    const timestamp = Number(asked.timestamp);
    into.leaderEpoch = row.leaderEpoch;
    if (timestamp === listOffsetsTimestamp.latest) {
      into.offset = end;
      return done();
    }
    if (timestamp === listOffsetsTimestamp.earliest || timestamp === listOffsetsTimestamp.earliestLocal) {
      const first = timestamp === listOffsetsTimestamp.earliest ? row.logStartOffset : row.localLogStartOffset;
      into.offset = first;
      // Of the first offset: the leader's own is that of the end.
      return this.#epochOf(first, into, host, done);
    }
    if (timestamp < listOffsetsTimestamp.max) {
      // What lies in remote storage: nothing does.
      into.leaderEpoch = -1;
      return done();
    }
    const { reader, decompressor } = host;
    const found = new TimestampResult();
    const take = (status: ReadStatus): void => {
      into.errorCode = status === 'failed' ? ErrorCode.KAFKA_STORAGE_ERROR : ErrorCode.NONE;
      into.offset = found.offset;
      into.timestamp = found.timestamp;
      into.leaderEpoch = found.leaderEpoch;
      done();
    };
    const status = reader.offsetForTimestamp(row, timestamp, end, decompressor, found);
    if (status !== 'later') return take(status);
    reader.offsetForTimestampLater(row, timestamp, end, decompressor, found, () => take(found.status));
  }

  #epochOf(first: number, into: PartitionAnswer, host: ApiHost, done: () => void): void {
    const { owner, slot, incarnation, leaderEpoch } = this.#row;
    // The leader's first epoch is all there is.
    if (leaderEpoch === 0) return done();
    host.callPartition(owner, ApiKey.ListOffsets, slot, incarnation, first, 0, ({ errorCode, epoch }) => {
      into.errorCode = errorCode;
      into.leaderEpoch = epoch;
      if (errorCode !== ErrorCode.NONE) into.offset = -1;
      done();
    });
  }
}

/** Without what was named before, and without topics that name nothing (more). */
function eachPartitionOnce(topics: ListOffsetsRequest['topics']): ListOffsetsRequest['topics'] {
  const seen = new Set<string>();
  const isFirst = (key: string): boolean => !seen.has(key) && seen.add(key) === seen;
  return topics
    .map(({ name, partitions }) => ({ name, partitions: partitions.filter((one) => isFirst(keyOf(name, one))) }))
    .filter(({ partitions }) => partitions.length > 0);
}

function partitionsNamedTwice(topics: ListOffsetsRequest['topics']): ReadonlySet<string> {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { name, partitions } of topics) {
    for (const partition of partitions) {
      const key = keyOf(name, partition);
      if (seen.has(key)) twice.add(key);
      seen.add(key);
    }
  }
  return twice;
}

const keyOf = (name: string, { partitionIndex }: PartitionRequest): string => `${partitionIndex} ${name}`;

/** Special timestamps are known from a version on. */
function refusalOfTimestamp(timestamp: number, version: number): ErrorCode {
  if (timestamp >= 0) return ErrorCode.NONE;
  const from = SPECIAL_TIMESTAMPS_FROM[-timestamp];
  return from !== undefined && version >= from ? ErrorCode.NONE : ErrorCode.UNSUPPORTED_VERSION;
}

function unanswered({ partitionIndex }: PartitionRequest): PartitionAnswer {
  return { partitionIndex, errorCode: ErrorCode.NONE, timestamp: -1, offset: -1, leaderEpoch: -1 };
}

/** Versions before know no leader epochs, and what they do not know must not be set. */
function forgetEpochs(answer: Answer): void {
  for (const { partitions } of answer.topics) {
    for (const partition of partitions) (partition as PartitionAnswer).leaderEpoch = -1;
  }
}

/** By the timestamp's negative: latest, earliest, max, earliest local, latest tiered, earliest pending upload. */
const SPECIAL_TIMESTAMPS_FROM: readonly (number | undefined)[] = [undefined, 1, 1, 7, 8, 9, 11];
const LEADER_EPOCH_FROM = 4;
