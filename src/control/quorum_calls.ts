import { ZERO_UUID } from '../base/uuid.ts';
import type { NodeConfig } from '../config/node_config.ts';
import { METADATA_TOPIC } from '../metadata/metadata_log.ts';
import type { Clock } from '../port/clock.ts';
import { ErrorCode } from '../protocol/errors.ts';
import type { DescribeQuorumRequest, describeQuorumResponse } from '../protocol/schema/55_describe_quorum.ts';
import type { Encodable } from '../protocol/schema_language.ts';
import type { ClusterMetadata } from './cluster_metadata.ts';

type Answer = Encodable<typeof describeQuorumResponse>;
type Partition = Answer['topics'][number]['partitions'][number];

/** What control tells of the quorum, whose one voter it is. */
export class QuorumCalls {
  readonly #clock: Clock;
  readonly #config: NodeConfig;
  readonly #metadata: ClusterMetadata;

  constructor(clock: Clock, config: NodeConfig, metadata: ClusterMetadata) {
    this.#clock = clock;
    this.#config = config;
    this.#metadata = metadata;
  }

  describe({ topics }: DescribeQuorumRequest): Answer {
    // Who asks for more than the one partition that there is gets nothing, as from Kafka.
    const [only, ...others] = topics;
    const isTold =
      others.length === 0 &&
      only?.topicName === METADATA_TOPIC &&
      only.partitions.length === 1 &&
      only.partitions[0]!.partitionIndex === 0;
    return {
      errorCode: ErrorCode.NONE,
      errorMessage: '',
      topics: topics.map(({ topicName, partitions }) => ({
        topicName,
        partitions: partitions.map(({ partitionIndex }) => (isTold ? this.#describeLog() : unknown(partitionIndex))),
      })),
      nodes: isTold ? this.#nodes() : [],
    };
  }

  #describeLog(): Partition {
    const { nodeId } = this.#config;
    const { log } = this.#metadata;
    const end = log.nextOffset;
    const nowMs = this.#clock.wallMs();
    const voter = log.quorum.voters.find(({ id }) => id === nodeId);
    return {
      partitionIndex: 0,
      errorCode: ErrorCode.NONE,
      errorMessage: '',
      leaderId: nodeId,
      leaderEpoch: log.epochOf(end - 1),
      // What is in the log of the one voter is committed.
      highWatermark: end,
      currentVoters: [
        {
          replicaId: nodeId,
          replicaDirectoryId: voter?.directoryId ?? ZERO_UUID,
          logEndOffset: end,
          lastFetchTimestamp: nowMs,
          lastCaughtUpTimestamp: nowMs,
        },
      ],
      observers: [],
    };
  }

  #nodes(): Answer['nodes'] {
    const { nodeId, listeners } = this.#config;
    const controllers = listeners.filter(({ isController }) => isController);
    const endpoints = controllers.map(({ name, advertised, host, port }) => ({
      name,
      host: advertised?.host ?? host,
      port: advertised?.port ?? port,
    }));
    return [{ nodeId, listeners: endpoints }];
  }
}

function unknown(partitionIndex: number): Partition {
  return {
    partitionIndex,
    errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    errorMessage: 'this quorum keeps the log of the metadata alone',
    leaderId: 0,
    leaderEpoch: 0,
    highWatermark: 0,
    currentVoters: [],
    observers: [],
  };
}
