/**
 * The configuration of one node as its threads need it: checked, complete, in the units of the field names, and plain
 * (structured-cloneable), so that it can be handed to every thread. What the administrator wrote, with its origin,
 * is in `ResolvedConfig`; this is what follows from it.
 */
export interface NodeConfig {
  /** `node.id` (or `broker.id`, its old name). */
  readonly nodeId: number;
  readonly roles: readonly NodeRole[];
  /** `broker.rack` */
  readonly rack: string | null;
  /** How many shard threads run, at least 1. */
  readonly shards: number;
  /** `millrace.start.timeout.ms`: a start that makes no progress for so long has failed. */
  readonly startTimeoutMs: number;
  readonly listeners: readonly ListenerConfig[];
  /** Name of the listener by which brokers reach each other. Always one of `listeners`. */
  readonly interBrokerListener: string;
  readonly quorum: QuorumConfig;
  readonly network: NetworkConfig;
  readonly storage: StorageConfig;
  readonly replication: ReplicationConfig;
  readonly topics: TopicDefaults;
  readonly groups: GroupConfig;
  /** What the administrator wrote, for DescribeConfigs: keys of the tables only, each once, sorted by name. */
  readonly written: readonly WrittenSetting[];
}

export interface WrittenSetting {
  readonly name: string;
  /** Null: a password or secret, which does not leave control. */
  readonly text: string | null;
  /** "server.properties:12", "KAFKA_LISTENERS", "--override" */
  readonly place: string;
}

export type NodeRole = 'broker' | 'controller';

export type SecurityProtocol = 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL';

export interface ListenerConfig {
  /** As written in `listeners`; upper case by Kafka's convention. Unique. */
  readonly name: string;
  readonly securityProtocol: SecurityProtocol;
  /** Where to listen: a name or literal without brackets; '' is every address, dual-stack where there is IPv6. */
  readonly host: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
  /** What clients are told. Null for a controller listener that is not advertised. */
  readonly advertised: AdvertisedAddress | null;
  /** Whether this is one of `controller.listener.names`: quorum requests come here, and no client traffic. */
  readonly isController: boolean;
  /** `listener.name.<name>.max.connections`, or no bound of its own. */
  readonly connectionsMax: number;
  /** `listener.name.<name>.max.connection.creation.rate`: per second, or no bound of its own. */
  readonly connectionCreationRateMax: number;
}

export interface AdvertisedAddress {
  readonly host: string;
  /** 0: the port that the kernel chose for the listener. */
  readonly port: number;
}

/** Bounds on connections and what they may hold. A count without a bound is 2147483647. */
export interface NetworkConfig {
  /** `max.connections`: of the whole node. */
  readonly connectionsMax: number;
  /** `max.connections.per.ip` */
  readonly connectionsPerAddressMax: number;
  /** `max.connections.per.ip.overrides`: literal addresses or names, as written. */
  readonly connectionsPerAddressOverrides: readonly AddressCap[];
  /** `max.connection.creation.rate`: per second, of the whole node. */
  readonly connectionCreationRateMax: number;
  /** `connections.max.idle.ms`; negative: never closed for being idle. */
  readonly connectionIdleMsMax: number;
  /** `socket.request.max.bytes`: a longer frame closes its connection. */
  readonly requestBytesMax: number;
  /** `millrace.arena.bytes`: memory for requests, of each shard. At least `requestBytesMax`. */
  readonly arenaBytes: number;
  /** `millrace.ring.bytes`: of each ring between two threads, a power of two. */
  readonly ringBytes: number;
  /** `millrace.frame.idle.ms`: a frame that makes no progress for so long closes its connection. */
  readonly frameIdleMs: number;
  /** `socket.receive.buffer.bytes`; -1: the operating system's default. */
  readonly socketReceiveBufferBytes: number;
  /** `socket.send.buffer.bytes`; -1: the operating system's default. */
  readonly socketSendBufferBytes: number;
  /** `socket.listen.backlog.size` */
  readonly listenBacklog: number;
  /** `fetch.max.bytes`: of one Fetch response, whatever the client asks for. */
  readonly fetchBytesMax: number;
  /** `max.incremental.fetch.session.cache.slots`: of the whole node. */
  readonly fetchSessionsMax: number;
  /** `request.timeout.ms`: of requests that wait for other nodes or threads. */
  readonly requestTimeoutMs: number;
  /** `max.request.partition.size.limit`: partitions in one DescribeTopicPartitions response. */
  readonly describedPartitionsMax: number;
}

export interface AddressCap {
  readonly address: string;
  readonly connectionsMax: number;
}

/** When appended bytes are made to survive a loss of power, beside `flush.messages` and `flush.ms` of a topic. */
export type FlushPolicy = 'never' | 'interval' | 'acknowledged';

