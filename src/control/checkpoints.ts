import type { NodeConfig } from '../config/node_config.ts';
import { writeOffsetCheckpoint } from '../log/checkpoint_file.ts';
import { writeCleanShutdown } from '../log/clean_shutdown.ts';
import { formatDirectoryName } from '../log/directory_name.ts';
import type { LogFailure } from '../log/log_failure.ts';
import type { MetadataImage } from '../metadata/metadata_image.ts';
import { replicaState, RowSnapshot, type PartitionTable } from '../shared-memory/partition_table.ts';
import type { RecoveryPoints } from '../shared-memory/recovery_points.ts';
import type { ControlPorts } from './control_ports.ts';
import type { LogDirectories } from './log_directories.ts';

/**
 * The offset checkpoints of each data directory, written by control alone, because the partitions of one directory
 * belong to many shards: from where recovery begins, where logs start, up to where records were visible.
 */
export class Checkpoints {
  readonly #ports: ControlPorts;
  readonly #config: NodeConfig;
  readonly #image: MetadataImage;
  readonly #table: PartitionTable;
  readonly #recoveryPoints: RecoveryPoints;
  readonly #logDirectories: LogDirectories;
  readonly #row = new RowSnapshot();
  #nextMs: number;

  constructor(
    ports: ControlPorts,
    config: NodeConfig,
    image: MetadataImage,
    table: PartitionTable,
    recoveryPoints: RecoveryPoints,
    logDirectories: LogDirectories,
  ) {
    this.#ports = ports;
    this.#config = config;
    this.#image = image;
    this.#table = table;
    this.#recoveryPoints = recoveryPoints;
    this.#logDirectories = logDirectories;
    this.#nextMs = ports.clock.monotonicMs() + config.storage.recoveryPointCheckpointIntervalMs;
  }

  tick(nowMs: number): void {
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + this.#config.storage.recoveryPointCheckpointIntervalMs;
    const failure = this.writeAll();
    if (failure !== null) this.#ports.log.warn('a checkpoint was not written', { why: failure.toString() });
  }

  /** Those of every directory that can be written. Null, or why the first that failed did. Blocks. */
  writeAll(): LogFailure | null {
    let first: LogFailure | null = null;
    for (let directory = 0; directory < this.#config.storage.directories.length; directory++) {
      const failure = this.write(directory);
      first ??= failure;
    }
    return first;
  }

  /** Those of one log directory; of one that has failed nothing is written, and nothing is lost by it. Blocks. */
  write(index: number): LogFailure | null {
    if (this.#logDirectories.isFailed(index)) return null;
    const { disk, kernels } = this.#ports;
    const directory = this.#config.storage.directories[index]!;
    const recovery = new Map<string, number>();
    const starts = new Map<string, number>();
    const watermarks = new Map<string, number>();
    this.#collect(index, recovery, starts, watermarks);
    const failure =
      writeOffsetCheckpoint(disk, kernels, directory, 'recovery-point-offset-checkpoint', recovery) ??
      writeOffsetCheckpoint(disk, kernels, directory, 'log-start-offset-checkpoint', starts) ??
      writeOffsetCheckpoint(disk, kernels, directory, 'replication-offset-checkpoint', watermarks);
    if (failure !== null) this.#logDirectories.report(index, failure);
    return failure;
  }

  /**
   * The mark of a clean stop, which lets the next start trust everything: the last thing that is written. The epoch of the
   * broker tells its controller that nothing was lost; -1 where it has none.
   */
  markClean(brokerEpoch: number): LogFailure | null {
    const { disk, kernels } = this.#ports;
    for (const [index, directory] of this.#config.storage.directories.entries()) {
      if (this.#logDirectories.isFailed(index) || this.#hasUnclosed(index)) continue;
      const failure = writeCleanShutdown(disk, kernels, directory, brokerEpoch);
      if (failure !== null) return failure;
    }
    return null;
  }

  #collect(
    directory: number,
    recovery: Map<string, number>,
    starts: Map<string, number>,
    watermarks: Map<string, number>,
  ): void {
    const row = this.#row;
    for (const topic of this.#image.topics()) {
      for (const [partition, slot] of topic.slots.entries()) {
        if (slot < 0 || !this.#table.snapshot(slot, row) || row.logDirectory !== directory) continue;
        // Of a log that is not open, or never will be, what the last checkpoint said still holds.
        if (row.state === replicaState.closing) continue;
        const name = formatDirectoryName(topic.name, partition);
        recovery.set(name, this.#recoveryPoints.get(slot));
        if (row.logStartOffset > 0) starts.set(name, row.logStartOffset);
        watermarks.set(name, row.highWatermark);
      }
    }
  }

  /** A log that failed, or was not recovered yet, was not closed: its directory is not clean. */
  #hasUnclosed(directory: number): boolean {
    const row = this.#row;
    for (const topic of this.#image.topics()) {
      for (const slot of topic.slots) {
        if (slot < 0 || !this.#table.snapshot(slot, row) || row.logDirectory !== directory) continue;
        if (row.state !== replicaState.leader && row.state !== replicaState.follower) return true;
      }
    }
    return false;
  }
}
