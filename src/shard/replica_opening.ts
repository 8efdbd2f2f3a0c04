import type { NodeConfig } from '../config/node_config.ts';
import type { BatchScanner } from '../log/batch_scanner.ts';
import type { LogConfig } from '../log/log_config.ts';
import { LogFailure } from '../log/log_failure.ts';
import { PartitionLog } from '../log/partition_log.ts';
import { RowPublication } from '../log/row_publication.ts';
import type { RecoveryPoints } from '../shared-memory/recovery_points.ts';
import type { SegmentHeap } from '../shared-memory/segment_lists.ts';
import { SegmentListWriter } from '../shared-memory/segment_lists.ts';
import type { ThreadMemory } from '../shared-memory/thread_memory.ts';
import type { Replica } from './replica.ts';
import type { ShardPorts } from './shard_ports.ts';

export interface ReplicaOpeningOptions {
  readonly ports: ShardPorts;
  readonly config: NodeConfig;
  readonly memory: ThreadMemory;
  readonly heap: SegmentHeap;
  readonly recoveryPoints: RecoveryPoints;
}

/** Opens the log of a replica in the directory that was claimed for it. Null, or why it cannot be. Blocks. */
export function openReplicaLog(
  replica: Replica,
  config: LogConfig,
  options: ReplicaOpeningOptions,
  scanner: BatchScanner,
): LogFailure | null {
  const { ports, memory, heap, recoveryPoints } = options;
  const { disk, kernels, clock, entropy } = ports;
  const { identity, row } = replica;
  const publication = new RowPublication(row, new SegmentListWriter(heap, row));
  const opened = PartitionLog.open({
    disk,
    kernels,
    clock,
    entropy,
    directory: identity.directory,
    config,
    indexTail: memory.indexTailWriter(identity.slot),
    publication,
    logStartOffset: row.logStartOffset,
    recoveryPoint: recoveryPoints.get(identity.slot),
    // Whatever a crash left was recovered before the row came here.
    cleanShutdown: true,
    closedEnd: row.logEndOffset,
    damageAboveRecoveryPoint: 'cut',
    undoesLater: true,
    scanner,
  });
  if (opened instanceof LogFailure) return opened;
  replica.log = opened;
  replica.publication = publication;
  return null;
}
