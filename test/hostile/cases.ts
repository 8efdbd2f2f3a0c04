import { ErrorCode, type ErrorName } from '../../src/protocol/errors.ts';
import { type RequestFrame, requestOf } from './request_frame.ts';

/**
 * Requests that are well-formed and mean no good, each with what Apache Kafka 4.3 makes of it: the error codes that the
 * answer holds, in any place of it. Named after the hostile inputs of the catalogue.
 */
export interface HostileRequest {
  readonly name: string;
  readonly request: RequestFrame;
  /** Beside NONE, which may stand in every answer. */
  readonly errors: readonly ErrorName[];
  /** Apache Kafka has an accident here, and says UNKNOWN_SERVER_ERROR: why. */
  readonly accident?: string;
}

export const topic = 'cases';
const long = 9_223_372_036_854_775_807n;
const anyId = '3vJ8yQxNQhaRk0bd3Yb7Zg';
const many = 100_000;

const fetch = (name: string, fields: object, partition: object = {}, errors: readonly ErrorName[] = []) => {
  const asked = { partition: 0, fetchOffset: 0n, logStartOffset: -1n, partitionMaxBytes: 1000, ...partition };
  const topics = [{ topic, partitions: [asked] }];
  const value = { replicaId: -1, maxWaitMs: 0, minBytes: 0, maxBytes: 1000, isolationLevel: 0, sessionId: 0 };
  const rest = { sessionEpoch: -1, topics, forgottenTopicsData: [], rackId: '' };
  return { name: `Fetch ${name}`, request: requestOf('Fetch', 12, { ...value, ...rest, ...fields }), errors };
};
const fetchAt = (fetchOffset: bigint, errors: readonly ErrorName[]) =>
  fetch(`at offset ${fetchOffset}`, {}, { fetchOffset }, errors);
const list = (timestamp: bigint, errors: readonly ErrorName[] = [], version = 11) => {
  const partitions = [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp }];
  const value = { replicaId: -1, isolationLevel: 0, topics: [{ name: topic, partitions }], timeoutMs: 1000 };
  return { name: `ListOffsets ${version} at ${timestamp}`, request: requestOf('ListOffsets', version, value), errors };
};
const deleteTo = (offset: bigint, errors: readonly ErrorName[] = []) => {
  const value = { topics: [{ name: topic, partitions: [{ partitionIndex: 0, offset }] }], timeoutMs: 1000 };
  return { name: `DeleteRecords to ${offset}`, request: requestOf('DeleteRecords', 2, value), errors };
};
const create = (what: string, fields: object, errors: readonly ErrorName[]) => {
  const made = { name: 'made', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [], ...fields };
  const value = { topics: [made], timeoutMs: 60_000, validateOnly: true };
  return { name: `CreateTopics with ${what}`, request: requestOf('CreateTopics', 7, value), errors };
};
const tooLongToTell = 'what it would say quotes the value whole, and is too long for its own answer';
const configs = (value: string, count = 1) => Array.from({ length: count }, () => ({ name: 'retention.ms', value }));
const appendTo = (name: string, count: number, errors: readonly ErrorName[]) => {
  const change = { name, configOperation: 2, value: 'delete' };
  const resource = { resourceType: 2, resourceName: topic, configs: Array.from({ length: count }, () => change) };
  const value = { resources: [resource], validateOnly: true };
  const what = `IncrementalAlterConfigs, ${count} times appending to ${name}`;
  return { name: what, request: requestOf('IncrementalAlterConfigs', 1, value), errors };
};
const metadata = (name: string, errors: readonly ErrorName[]) => {
  const value = { topics: [{ topicId: 'AAAAAAAAAAAAAAAAAAAAAA', name }], allowAutoTopicCreation: false };
  const what = JSON.stringify(name.length > 20 ? `${name.slice(0, 20)}…` : name);
  return { name: `Metadata of ${what}`, request: requestOf('Metadata', 12, value), errors };
};
const metadataById = (version: number, topics: readonly object[], errors: readonly ErrorName[]) => ({
  name: `Metadata ${version} by ids`,
  request: requestOf('Metadata', version, { topics }),
  errors,
});
const epochOf = (leaderEpoch: number, currentLeaderEpoch: number, errors: readonly ErrorName[]) => {
  const partitions = [{ partition: 0, currentLeaderEpoch, leaderEpoch }];
  const value = { replicaId: -1, topics: [{ topic, partitions }] };
  const name = `OffsetForLeaderEpoch ${leaderEpoch} by one who knows ${currentLeaderEpoch}`;
  return { name, request: requestOf('OffsetForLeaderEpoch', 4, value), errors };
};

/** 5: names. */
const names: HostileRequest[] = [
  ...['ﬀ', '\u212a', 'a\u202eb', 'x\0', '..', 'a/../b', 'x'.repeat(250), 'x'.repeat(32_000)].map((name) =>
    metadata(name, ['INVALID_TOPIC_EXCEPTION']),
  ),
  metadata('x'.repeat(249), ['UNKNOWN_TOPIC_OR_PARTITION']),
  metadataById(10, [{ topicId: anyId, name: topic }], ['INVALID_REQUEST']),
  metadataById(11, [{ topicId: anyId, name: null }], ['INVALID_REQUEST']),
  metadataById(13, [{ topicId: anyId, name: null }], ['UNKNOWN_TOPIC_ID']),
];

