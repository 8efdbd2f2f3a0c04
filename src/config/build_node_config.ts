import { resolveListeners } from './listeners.ts';
import type {
  AddressCap,
  FlushPolicy,
  NetworkConfig,
  NodeConfig,
  NodeRole,
  ReplicationConfig,
  StorageConfig,
  TopicDefaults,
} from './node_config.ts';
import { parseAddressCaps } from './address_caps.ts';
import { checkOrder } from './ordered_keys.ts';
import type { Findings } from './problems.ts';
import { checkQuorum } from './quorum_checks.ts';
import { retentionMs, topicConfigOfNode } from './topic_config.ts';
import { InvalidValue } from './value.ts';
import type { ConfigValues } from './values.ts';

/** What this machine offers, as far as the defaults depend on it. */
export interface MachineFacts {
  /** The name that a listener on every address advertises. */
  readonly hostName: string;
  /** Cores that this process may use, at least 1: the quota of its cgroup, not the number of the machine's. */
  readonly cores: number;
  /** Memory that this process may use, in bytes: the limit of its cgroup, not what the machine has. */
  readonly memoryBytes: number;
  /** Who says so, in a few words, for whoever asks where a default comes from. */
  readonly coresFrom?: string;
  readonly memoryFrom?: string;
}

const MIB = 1024 * 1024;
/** As `millrace.shards` allows. */
export const SHARDS_MAX = 62;
/** Buffers take a quarter of the memory that there is, and no more than this unless told to. */
const ARENAS_BYTES_MAX = 512 * MIB;

/**
 * One for each core. Of two cores one is left to control, to the background and to the kernel: a second shard would do
 * less there than its crossings cost (docs/tuning.md).
 */
export function defaultShards(cores: number): number {
  return cores < 3 ? 1 : Math.min(SHARDS_MAX, Math.floor(cores));
}

/** Makes the configuration of a node of the values, with all cross checks. Null: findings say why not. */
export function buildNodeConfig(values: ConfigValues, machine: MachineFacts, findings: Findings): NodeConfig | null {
  const errorsBefore = findings.errors.length;
  const roles = readRoles(values, findings);
  const set = resolveListeners(values, roles, machine.hostName, findings);
  const nodeId = readNodeId(values, findings);
  checkQuorum(values, roles, nodeId, findings);
  const shards = values.numberOrNull('millrace.shards') ?? defaultShards(machine.cores);
  const network = readNetwork(values, machine, shards, findings);
  const storage = readStorage(values, findings);
  const replication = readReplication(values, findings);
  checkTopicDefaults(values, findings);
  checkOrder(values, findings);
  if (set === null || findings.errors.length > errorsBefore) return null;
  return {
    nodeId,
    roles,
    rack: values.textOrNull('broker.rack'),
    shards,
    startTimeoutMs: values.number('millrace.start.timeout.ms'),
    listeners: set.listeners,
    interBrokerListener: set.interBrokerListener,
    quorum: { hasStaticVoters: values.list('controller.quorum.voters').length > 0 },
    network,
    storage,
    replication,
    topics: readTopicDefaults(values),
    groups: {
      offsetsTopicPartitions: values.number('offsets.topic.num.partitions'),
      offsetsTopicReplicationFactor: values.number('offsets.topic.replication.factor'),
      offsetsTopicSegmentBytes: values.number('offsets.topic.segment.bytes'),
    },
    written: [...values.all()]
      .filter(({ origin }) => origin.kind !== 'default')
      .map(({ key, text, isSecret, origin }) => ({
        name: key.name,
        text: isSecret ? null : text,
        place: origin.place,
      })),
  };
}

function readRoles(values: ConfigValues, findings: Findings): readonly NodeRole[] {
  const roles = values.list('process.roles') as readonly NodeRole[];
  if (roles.length === 0) findings.error(values, 'process.roles', 'must be broker, controller, or both');
  if (new Set(roles).size < roles.length) findings.error(values, 'process.roles', 'must not name a role twice');
  return roles;
}

function readNodeId(values: ConfigValues, findings: Findings): number {
  const nodeId = values.number('node.id');
  const brokerId = values.number('broker.id');
  if (!values.isWritten('broker.id') || brokerId === -1) return nodeId;
  if (brokerId < 0) findings.error(values, 'broker.id', 'must be at least 0');
  if (!values.isWritten('node.id')) return brokerId;
  if (brokerId !== nodeId) findings.error(values, 'broker.id', `must be the same as node.id, which is ${nodeId}`);
  return nodeId;
}

