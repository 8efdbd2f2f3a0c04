import type { NodeConfig } from '../config/node_config.ts';
import { partitionIndexBytes } from '../metadata/partition_index.ts';
import { metadataWatermarkBytes } from '../metadata/watermark.ts';
import type { Threads } from '../port/threads.ts';
import { allocateSharedMemory, type SharedMemory } from '../shared-memory/layout.ts';
import { PartitionSlots } from '../shared-memory/partition_table.ts';
import { recoveryPointsBytes } from '../shared-memory/recovery_points.ts';
import { ThreadMemory } from '../shared-memory/thread_memory.ts';
import { geometryOf } from './geometry.ts';

/** All memory that the threads of the node share, allocated once by control, and control's own view of it. */
export interface NodeMemory {
  readonly shared: SharedMemory;
  readonly ofControl: ThreadMemory;
  /** Which rows are taken; given by control alone. */
  readonly slots: PartitionSlots;
  /** See `MetadataWatermark`, `PartitionIndex` and `RecoveryPoints`. */
  readonly metadataWatermark: SharedArrayBuffer;
  readonly partitionIndex: SharedArrayBuffer;
  readonly recoveryPoints: SharedArrayBuffer;
  /** See `ListenerPorts`. */
  readonly listenerPorts: SharedArrayBuffer;
}

export function allocateNodeMemory(config: NodeConfig, threads: Threads): NodeMemory {
  const shared = allocateSharedMemory(geometryOf(config));
  const ofControl = new ThreadMemory(shared, threads);
  return {
    shared,
    ofControl,
    slots: new PartitionSlots(ofControl.table),
    metadataWatermark: new SharedArrayBuffer(metadataWatermarkBytes(config.shards)),
    partitionIndex: new SharedArrayBuffer(partitionIndexBytes(config.storage.partitionsMax)),
    recoveryPoints: new SharedArrayBuffer(recoveryPointsBytes(config.storage.partitionsMax)),
    listenerPorts: new SharedArrayBuffer(Math.max(1, config.listeners.length) * 4),
  };
}