export interface StorageConfig {
  /** `log.dirs` (or `log.dir`), not empty, as written; relative ones to the working directory. */
  readonly directories: readonly string[];
  /** `metadata.log.dir`, or the first of `directories`. */
  readonly metadataDirectory: string;
  /** `millrace.partitions.max`: rows of the partition table. */
  readonly partitionsMax: number;
  /** `millrace.disk.brake.percent` */
  readonly diskBrakePercent: number;
  readonly flushPolicy: FlushPolicy;
  /** `millrace.flush.interval.ms`: with the policy `interval`, how old unflushed bytes get. */
  readonly flushIntervalMs: number;
  /** `log.flush.scheduler.interval.ms`: how often logs are looked at for `flush.ms`. */
  readonly flushSchedulerIntervalMs: number;
  /** `log.flush.offset.checkpoint.interval.ms` */
  readonly recoveryPointCheckpointIntervalMs: number;
  /** `log.flush.start.offset.checkpoint.interval.ms` */
  readonly logStartOffsetCheckpointIntervalMs: number;
  /** `log.retention.check.interval.ms` */
  readonly retentionCheckIntervalMs: number;
  /** `producer.id.expiration.check.interval.ms` */
  readonly producerExpirationCheckIntervalMs: number;
  /** `num.recovery.threads.per.data.dir` */
  readonly recoveryThreadsPerDirectory: number;
  /** `background.threads` */
  readonly backgroundThreads: number;
  readonly metadata: MetadataStorageConfig;
}

/** The metadata log, its snapshots, and how much of both is kept. */
export interface MetadataStorageConfig {
  /** `metadata.log.segment.bytes`, or `internal.metadata.log.segment.bytes` where it is set. */
  readonly segmentBytes: number;
  /** `metadata.log.segment.ms` */
  readonly segmentMs: number;
  /** `metadata.log.max.record.bytes.between.snapshots` */
  readonly bytesBetweenSnapshotsMax: number;
  /** `metadata.log.max.snapshot.interval.ms`; 0: snapshots are made by bytes alone. */
  readonly snapshotIntervalMsMax: number;
  /** `metadata.max.idle.interval.ms` where it is set; 0: nothing is written while there is nothing to say. */
  readonly idleMsMax: number;
  /** `metadata.max.retention.bytes`; negative: without a bound. */
  readonly retentionBytesMax: number;
  /** `metadata.max.retention.ms`; negative: without a bound. */
  readonly retentionMsMax: number;
  /** `internal.metadata.delete.delay.millis` */
  readonly fileDeleteDelayMs: number;
}

export interface QuorumConfig {
  /** `controller.quorum.voters` names the voters; otherwise the metadata log does (KIP-853). */
  readonly hasStaticVoters: boolean;
}

export interface ReplicationConfig {
  /** `replica.lag.time.max.ms` */
  readonly replicaLagMsMax: number;
  /** `replica.fetch.max.bytes` */
  readonly replicaFetchBytesMax: number;
  /** `replica.fetch.response.max.bytes` */
  readonly replicaFetchResponseBytesMax: number;
  /** `replica.fetch.min.bytes` */
  readonly replicaFetchBytesMin: number;
  /** `replica.fetch.wait.max.ms` */
  readonly replicaFetchWaitMsMax: number;
  /** `replica.high.watermark.checkpoint.interval.ms` */
  readonly highWatermarkCheckpointIntervalMs: number;
}

/** What a new topic gets unless its creator says otherwise. */
export interface TopicDefaults {
  /** `num.partitions` */
  readonly partitions: number;
  /** `default.replication.factor` */
  readonly replicationFactor: number;
  /** `auto.create.topics.enable` */
  readonly autoCreate: boolean;
  /** `delete.topic.enable` */
  readonly deletable: boolean;
  /** The topic settings that follow from this node's `log.*` keys. */
  readonly config: TopicConfig;
}

export type CleanupPolicy = 'delete' | 'compact';
export type TimestampType = 'CreateTime' | 'LogAppendTime';
export type CompressionType = 'producer' | 'uncompressed' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/**
 * The settings of one topic. Durations and sizes that mean "for ever" or "no bound" keep Kafka's value (-1, or
 * 2^63 - 1, which as a number is 9223372036854775807 rounded: compare with `>=`, never by `===`).
 */
export interface TopicConfig {
  /** Empty: nothing is ever removed. */
  readonly cleanupPolicy: readonly CleanupPolicy[];
  readonly compressionType: CompressionType;
  readonly compressionGzipLevel: number;
  readonly compressionLz4Level: number;
  readonly compressionZstdLevel: number;
  readonly deleteRetentionMs: number;
  readonly fileDeleteDelayMs: number;
  readonly flushMessages: number;
  readonly flushMs: number;
  readonly indexIntervalBytes: number;
  readonly localRetentionBytes: number;
  readonly localRetentionMs: number;
  readonly maxCompactionLagMs: number;
  readonly maxMessageBytes: number;
  readonly messageTimestampAfterMaxMs: number;
  readonly messageTimestampBeforeMaxMs: number;
  readonly messageTimestampType: TimestampType;
  readonly minCleanableDirtyRatio: number;
  readonly minCompactionLagMs: number;
  readonly minInsyncReplicas: number;
  readonly preallocate: boolean;
  /** `producer.id.expiration.ms` of the node: no topic sets it. */
  readonly producerIdExpirationMs: number;
  readonly remoteStorageEnable: boolean;
  readonly retentionBytes: number;
  readonly retentionMs: number;
  readonly segmentBytes: number;
  readonly segmentIndexBytes: number;
  readonly segmentJitterMs: number;
  readonly segmentMs: number;
  readonly uncleanLeaderElectionEnable: boolean;
}

/** Topics that the broker makes for itself. */
export interface GroupConfig {
  /** `offsets.topic.num.partitions` */
  readonly offsetsTopicPartitions: number;
  /** `offsets.topic.replication.factor` */
  readonly offsetsTopicReplicationFactor: number;
  /** `offsets.topic.segment.bytes` */
  readonly offsetsTopicSegmentBytes: number;
}
