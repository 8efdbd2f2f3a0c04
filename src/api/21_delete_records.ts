import { ApiKey } from '../protocol/api_keys.ts';
import { codecOf } from '../protocol/codec.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { deleteRecordsRequest, deleteRecordsResponse } from '../protocol/schema/21_delete_records.ts';
import type { Encodable } from '../protocol/schema_language.ts';
import { RowSnapshot } from '../shared-memory/partition_table.ts';
import { Gathering } from './gathering.ts';
import type { ApiHandler, ApiHost } from './host.ts';
import { refusalOfLeader } from './leader_check.ts';
import type { Request } from './request.ts';

type Answer = Encodable<typeof deleteRecordsResponse>;
type PartitionAnswer = { -readonly [Name in keyof Answer['topics'][number]['partitions'][number]]: number };

/**
 * DeleteRecords (21), versions 0 to 2: KIP-107.
 *
 * Each partition's owner moves the start of its log. Waits for the owners. Not done yet: waiting until the followers
 * have moved theirs.
 *
 *     served by  the owners of the partitions, gathered
 *     bound      the frame
 *     errors     UNKNOWN_TOPIC_OR_PARTITION NOT_LEADER_OR_FOLLOWER KAFKA_STORAGE_ERROR OFFSET_OUT_OF_RANGE
 *                INVALID_TOPIC_EXCEPTION POLICY_VIOLATION
 */
export class DeleteRecordsHandler implements ApiHandler {
  readonly #row = new RowSnapshot();

  handle(request: Request, host: ApiHost): void {
    const body = codecOf(deleteRecordsRequest).decode(host.body(request), request.apiVersion);
    if (body === null) return host.refuse(request, 'a malformed DeleteRecords request');
    const topics = body.topics.filter(({ partitions }) => partitions.length > 0);
    const answer: Answer = {
      throttleTimeMs: 0,
      topics: topics.map(({ name, partitions }) => ({ name, partitions: partitions.map(unanswered) })),
    };
    const gathering = new Gathering(request, host, () =>
      codecOf(deleteRecordsResponse).encode(host.beginAnswer(request), request.apiVersion, answer),
    );
    topics.forEach(({ name, partitions }, topicAt) => {
      partitions.forEach(({ offset }, at) => {
        this.#begin(
          name,
          nearestOffset(offset),
          host,
          answer.topics[topicAt]!.partitions[at]! as PartitionAnswer,
          gathering,
        );
      });
    });
    gathering.end();
  }

  #begin(name: string, offset: number, host: ApiHost, into: PartitionAnswer, gathering: Gathering): void {
    const topic = host.image.topicByName(name);
    const slot = topic?.slotOf(into.partitionIndex) ?? -1;
    const row = this.#row;
    into.errorCode = refusalOfLeader(host.table, slot, -1, row);
    if (into.errorCode === ErrorCode.NONE && topic!.isInternal) into.errorCode = ErrorCode.INVALID_TOPIC_EXCEPTION;
    if (into.errorCode !== ErrorCode.NONE) return;
    gathering.begin();
    host.callPartition(row.owner, ApiKey.DeleteRecords, slot, row.incarnation, offset, 0, (outcome) => {
      into.errorCode = outcome.errorCode;
      into.lowWatermark = outcome.offset;
      gathering.end();
    });
  }
}

/** What a number does not hold lies outside of every log, and so does the nearest that it holds. */
function nearestOffset(offset: bigint): number {
  const most = Number.MAX_SAFE_INTEGER;
  return Math.max(-most, Math.min(most, Number(offset)));
}

function unanswered({ partitionIndex }: { readonly partitionIndex: number }): PartitionAnswer {
  return { partitionIndex, lowWatermark: -1, errorCode: ErrorCode.NONE };
}
