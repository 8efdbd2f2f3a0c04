import { ZERO_UUID } from '../base/uuid.ts';
import { topicNameProblem } from '../controller/topic_names.ts';
import { INTERNAL_TOPICS, type TopicImage } from '../metadata/topic_image.ts';
import { codecOf } from '../protocol/codec.ts';
import { ErrorCode } from '../protocol/errors.ts';
import {
  describeTopicPartitionsRequest,
  describeTopicPartitionsResponse,
  type DescribeTopicPartitionsRequest,
} from '../protocol/schema/75_describe_topic_partitions.ts';
import type { Encodable } from '../protocol/schema_language.ts';
import { TOPIC_OPERATIONS, UNTOLD } from './authorized_operations.ts';
import type { ApiHandler, ApiHost } from './host.ts';
import { PartitionDescriptions } from './partition_descriptions.ts';
import { ReachableBrokers } from './reachable_brokers.ts';
import type { Request } from './request.ts';

type Answer = Encodable<typeof describeTopicPartitionsResponse>;
type TopicAnswer = Answer['topics'][number];

/**
 * DescribeTopicPartitions (75), versions 0 to 0: KIP-966, pages of topics in the order of their names.
 *
 * Runs on the receiving shard, out of its image, the columns and the rows. Never waits. Not done yet: authorization.
 *
 *     served by  this shard alone
 *     bound      max.request.partition.size.limit partitions an answer
 *     errors     INVALID_REQUEST INVALID_TOPIC_EXCEPTION UNKNOWN_TOPIC_OR_PARTITION LEADER_NOT_AVAILABLE
 *                LISTENER_NOT_FOUND
 */
export class DescribeTopicPartitionsHandler implements ApiHandler {
  readonly #partitions = new PartitionDescriptions();

  handle(request: Request, host: ApiHost): void {
    const body = codecOf(describeTopicPartitionsRequest).decode(host.body(request), request.apiVersion);
    if (body === null) return host.refuse(request, 'a malformed DescribeTopicPartitions request');
    const brokers = new ReachableBrokers(host, request.origin.listener);
    const answer = isRefused(body) ? refuse(body) : this.#page(body, host, brokers);
    codecOf(describeTopicPartitionsResponse).encode(host.beginAnswer(request), request.apiVersion, answer);
    host.complete(request);
  }

  #page(
    { topics: asked, cursor, responsePartitionLimit }: DescribeTopicPartitionsRequest,
    host: ApiHost,
    brokers: ReachableBrokers,
  ): Answer {
    const isAll = asked.length === 0;
    const all = isAll ? [...host.image.topics()] : asked;
    const names = new Set(all.map(({ name }) => name).filter((name) => name >= (cursor?.topicName ?? '')));
    const topics: TopicAnswer[] = [];
    let left = Math.max(1, Math.min(host.node.describedPartitionsMax, responsePartitionLimit));
    for (const name of [...names].sort(inOrder)) {
      if (left === 0) return { throttleTimeMs: 0, topics, nextCursor: { topicName: name, partitionIndex: 0 } };
      const topic = host.image.topicByName(name);
      if (topic === undefined) {
        if (!isAll) topics.push(unknown(name));
        continue;
      }
      const first = cursor !== null && cursor.topicName === name ? cursor.partitionIndex : 0;
      const end = Math.min(topic.partitionCount, first + left);
      topics.push(this.#describe(topic, first, end, host, brokers));
      if (end < topic.partitionCount)
        return { throttleTimeMs: 0, topics, nextCursor: { topicName: name, partitionIndex: end } };
      left -= Math.max(0, end - first);
    }
    return { throttleTimeMs: 0, topics, nextCursor: null };
  }

  #describe(topic: TopicImage, first: number, end: number, host: ApiHost, brokers: ReachableBrokers): TopicAnswer {
    const partitions: TopicAnswer['partitions'][number][] = [];
    for (let partition = first; partition < end; partition++) {
      // Nobody to lead is no error here, as in Kafka.
      partitions.push({ ...this.#partitions.of(topic, partition, host, brokers), errorCode: ErrorCode.NONE });
    }
    const { name, id: topicId, isInternal } = topic;
    return {
      errorCode: ErrorCode.NONE,
      name,
      topicId,
      isInternal,
      partitions,
      topicAuthorizedOperations: TOPIC_OPERATIONS,
    };
  }
}

/** A page begins where the one before it said, in a topic that is still asked for. */
function isRefused({ topics, cursor }: DescribeTopicPartitionsRequest): boolean {
  if (cursor === null) return false;
  return cursor.partitionIndex < 0 || (topics.length > 0 && !topics.some(({ name }) => name === cursor.topicName));
}

function refuse({ topics }: DescribeTopicPartitionsRequest): Answer {
  return {
    throttleTimeMs: 0,
    topics: topics.map(({ name }) => ({
      errorCode: ErrorCode.INVALID_REQUEST,
      name,
      topicId: ZERO_UUID,
      partitions: [],
      topicAuthorizedOperations: UNTOLD,
    })),
  };
}

function unknown(name: string): TopicAnswer {
  const isValid = topicNameProblem(name) === null;
  return {
    errorCode: isValid ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.INVALID_TOPIC_EXCEPTION,
    name,
    topicId: ZERO_UUID,
    isInternal: INTERNAL_TOPICS.has(name),
    partitions: [],
    topicAuthorizedOperations: TOPIC_OPERATIONS,
  };
}

/** By code units, as Kafka: the cursor names a place in this order. */
function inOrder(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
