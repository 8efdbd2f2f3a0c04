import type { NodeConfig } from '../config/node_config.ts';
import { PartitionIndex } from '../metadata/partition_index.ts';
import { MetadataWatermark } from '../metadata/watermark.ts';
import { DiskError } from '../port/disk.ts';
import { PartitionColumnsWriter } from '../shared-memory/partition_columns.ts';
import { RecoveryPoints } from '../shared-memory/recovery_points.ts';
import { openDataDirectories, type DataDirectories } from '../storage/data_directories.ts';
import { ClusterMetadata } from './cluster_metadata.ts';
import type { ControlPorts } from './control_ports.ts';
import { FoundLogs } from './found_logs.ts';
import { allocateNodeMemory, type NodeMemory } from './node_memory.ts';
import { ReplicaPlacement } from './replica_placement.ts';

/** What a node stands on, and has before any other thread is there. */
export interface Foundation {
  readonly directories: DataDirectories;
  readonly memory: NodeMemory;
  /** Read to its end, and with the records that a cluster begins with. */
  readonly metadata: ClusterMetadata;
  /** Of every replica that the metadata tells of. */
  readonly placement: ReplicaPlacement;
}

/** Or a sentence for the administrator; nothing is left open then that the end of the process does not close. */
export function layFoundation(ports: ControlPorts, config: NodeConfig): Foundation | string {
  const directories = openDataDirectories(ports, config);
  if (typeof directories === 'string') return directories;
  const memory = allocateNodeMemory(config, ports.threads);
  const { shared, ofControl } = memory;
  const index = new PartitionIndex(memory.partitionIndex);
  for (const [directory, { failure, path }] of directories.all.entries()) {
    if (failure !== null) ofControl.logDirectories.fail(directory, new DiskError(failure, 'probe', path));
  }
  const placement = new ReplicaPlacement({
    ports,
    config,
    directories,
    foundLogs: new FoundLogs(ports, directories),
    recoveryPoints: new RecoveryPoints(memory.recoveryPoints),
    memory: ofControl,
    slots: memory.slots,
    index,
  });
  const metadata = new ClusterMetadata({
    ports,
    config,
    directories,
    placement,
    index,
    columns: ofControl.columns,
    columnsWriter: new PartitionColumnsWriter(shared.partitionColumns, shared.idLists, shared.geometry.partitionsMax),
    watermark: new MetadataWatermark(memory.metadataWatermark),
    advanced: () => {
      for (let thread = 1; thread <= config.shards; thread++) ofControl.doorbell.ring(thread);
    },
  });
  const problem = metadata.open();
  if (problem !== null) return problem;
  placement.setStraysAside();
  return { directories, memory, metadata, placement };
}
