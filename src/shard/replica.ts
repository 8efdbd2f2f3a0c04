import type { TopicConfig } from '../config/node_config.ts';
import { formatDirectoryName } from '../log/directory_name.ts';
import type { LogFailure } from '../log/log_failure.ts';
import type { PartitionLog } from '../log/partition_log.ts';
import type { RowPublication } from '../log/row_publication.ts';
import type { LeaderPartition } from '../partition/leader_partition.ts';
import type { RowWriter } from '../shared-memory/row_writer.ts';

/** Which partition a replica is of, and where on this node it lies. Never changes. */
export interface ReplicaIdentity {
  readonly slot: number;
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  /** Index of the log directory, and the replica's own directory in it. */
  readonly logDirectory: number;
  readonly directory: string;
}

/** What the cluster's metadata says of the leadership. */
export interface Leadership {
  /** This node leads. */
  readonly isLeader: boolean;
  readonly leaderEpoch: number;
  /** Replicas that the partition has, in sync or not. */
  readonly replicaCount: number;
}

/**
 * A replica whose one writer this shard is. Having its log open is one thing, leading the partition another:
 *
 *     opening ─┬─► open ◄──────► leading
 *        ▲     └─► offline          │
 *        └─ what hindered it passed │        any ─► closing ─► released
 *
 * `log` is null until it is open, `leader` unless it leads. It stays offline when its log or its log directory has
 * failed. What others see of it stands in `row`, which is this shard's until the row is released.
 */
export class Replica {
  readonly identity: ReplicaIdentity;
  /** Of the row: the sender of an append may have meant another replica. */
  readonly incarnation: number;
  readonly row: RowWriter;
  leadership: Leadership;
  topicConfig: TopicConfig;
  log: PartitionLog | null = null;
  publication: RowPublication | null = null;
  leader: LeaderPartition | null = null;
  /** The leader takes nothing more, and its last write has not ended. */
  isSteppingDown = false;
  /** Its log directory is full: appends are refused. */
  hasNoRoom = false;
  /** Why it is offline, null while it is not. */
  failure: LogFailure | null = null;

  constructor(identity: ReplicaIdentity, row: RowWriter, leadership: Leadership, topicConfig: TopicConfig) {
    this.identity = identity;
    this.incarnation = row.incarnation;
    this.row = row;
    this.leadership = leadership;
    this.topicConfig = topicConfig;
  }
}

export function partitionDirectory(dataDirectory: string, topic: string, partition: number): string {
  return `${dataDirectory}/${formatDirectoryName(topic, partition)}`;
}
