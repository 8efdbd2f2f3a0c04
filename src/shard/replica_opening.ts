import type { NodeConfig } from '../config/node_config.ts';
import type { BatchScanner } from '../log/batch_scanner.ts';
import { hexadecimalOf, strayDirectoryName } from '../log/log_deletion.ts';
import { LogFailure } from '../log/log_failure.ts';
import { PartitionLog } from '../log/partition_log.ts';
import { readPartitionMetadata, writePartitionMetadata } from '../log/partition_metadata.ts';
import { RowPublication } from '../log/row_publication.ts';
import type { RecoveryPoints } from '../shared-memory/recovery_points.ts';
import type { SegmentHeap } from '../shared-memory/segment_lists.ts';
import { SegmentListWriter } from '../shared-memory/segment_lists.ts';
import type { ThreadMemory } from '../shared-memory/thread_memory.ts';
import type { Replica } from './replica.ts';
import { logConfigOf } from './replica_config.ts';
import type { ShardPorts } from './shard_ports.ts';

export interface ReplicaOpeningOptions {
  readonly ports: ShardPorts;
  readonly config: NodeConfig;
  readonly memory: ThreadMemory;
  readonly heap: SegmentHeap;
  readonly recoveryPoints: RecoveryPoints;
}

/** Opens the log of a replica, in a directory that is made when it is not there. Null, or why it cannot be. Blocks. */
export function openReplicaLog(
  replica: Replica,
  options: ReplicaOpeningOptions,
  scanner: BatchScanner,
): LogFailure | null {
  const { ports, memory, heap, recoveryPoints } = options;
  const { disk, kernels, clock, entropy } = ports;
  const { identity, row } = replica;
  const failure = claimDirectory(replica, options);
  if (failure !== null) return failure;
  const publication = new RowPublication(row, new SegmentListWriter(heap, row));
  const opened = PartitionLog.open({
    disk,
    kernels,
    clock,
    entropy,
    directory: identity.directory,
    config: logConfigOf(replica.topicConfig),
    indexTail: memory.indexTailWriter(identity.slot),
    publication,
    logStartOffset: row.logStartOffset,
    recoveryPoint: recoveryPoints.get(identity.slot),
    // Whatever a crash left was recovered before the row came here.
    cleanShutdown: true,
    damageAboveRecoveryPoint: 'cut',
    undoesLater: true,
    scanner,
  });
  if (opened instanceof LogFailure) return opened;
  replica.log = opened;
  replica.publication = publication;
  return null;
}

/** Makes sure that the directory is this replica's: made for it, or bearing the topic's id. */
function claimDirectory(replica: Replica, options: ReplicaOpeningOptions): LogFailure | null {
  const { disk, kernels } = options.ports;
  const { directory, topicId } = replica.identity;
  const made = disk.makeDirectory(directory);
  if (made !== null) return LogFailure.ofDisk(made);
  const known = readPartitionMetadata(disk, kernels, directory);
  if (known instanceof LogFailure) return known;
  if (known === topicId) return null;
  if (known !== null) {
    const failure = setAside(replica, known, options);
    if (failure !== null) return failure;
  }
  const failure = writePartitionMetadata(disk, kernels, directory, topicId);
  if (failure !== null) return failure;
  const unsynced = disk.syncDirectory(parentOf(directory));
  return unsynced === null ? null : LogFailure.ofDisk(unsynced);
}

/**
 * The directory is of a topic that had the same name: one whose deletion a crash has undone, or a copy of something else.
 * It is kept for a person to look at, and the replica begins with nothing: what checkpoints say is of the other one.
 */
function setAside(replica: Replica, topicId: string, options: ReplicaOpeningOptions): LogFailure | null {
  const { ports, recoveryPoints } = options;
  const { identity, row } = replica;
  const stray = strayDirectoryName(identity.topic, identity.partition, hexadecimalOf(topicId));
  ports.log.warn('a directory of another topic of the same name is set aside', {
    directory: identity.directory,
    stray,
  });
  const error = ports.disk.rename(identity.directory, `${parentOf(identity.directory)}/${stray}`);
  if (error !== null) return LogFailure.ofDisk(error);
  row.logStartOffset = 0;
  row.highWatermark = 0;
  recoveryPoints.set(identity.slot, 0);
  return null;
}

export function parentOf(directory: string): string {
  return directory.slice(0, directory.lastIndexOf('/'));
}
