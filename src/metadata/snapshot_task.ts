import type { Clock } from '../port/clock.ts';
import type { Disk } from '../port/disk.ts';
import type { Kernels } from '../port/kernels.ts';
import { recordsOfImage } from './image_records.ts';
import { appliedTo } from './metadata_follower.ts';
import { MetadataImage, type MetadataChanges } from './metadata_image.ts';
import { MetadataReader, type MetadataStart } from './metadata_reader.ts';
import { privatePartitions } from './partition_store.ts';
import { QuorumVoters } from './quorum_voters.ts';
import { writeSnapshot } from './snapshot_writer.ts';

/** Make a snapshot of the metadata up to an offset that is committed and lies in no metadata transaction. */
export interface SnapshotTask {
  /** The newest snapshot, and the log behind it. */
  readonly start: MetadataStart;
  readonly endOffset: number;
  /** Bounds the partitions of the image. */
  readonly partitionsMax: number;
}

export interface TakenSnapshot {
  /** The new snapshot, and the log behind it. Null where there is none. */
  readonly start: MetadataStart | null;
  /** Why there is none. */
  readonly why: string | null;
  /** The operating system's name of what hindered the writing, where it did. */
  readonly code: string | null;
}

interface SnapshotPorts {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly kernels: Kernels;
}

/**
 * Makes a snapshot beside the threads that serve: reads what they read, into an image of its own, and writes that down.
 * Run again after it was cut off, it does the same again. Blocks.
 */
export function takeSnapshot({ start, endOffset, partitionsMax }: SnapshotTask, ports: SnapshotPorts): TakenSnapshot {
  const { clock, disk, kernels } = ports;
  const { store, columns } = privatePartitions(partitionsMax);
  const image = new MetadataImage(kernels, store);
  const voters = new QuorumVoters();
  const reader = new MetadataReader(disk, kernels, start);
  const problem = reader.readTo(endOffset, {
    ...appliedTo(image, NOBODY),
    control: (type, fields) => voters.apply(type, fields),
  });
  const id = { endOffset, epoch: reader.leaderEpoch };
  const startBehind = reader.startBehind(id);
  const { timestampMs } = reader;
  reader.close();
  if (problem !== null) return { start: null, why: problem, code: null };
  if (image.isInTransaction) return { start: null, why: `offset ${endOffset} lies in a transaction`, code: null };
  const records = recordsOfImage(image, columns);
  const context = { id, lastContainedTimestampMs: timestampMs, timestampMs: clock.wallMs(), voters };
  const error = writeSnapshot(disk, kernels, start.directory, context, records);
  if (error !== null) return { start: null, why: error.toString(), code: error.code };
  return { start: startBehind, why: null, code: null };
}

const NOBODY: MetadataChanges = {
  partitionAdded() {},
  partitionChanged() {},
  topicRemoved() {},
  topicConfigured() {},
  brokerConfigured() {},
  brokersChanged() {},
  featuresChanged() {},
};
