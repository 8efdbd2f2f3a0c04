import { ApiKey } from '../protocol/api_keys.ts';
import { codecOf } from '../protocol/codec.ts';
import { ErrorCode } from '../protocol/errors.ts';
import {
  offsetForLeaderEpochRequest,
  offsetForLeaderEpochResponse,
  type OffsetForLeaderEpochRequest,
} from '../protocol/schema/23_offset_for_leader_epoch.ts';
import type { Encodable } from '../protocol/schema_language.ts';
import { RowSnapshot } from '../shared-memory/partition_table.ts';
import { Gathering } from './gathering.ts';
import type { ApiHandler, ApiHost } from './host.ts';
import { refusalOfLeader } from './leader_check.ts';
import type { Request } from './request.ts';

type Answer = Encodable<typeof offsetForLeaderEpochResponse>;
type PartitionAnswer = { -readonly [Name in keyof Answer['topics'][number]['partitions'][number]]: number };
type PartitionRequest = OffsetForLeaderEpochRequest['topics'][number]['partitions'][number];

/**
 * OffsetForLeaderEpoch (23), versions 2 to 4: KIP-101, KIP-279, KIP-320.
 *
 * Each partition's owner looks it up in the epochs of its log. Waits for the owners.
 *
 *     served by  the owners of the partitions, gathered
 *     bound      the frame
 *     errors     UNKNOWN_TOPIC_OR_PARTITION NOT_LEADER_OR_FOLLOWER KAFKA_STORAGE_ERROR FENCED_LEADER_EPOCH
 *                UNKNOWN_LEADER_EPOCH
 */
export class OffsetForLeaderEpochHandler implements ApiHandler {
  readonly #row = new RowSnapshot();

  handle(request: Request, host: ApiHost): void {
    const body = codecOf(offsetForLeaderEpochRequest).decode(host.body(request), request.apiVersion);
    if (body === null) return host.refuse(request, 'a malformed OffsetForLeaderEpoch request');
    const answer: Answer = {
      throttleTimeMs: 0,
      topics: body.topics.map(({ topic, partitions }) => ({ topic, partitions: partitions.map(unanswered) })),
    };
    const gathering = new Gathering(request, host, () =>
      codecOf(offsetForLeaderEpochResponse).encode(host.beginAnswer(request), request.apiVersion, answer),
    );
    body.topics.forEach(({ topic, partitions }, topicAt) => {
      partitions.forEach((asked, at) => {
        this.#begin(topic, asked, host, answer.topics[topicAt]!.partitions[at]! as PartitionAnswer, gathering);
      });
    });
    gathering.end();
  }

  #begin(topic: string, asked: PartitionRequest, host: ApiHost, into: PartitionAnswer, gathering: Gathering): void {
    const slot = host.image.topicByName(topic)?.slotOf(asked.partition) ?? -1;
    const row = this.#row;
    into.errorCode = refusalOfLeader(host.table, slot, asked.currentLeaderEpoch, row);
    if (into.errorCode !== ErrorCode.NONE) return;
    gathering.begin();
    const { leaderEpoch } = asked;
    host.callPartition(row.owner, ApiKey.OffsetForLeaderEpoch, slot, row.incarnation, leaderEpoch, 0, (outcome) => {
      into.errorCode = outcome.errorCode;
      into.leaderEpoch = outcome.epoch;
      into.endOffset = outcome.offset;
      gathering.end();
    });
  }
}

function unanswered({ partition }: PartitionRequest): PartitionAnswer {
  return { errorCode: ErrorCode.NONE, partition, leaderEpoch: -1, endOffset: -1 };
}
