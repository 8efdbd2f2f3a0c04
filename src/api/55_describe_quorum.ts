import { ApiKey } from '../protocol/api_keys.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { describeQuorumRequest, describeQuorumResponse } from '../protocol/schema/55_describe_quorum.ts';
import { ZERO_UUID } from '../base/uuid.ts';
import { forwardedHandler, NOT_DONE, OUTCOME_BYTES, textBytes } from './forwarded_call.ts';

/**
 * DescribeQuorum (55), versions 0 to 2: KIP-595, KIP-836 times, KIP-853 directories and addresses.
 *
 * Decoded on the receiving shard, answered by control, who is the quorum. Not done yet: other voters, observers.
 *
 *     served by  control, forwarded
 *     bound      the frame
 *     errors     UNKNOWN_TOPIC_OR_PARTITION REQUEST_TIMED_OUT
 */
export const describeQuorumHandler = forwardedHandler({
  name: 'DescribeQuorum',
  apiKey: ApiKey.DescribeQuorum,
  request: describeQuorumRequest,
  response: describeQuorumResponse,
  version: 2,
  asked: (body) => body,
  answerBytes: ({ topics }) =>
    topics.reduce(
      (bytes, { topicName, partitions }) => bytes + textBytes(topicName) + (1 + partitions.length) * OUTCOME_BYTES,
      NODES_BYTES,
    ),
  notDone: () => ({ errorCode: ErrorCode.REQUEST_TIMED_OUT, errorMessage: NOT_DONE, topics: [] }),
  told: (decided, _body, { apiVersion }) => {
    if (apiVersion >= DIRECTORIES_FROM) return decided;
    const topics = decided.topics.map(({ topicName, partitions }) => ({
      topicName,
      partitions: partitions.map((partition) => ({
        ...partition,
        currentVoters: partition.currentVoters.map((voter) => ({ ...voter, replicaDirectoryId: ZERO_UUID })),
      })),
    }));
    return { ...decided, topics, nodes: [] };
  },
});

const DIRECTORIES_FROM = 2;
/** Names and addresses of the controllers' listeners. */
const NODES_BYTES = 8 * 1024;
