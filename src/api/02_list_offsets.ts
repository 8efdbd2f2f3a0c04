import { ErrorCode } from '../protocol/errors.ts';
import { codecOf } from '../protocol/codec.ts';
import {
  listOffsetsRequest,
  listOffsetsResponse,
  type ListOffsetsRequest,
} from '../protocol/schema/02_list_offsets.ts';
import type { Encodable } from '../protocol/schema_language.ts';
import { listOffsetsTimestamp, TimestampResult, type ReadStatus } from '../log/read_position.ts';
import { replicaState, RowSnapshot } from '../shared-memory/partition_table.ts';
import type { ApiHandler, ApiHost } from './host.ts';
import type { Request } from './request.ts';

type Answer = Encodable<typeof listOffsetsResponse>;
type PartitionAnswer = { -readonly [Name in keyof Answer['topics'][number]['partitions'][number]]: number };
type PartitionRequest = ListOffsetsRequest['topics'][number]['partitions'][number];

/**
 * ListOffsets (2), versions 1 to 11: KIP-79 times, KIP-320 epochs, KIP-734 largest timestamp, KIP-405 earliest local,
 * KIP-1005 latest tiered, KIP-1023 earliest pending upload.
 *
 * Runs on the receiving shard, out of rows, indexes and files. May wait for the disk. Not done yet: remote storage (the
 * tiered timestamps find nothing), open transactions.
 */
export class ListOffsetsHandler implements ApiHandler {
  readonly #row = new RowSnapshot();

  handle(request: Request, host: ApiHost): void {
    const body = codecOf(listOffsetsRequest).decode(host.body(request), request.apiVersion);
    if (body === null) return host.refuse(request, 'a malformed ListOffsets request');
    const answer: Answer = {
      throttleTimeMs: 0,
      topics: body.topics.map(({ name, partitions }) => ({ name, partitions: partitions.map(unanswered) })),
    };
    // Guards against completion while partitions are still to be looked at.
    request.parts = 1;
    const finish = (): void => {
      if (--request.parts > 0) return;
      if (request.isAbandoned) return host.returned(request);
      if (request.apiVersion < LEADER_EPOCH_FROM) forgetEpochs(answer);
      codecOf(listOffsetsResponse).encode(host.beginAnswer(request), request.apiVersion, answer);
      host.complete(request);
    };
    body.topics.forEach((topic, topicIndex) => {
      topic.partitions.forEach((asked, index) => {
        const into = answer.topics[topicIndex]!.partitions[index]! as PartitionAnswer;
        request.parts++;
        this.#look(topic.name, asked, body.isolationLevel === 1, host, into, finish);
      });
    });
    finish();
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
    into.errorCode = this.#refusal(slot, asked.currentLeaderEpoch, host);
    if (into.errorCode !== ErrorCode.NONE) return done();
    const end = readCommitted ? row.lastStableOffset : row.highWatermark;
    const timestamp = Number(asked.timestamp);
    into.leaderEpoch = row.leaderEpoch;
    if (timestamp === listOffsetsTimestamp.latest) {
      into.offset = end;
      return done();
    }
    if (timestamp === listOffsetsTimestamp.earliest || timestamp === listOffsetsTimestamp.earliestLocal) {
      into.offset = timestamp === listOffsetsTimestamp.earliest ? row.logStartOffset : row.localLogStartOffset;
      return done();
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

  /** Fills `#row` where it returns NONE. */
  #refusal(slot: number, currentLeaderEpoch: number, host: ApiHost): ErrorCode {
    const row = this.#row;
    if (slot < 0 || !host.table.snapshot(slot, row)) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    if (row.state === replicaState.offline) return ErrorCode.KAFKA_STORAGE_ERROR;
    if (row.state !== replicaState.leader) return ErrorCode.NOT_LEADER_OR_FOLLOWER;
    if (currentLeaderEpoch >= 0 && currentLeaderEpoch < row.leaderEpoch) return ErrorCode.FENCED_LEADER_EPOCH;
    return currentLeaderEpoch > row.leaderEpoch ? ErrorCode.UNKNOWN_LEADER_EPOCH : ErrorCode.NONE;
  }
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

const LEADER_EPOCH_FROM = 4;
