import type { ApiName } from '../../src/protocol/api_keys.ts';
import { ErrorCode, type ErrorName } from '../../src/protocol/errors.ts';

const notLed = 'UNKNOWN_TOPIC_OR_PARTITION NOT_LEADER_OR_FOLLOWER KAFKA_STORAGE_ERROR';
const epochs = 'FENCED_LEADER_EPOCH UNKNOWN_LEADER_EPOCH';
const records =
  'CORRUPT_MESSAGE INVALID_RECORD INVALID_TIMESTAMP MESSAGE_TOO_LARGE RECORD_LIST_TOO_LARGE ' +
  'UNSUPPORTED_COMPRESSION_TYPE UNSUPPORTED_FOR_MESSAGE_FORMAT';
const producers =
  'OUT_OF_ORDER_SEQUENCE_NUMBER DUPLICATE_SEQUENCE_NUMBER INVALID_PRODUCER_EPOCH UNKNOWN_PRODUCER_ID ' +
  'INVALID_TXN_STATE TRANSACTIONAL_ID_AUTHORIZATION_FAILED';
const sessions = 'FETCH_SESSION_ID_NOT_FOUND INVALID_FETCH_SESSION_EPOCH FETCH_SESSION_TOPIC_ID_ERROR';
const configs = 'INVALID_CONFIG INVALID_REQUEST INVALID_TOPIC_EXCEPTION UNKNOWN_TOPIC_OR_PARTITION';
const shapes =
  'INVALID_PARTITIONS INVALID_REPLICATION_FACTOR INVALID_REPLICA_ASSIGNMENT POLICY_VIOLATION REQUEST_TIMED_OUT';

const texts: Partial<Record<ApiName, string>> = {
  Produce: `${notLed} ${records} ${producers} UNKNOWN_TOPIC_ID INVALID_REQUIRED_ACKS REQUEST_TIMED_OUT INVALID_TOPIC_EXCEPTION NOT_ENOUGH_REPLICAS`,
  Fetch: `${notLed} ${epochs} ${sessions} OFFSET_OUT_OF_RANGE UNKNOWN_TOPIC_ID INCONSISTENT_TOPIC_ID`,
  ListOffsets: `${notLed} ${epochs} INVALID_REQUEST UNSUPPORTED_VERSION`,
  Metadata: `UNKNOWN_TOPIC_OR_PARTITION UNKNOWN_TOPIC_ID INVALID_TOPIC_EXCEPTION INVALID_REQUEST LEADER_NOT_AVAILABLE`,
  ApiVersions: 'INVALID_REQUEST',
  CreateTopics: `${shapes} ${configs} TOPIC_ALREADY_EXISTS`,
  DeleteTopics: 'INVALID_REQUEST UNKNOWN_TOPIC_ID UNKNOWN_TOPIC_OR_PARTITION REQUEST_TIMED_OUT',
  DeleteRecords: `${notLed} OFFSET_OUT_OF_RANGE INVALID_TOPIC_EXCEPTION POLICY_VIOLATION`,
  InitProducerId: 'INVALID_REQUEST COORDINATOR_NOT_AVAILABLE COORDINATOR_LOAD_IN_PROGRESS',
  OffsetForLeaderEpoch: `${notLed} ${epochs}`,
  DescribeLogDirs: 'KAFKA_STORAGE_ERROR',
  DescribeProducers: `${notLed} INVALID_TOPIC_EXCEPTION`,
  DescribeConfigs: configs,
  AlterConfigs: `${configs} REQUEST_TIMED_OUT`,
  IncrementalAlterConfigs: `${configs} REQUEST_TIMED_OUT`,
  CreatePartitions: `${shapes} INVALID_REQUEST UNKNOWN_TOPIC_OR_PARTITION`,
  DescribeQuorum: 'UNKNOWN_TOPIC_OR_PARTITION',
  UpdateFeatures: 'INVALID_UPDATE_VERSION INVALID_REQUEST REQUEST_TIMED_OUT',
  DescribeCluster: 'MISMATCHED_ENDPOINT_TYPE UNSUPPORTED_ENDPOINT_TYPE',
  ListConfigResources: 'UNSUPPORTED_VERSION',
  DescribeTopicPartitions: 'INVALID_REQUEST INVALID_TOPIC_EXCEPTION UNKNOWN_TOPIC_OR_PARTITION LEADER_NOT_AVAILABLE',
};

/**
 * The errors with which each API may refuse a well-formed request: those that Apache Kafka gives there. Anything else,
 * UNKNOWN_SERVER_ERROR first of all, is an accident.
 */
export const refusals: Partial<Record<ApiName, ReadonlySet<number>>> = Object.fromEntries(
  Object.entries(texts).map(([api, text]) => [api, new Set(text.split(' ').map(codeOf))]),
);

function codeOf(name: string): number {
  if (!(name in ErrorCode)) throw new Error(`${name} is no error`);
  return ErrorCode[name as ErrorName];
}
