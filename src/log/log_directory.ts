import type { Uuid } from '../base/uuid.ts';
import type { Disk } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import type { Kernels } from '../port/kernels.ts';
import { readOffsetCheckpoint } from './checkpoint_file.ts';
import type { OffsetCheckpointName, PartitionOffsets } from './checkpoint_file.ts';
import { readCleanShutdown } from './clean_shutdown.ts';
import type { DirectoryName } from './directory_name.ts';
import { parseDirectoryName } from './directory_name.ts';
import { LogFailure } from './log_failure.ts';
import { readPartitionMetadata } from './partition_metadata.ts';

/** A partition as its data directory knows it before its log is opened. */
export interface PartitionDirectory {
  readonly name: DirectoryName;
  readonly path: string;
  /** Null when there is no `partition.metadata`: a directory whose creation was interrupted, or a very old one. */
  readonly topicId: Uuid | null;
  /** Why the topic id could not be read; the partition is not to be opened then. */
  readonly failure: LogFailure | null;
  readonly recoveryPoint: number;
  readonly logStartOffset: number;
  readonly highWatermark: number;
}

/** What lies in one data directory (`log.dirs` names several). */
export interface LogDirectory {
  readonly path: string;
  /** The node stopped cleanly: every log in it is whole. */
  readonly isClean: boolean;
  /** Of the last clean stop, -1 when unknown. */
  readonly brokerEpoch: number;
  readonly partitions: readonly PartitionDirectory[];
  /** Names of directories that are nobody's; left alone. */
  readonly unknownDirectories: readonly string[];
  /** Checkpoints that were damaged: their values were taken as unknown, the recovery is longer for it. */
  readonly damagedCheckpoints: readonly LogFailure[];
}

/** Reads what a data directory holds. Opens no log and changes nothing. Blocks. */
export function readLogDirectory(disk: Disk, kernels: Kernels, path: string): LogDirectory | LogFailure {
  const entries = disk.list(path);
  if (entries instanceof DiskError) return LogFailure.ofDisk(entries);
  const shutdown = readCleanShutdown(disk, kernels, path);
  if (shutdown instanceof LogFailure) return shutdown;

  const damaged: LogFailure[] = [];
  const offsets = (name: OffsetCheckpointName): PartitionOffsets | LogFailure => {
    const read = readOffsetCheckpoint(disk, kernels, path, name);
    if (!(read instanceof LogFailure) || read.kind !== 'corrupt') return read;
    damaged.push(read);
    return new Map();
  };
  const recoveryPoints = offsets('recovery-point-offset-checkpoint');
  if (recoveryPoints instanceof LogFailure) return recoveryPoints;
  const logStartOffsets = offsets('log-start-offset-checkpoint');
  if (logStartOffsets instanceof LogFailure) return logStartOffsets;
  const highWatermarks = offsets('replication-offset-checkpoint');
  if (highWatermarks instanceof LogFailure) return highWatermarks;

  const partitions: PartitionDirectory[] = [];
  const unknownDirectories: string[] = [];
  for (const entry of entries) {
    if (!entry.isDirectory) continue;
    const name = parseDirectoryName(entry.name);
    if (name === null) {
      unknownDirectories.push(entry.name);
      continue;
    }
    const directory = `${path}/${entry.name}`;
    const topicId = readPartitionMetadata(disk, kernels, directory);
    partitions.push({
      name,
      path: directory,
      topicId: topicId instanceof LogFailure ? null : topicId,
      failure: topicId instanceof LogFailure ? topicId : null,
      recoveryPoint: recoveryPoints.get(entry.name) ?? 0,
      logStartOffset: logStartOffsets.get(entry.name) ?? 0,
      highWatermark: highWatermarks.get(entry.name) ?? 0,
    });
  }
  return {
    path,
    isClean: shutdown.isClean,
    brokerEpoch: shutdown.brokerEpoch,
    partitions,
    unknownDirectories,
    damagedCheckpoints: damaged,
  };
}
