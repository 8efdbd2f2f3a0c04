import { topicNameProblem } from '../controller/topic_names.ts';
import { ApiKey } from '../protocol/api_keys.ts';
import { codecOf } from '../protocol/codec.ts';
import { ErrorCode } from '../protocol/errors.ts';
import {
  describeProducersRequest,
  describeProducersResponse,
  type DescribeProducersResponse,
} from '../protocol/schema/61_describe_producers.ts';
import { RowSnapshot } from '../shared-memory/partition_table.ts';
import { Gathering } from './gathering.ts';
import type { ApiHandler, ApiHost } from './host.ts';
import { refusalOfLeader } from './leader_check.ts';
import type { Request } from './request.ts';

type Answered = DescribeProducersResponse['topics'][number]['partitions'][number];
type PartitionAnswer = { -readonly [Name in keyof Answered]: Answered[Name] };

/**
 * DescribeProducers (61), versions 0 to 0: KIP-664.
 *
 * Each partition's owner tells the producers that its log knows. Waits for the owners.
 *
 *     served by  the owners of the partitions, gathered
 *     bound      the frame
 *     errors     UNKNOWN_TOPIC_OR_PARTITION NOT_LEADER_OR_FOLLOWER KAFKA_STORAGE_ERROR INVALID_TOPIC_EXCEPTION
 */
export class DescribeProducersHandler implements ApiHandler {
  readonly #row = new RowSnapshot();

  handle(request: Request, host: ApiHost): void {
    const body = codecOf(describeProducersRequest).decode(host.body(request), request.apiVersion);
    if (body === null) return host.refuse(request, 'a malformed DescribeProducers request');
    const topics = body.topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map(unanswered),
    }));
    const gathering = new Gathering(request, host, () =>
      codecOf(describeProducersResponse).encode(host.beginAnswer(request), request.apiVersion, {
        throttleTimeMs: 0,
        topics,
      }),
    );
    for (const { name, partitions } of topics) {
      for (const partition of partitions) this.#begin(name, host, partition, gathering);
    }
    gathering.end();
  }

  #begin(name: string, host: ApiHost, into: PartitionAnswer, gathering: Gathering): void {
    const problem = topicNameProblem(name);
    if (problem !== null) {
      into.errorCode = ErrorCode.INVALID_TOPIC_EXCEPTION;
      into.errorMessage = `Topic name is invalid: ${problem}`;
      return;
    }
    const topic = host.image.topicByName(name);
    const slot = topic?.slotOf(into.partitionIndex) ?? -1;
    const row = this.#row;
    into.errorCode = refusalOfLeader(host.table, slot, -1, row);
    if (topic === undefined) into.errorMessage = 'this node knows no topic of that name';
    if (into.errorCode !== ErrorCode.NONE) return;
    gathering.begin();
    const { owner, incarnation } = row;
    host.callPartition(owner, ApiKey.DescribeProducers, slot, incarnation, 0, ANSWER_BYTES, (outcome) => {
      into.errorCode = outcome.errorCode;
      const told = outcome.body === null ? null : codecOf(describeProducersResponse).decode(outcome.body, VERSION);
      into.activeProducers = told?.topics[0]?.partitions[0]?.activeProducers ?? [];
      gathering.end();
    });
  }
}

function unanswered(partitionIndex: number): PartitionAnswer {
  return { partitionIndex, errorCode: ErrorCode.NONE, errorMessage: null, activeProducers: [] };
}

/** In which owners tell their part. */
const VERSION = 0;
/** Room for some hundred producers; for more the owner is asked again. */
const ANSWER_BYTES = 16 * 1024;