function readNetwork(values: ConfigValues, machine: MachineFacts, shards: number, findings: Findings): NetworkConfig {
  const requestBytesMax = longestRequest(values, machine, shards);
  const ringBytes = values.number('millrace.ring.bytes');
  if (!Number.isInteger(Math.log2(ringBytes))) {
    findings.error(values, 'millrace.ring.bytes', 'must be a power of two');
  }
  for (const key of ['socket.receive.buffer.bytes', 'socket.send.buffer.bytes'] as const) {
    const bytes = values.number(key);
    if (bytes < -1 || bytes === 0) findings.error(values, key, 'must be at least 1, or -1');
  }
  return {
    connectionsMax: values.number('max.connections'),
    connectionsPerAddressMax: values.number('max.connections.per.ip'),
    connectionsPerAddressOverrides: readAddressCaps(values, findings),
    connectionCreationRateMax: values.number('max.connection.creation.rate'),
    connectionIdleMsMax: values.number('connections.max.idle.ms'),
    requestBytesMax,
    arenaBytes: arenaBytes(values, machine, shards, requestBytesMax, findings),
    ringBytes,
    frameIdleMs: values.number('millrace.frame.idle.ms'),
    socketReceiveBufferBytes: values.number('socket.receive.buffer.bytes'),
    socketSendBufferBytes: values.number('socket.send.buffer.bytes'),
    listenBacklog: values.number('socket.listen.backlog.size'),
    fetchBytesMax: values.number('fetch.max.bytes'),
    fetchSessionsMax: values.number('max.incremental.fetch.session.cache.slots'),
    requestTimeoutMs: values.number('request.timeout.ms'),
    describedPartitionsMax: values.number('max.request.partition.size.limit'),
  };
}

/**
 * What `socket.request.max.bytes` says. Its default is less where the arenas that hold such requests would be more than
 * half of the memory: there a long request is refused rather than the process killed.
 */
function longestRequest(values: ConfigValues, machine: MachineFacts, shards: number): number {
  const bytes = values.number('socket.request.max.bytes');
  const isChosen = ['socket.request.max.bytes', 'millrace.arena.bytes', 'queued.max.request.bytes'] as const;
  if (isChosen.some((key) => values.isWritten(key)) || shards * bytes <= machine.memoryBytes / 2) return bytes;
  return Math.min(bytes, Math.max(8 * MIB, Math.floor(machine.memoryBytes / 4 / shards / MIB) * MIB));
}

/** Every frame that is allowed must fit, so an arena is never smaller than the longest one. */
function arenaBytes(
  values: ConfigValues,
  machine: MachineFacts,
  shards: number,
  requestBytesMax: number,
  findings: Findings,
): number {
  const written = values.numberOrNull('millrace.arena.bytes');
  if (written !== null) {
    if (written < requestBytesMax) {
      findings.error(values, 'millrace.arena.bytes', `must hold socket.request.max.bytes, which is ${requestBytesMax}`);
    }
    return written;
  }
  const queuedBytesMax = values.number('queued.max.request.bytes');
  if (queuedBytesMax > 0 && queuedBytesMax < requestBytesMax) {
    findings.error(
      values,
      'queued.max.request.bytes',
      `must be at least socket.request.max.bytes, which is ${requestBytesMax}, or -1`,
    );
  }
  const all = queuedBytesMax > 0 ? queuedBytesMax : Math.min(ARENAS_BYTES_MAX, machine.memoryBytes / 4);
  const ofOne = Math.floor(all / shards / MIB) * MIB;
  const enough = Math.ceil(requestBytesMax / MIB) * MIB;
  return Math.min(2047 * MIB, Math.max(8 * MIB, enough, ofOne));
}

function readAddressCaps(values: ConfigValues, findings: Findings): readonly AddressCap[] {
  const key = 'max.connections.per.ip.overrides';
  const caps = parseAddressCaps(values.text(key));
  if (caps instanceof InvalidValue) {
    findings.error(values, key, caps.requirement);
    return [];
  }
  if (values.number('max.connections.per.ip') === 0 && caps.length === 0) {
    findings.error(values, 'max.connections.per.ip', `must be above 0 unless ${key} lets some addresses in`);
  }
  return caps;
}