/** 15: configurations of very many. */
const settings: HostileRequest[] = [
  {
    name: `DescribeConfigs of ${many} topics`,
    request: requestOf('DescribeConfigs', 4, {
      resources: Array.from({ length: many }, () => ({ resourceType: 2, resourceName: 'no', configurationKeys: [] })),
      includeSynonyms: true,
      includeDocumentation: true,
    }),
    errors: ['UNKNOWN_TOPIC_OR_PARTITION'],
  },
  appendTo('cleanup.policy', 1_000, ['INVALID_REQUEST']),
  appendTo('retention.ms', 1, ['INVALID_CONFIG']),
  ...(
    [
      [2, topic, 'INVALID_CONFIG'],
      [4, '1', 'INVALID_REQUEST'],
      [32, 'a-group', 'INVALID_CONFIG'],
    ] as const
  ).map(([resourceType, resourceName, error]) => {
    const name = { 2: 'retention.ms', 4: 'background.threads', 32: 'consumer.session.timeout.ms' }[resourceType];
    const resource = { resourceType, resourceName, configs: [{ name, configOperation: 0, value: '9'.repeat(0x7fff) }] };
    return {
      name: `IncrementalAlterConfigs of ${name} to a text of 32 kB`,
      request: requestOf('IncrementalAlterConfigs', 1, { resources: [resource], validateOnly: true }),
      errors: [error],
      accident: tooLongToTell,
    };
  }),
];

/** 16: fetches. */
const fetches: HostileRequest[] = [
  fetch('of 0 bytes', { maxBytes: 0 }),
  fetch('of 2^31-1 bytes', { maxBytes: 0x7fff_ffff }, { partitionMaxBytes: 0x7fff_ffff }),
  fetch('that waits for -1 ms', { maxWaitMs: -1, minBytes: 0x7fff_ffff }),
  fetch('that waits for -2^31 ms', { maxWaitMs: -0x8000_0000, minBytes: 1 }),
  fetch('in a session that nobody has', { sessionId: 12_345, sessionEpoch: 1 }, {}, ['FETCH_SESSION_ID_NOT_FOUND']),
  fetch('in session 0 at epoch 5', { sessionId: 0, sessionEpoch: 5 }, {}, ['FETCH_SESSION_ID_NOT_FOUND']),
  fetch('in epoch -2', { sessionId: 7, sessionEpoch: -2 }, {}, ['FETCH_SESSION_ID_NOT_FOUND']),
  fetch('by one who knows epoch 2^31-1', {}, { currentLeaderEpoch: 0x7fff_ffff }, ['UNKNOWN_LEADER_EPOCH']),
  fetch('from partition -1', {}, { partition: -1 }, ['UNKNOWN_TOPIC_OR_PARTITION']),
  fetch('from partition 2^31-1', {}, { partition: 0x7fff_ffff }, ['UNKNOWN_TOPIC_OR_PARTITION']),
  {
    name: 'Fetch of an id of no topic',
    request: requestOf('Fetch', 17, {
      maxWaitMs: 0,
      minBytes: 0,
      topics: [{ topicId: anyId, partitions: [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1 }] }],
      forgottenTopicsData: [],
    }),
    errors: ['UNKNOWN_TOPIC_ID'],
  },
  fetch(
    `of ${many} partitions`,
    {
      topics: [
        {
          topic: 'no',
          partitions: Array.from({ length: many }, (_, partition) => ({
            partition,
            fetchOffset: 0n,
            partitionMaxBytes: 1,
          })),
        },
      ],
    },
    {},
    ['UNKNOWN_TOPIC_OR_PARTITION'],
  ),
];

/** 17: offsets and timestamps at their edges. */
const offsets: HostileRequest[] = [
  ...[-2n, -5n, 1n, 1n << 53n, long, -long - 1n].map((offset) => fetchAt(offset, ['OFFSET_OUT_OF_RANGE'])),
  ...[-1n, -2n, -3n, 0n, 1n << 53n, long].map((timestamp) => list(timestamp)),
  list(-4n, ['UNSUPPORTED_VERSION'], 7),
  list(-7n, ['UNSUPPORTED_VERSION']),
  list(-long - 1n, ['UNSUPPORTED_VERSION']),
  ...[-2n, 1n, 1n << 53n, long, -long - 1n].map((offset) => deleteTo(offset, ['OFFSET_OUT_OF_RANGE'])),
  deleteTo(-1n),
  epochOf(0x7fff_ffff, -1, []),
  epochOf(-2, -1, []),
  epochOf(0, 0x7fff_ffff, ['UNKNOWN_LEADER_EPOCH']),
];

/** 22: topics of very many partitions. */
const creations: HostileRequest[] = [
  create('10^6 partitions', { numPartitions: 1_000_000 }, ['POLICY_VIOLATION']),
  create('10^4 replicas', { replicationFactor: 10_000 }, ['INVALID_REPLICATION_FACTOR']),
  create('0 replicas', { replicationFactor: 0 }, ['INVALID_REPLICATION_FACTOR']),
  {
    ...create('a setting of 32 kB', { configs: configs('9'.repeat(0x7fff)) }, ['INVALID_CONFIG']),
    accident: tooLongToTell,
  },
  create(
    'a replica on broker 2^31-1',
    {
      numPartitions: -1,
      replicationFactor: -1,
      assignments: [{ partitionIndex: 0, brokerIds: [0x7fff_ffff] }],
    },
    ['INVALID_REPLICA_ASSIGNMENT'],
  ),
  create(
    'partition -1 alone',
    {
      numPartitions: -1,
      replicationFactor: -1,
      assignments: [{ partitionIndex: -1, brokerIds: [1] }],
    },
    ['INVALID_REPLICA_ASSIGNMENT'],
  ),
];

export const hostileRequests = { names, settings, fetches, offsets, creations };

export const codesOf = (errors: readonly ErrorName[]): number[] => errors.map((name) => ErrorCode[name]);