function readStorage(values: ConfigValues, findings: Findings): StorageConfig {
  const key = values.listOrNull('log.dirs') === null ? 'log.dir' : 'log.dirs';
  const directories = values.list(key).map(withoutTrailingSlash);
  if (directories.length === 0) findings.error(values, key, 'must name at least one directory');
  if (new Set(directories).size < directories.length) {
    findings.error(values, key, 'must not name a directory twice');
  }
  const cordoned = values.list('cordoned.log.dirs').map(withoutTrailingSlash);
  const unknown = cordoned.find((directory) => directory !== '*' && !directories.includes(directory));
  if (unknown !== undefined) {
    findings.error(values, 'cordoned.log.dirs', `must be among the directories of ${key}, which ${unknown} is not`);
  }
  const metadataDirectory = values.textOrNull('metadata.log.dir');
  return {
    directories,
    metadataDirectory: metadataDirectory === null ? (directories[0] ?? '') : withoutTrailingSlash(metadataDirectory),
    partitionsMax: values.number('millrace.partitions.max'),
    diskBrakePercent: values.number('millrace.disk.brake.percent'),
    flushPolicy: values.text('millrace.flush.policy') as FlushPolicy,
    flushIntervalMs: values.number('millrace.flush.interval.ms'),
    flushSchedulerIntervalMs: values.number('log.flush.scheduler.interval.ms'),
    recoveryPointCheckpointIntervalMs: values.number('log.flush.offset.checkpoint.interval.ms'),
    logStartOffsetCheckpointIntervalMs: values.number('log.flush.start.offset.checkpoint.interval.ms'),
    retentionCheckIntervalMs: values.number('log.retention.check.interval.ms'),
    producerExpirationCheckIntervalMs: values.number('producer.id.expiration.check.interval.ms'),
    recoveryThreadsPerDirectory: values.number('num.recovery.threads.per.data.dir'),
    backgroundThreads: values.number('background.threads'),
    metadata: {
      segmentBytes:
        values.numberOrNull('internal.metadata.log.segment.bytes') ?? values.number('metadata.log.segment.bytes'),
      segmentMs: values.number('metadata.log.segment.ms'),
      bytesBetweenSnapshotsMax: values.number('metadata.log.max.record.bytes.between.snapshots'),
      snapshotIntervalMsMax: values.number('metadata.log.max.snapshot.interval.ms'),
      // Nobody follows a quorum of one node: its log rests unless somebody asks for signs of life, which cost syncs.
      idleMsMax: values.isWritten('metadata.max.idle.interval.ms') ? values.number('metadata.max.idle.interval.ms') : 0,
      retentionBytesMax: values.number('metadata.max.retention.bytes'),
      retentionMsMax: values.number('metadata.max.retention.ms'),
      fileDeleteDelayMs: values.number('internal.metadata.delete.delay.millis'),
    },
  };
}

function withoutTrailingSlash(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') || '/' : path;
}

function readReplication(values: ConfigValues, findings: Findings): ReplicationConfig {
  const waitMsMax = values.number('replica.fetch.wait.max.ms');
  const lagMsMax = values.number('replica.lag.time.max.ms');
  if (waitMsMax > values.number('replica.socket.timeout.ms')) {
    findings.error(values, 'replica.fetch.wait.max.ms', 'must not be above replica.socket.timeout.ms');
  }
  if (waitMsMax > lagMsMax) {
    findings.error(values, 'replica.fetch.wait.max.ms', 'must not be above replica.lag.time.max.ms');
  }
  return {
    replicaLagMsMax: lagMsMax,
    replicaFetchBytesMax: values.number('replica.fetch.max.bytes'),
    replicaFetchResponseBytesMax: values.number('replica.fetch.response.max.bytes'),
    replicaFetchBytesMin: values.number('replica.fetch.min.bytes'),
    replicaFetchWaitMsMax: waitMsMax,
    highWatermarkCheckpointIntervalMs: values.number('replica.high.watermark.checkpoint.interval.ms'),
  };
}

function checkTopicDefaults(values: ConfigValues, findings: Findings): void {
  if (retentionMs(values) === 0) {
    const key =
      values.numberOrNull('log.retention.ms') !== null
        ? 'log.retention.ms'
        : values.numberOrNull('log.retention.minutes') !== null
          ? 'log.retention.minutes'
          : 'log.retention.hours';
    findings.error(values, key, 'must be at least 1, or -1 for ever');
  }
  if (values.number('message.max.bytes') > values.number('socket.request.max.bytes')) {
    findings.warn(values, 'message.max.bytes', 'is above socket.request.max.bytes, which bounds whole requests');
  }
  if (values.number('log.cleaner.min.compaction.lag.ms') > values.number('log.cleaner.max.compaction.lag.ms')) {
    findings.error(values, 'log.cleaner.min.compaction.lag.ms', 'must not be above log.cleaner.max.compaction.lag.ms');
  }
}

function readTopicDefaults(values: ConfigValues): TopicDefaults {
  return {
    partitions: values.number('num.partitions'),
    replicationFactor: values.number('default.replication.factor'),
    autoCreate: values.boolean('auto.create.topics.enable'),
    deletable: values.boolean('delete.topic.enable'),
    config: topicConfigOfNode(values),
  };
}
