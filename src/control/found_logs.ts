import { readOffsetCheckpoint, type OffsetCheckpointName, type PartitionOffsets } from '../log/checkpoint_file.ts';
import { LogFailure } from '../log/log_failure.ts';
import type { DataDirectories } from '../storage/data_directories.ts';
import type { ControlPorts } from './control_ports.ts';

/** A log that lay in a data directory when the node started. */
export interface FoundLog {
  /** Index of its data directory. */
  readonly directory: number;
  /** From the checkpoints of the directory; 0 where they say nothing. */
  readonly recoveryPoint: number;
  readonly logStartOffset: number;
  readonly highWatermark: number;
  /** The node did not stop cleanly over this directory. */
  readonly needsRecovery: boolean;
}

/**
 * What lay in the data directories at the start, by the name of a partition's directory. Checkpoints are read here and
 * by nobody else: what they say goes into the partition's row before its owner gets it, and from there into the next
 * checkpoint, opened or not.
 */
export class FoundLogs {
  readonly #logs = new Map<string, FoundLog>();
  readonly #taken = new Map<string, FoundLog>();

  constructor(ports: ControlPorts, { all, placed }: DataDirectories) {
    const offsets = all.map(({ path, failure }) => {
      const of = (name: OffsetCheckpointName): PartitionOffsets =>
        failure === null ? checkpointed(ports, path, name) : new Map();
      return {
        recoveryPoints: of('recovery-point-offset-checkpoint'),
        logStartOffsets: of('log-start-offset-checkpoint'),
        highWatermarks: of('replication-offset-checkpoint'),
      };
    });
    for (const [name, directory] of placed) {
      const { recoveryPoints, logStartOffsets, highWatermarks } = offsets[directory]!;
      this.#logs.set(name, {
        directory,
        recoveryPoint: recoveryPoints.get(name) ?? 0,
        logStartOffset: logStartOffsets.get(name) ?? 0,
        highWatermark: highWatermarks.get(name) ?? 0,
        needsRecovery: !all[directory]!.isClean,
      });
    }
  }

  /** The log of this name, once: a partition that is made anew under the same name begins with nothing. */
  take(name: string): FoundLog | null {
    const found = this.#logs.get(name) ?? null;
    this.#logs.delete(name);
    if (found !== null) this.#taken.set(name, found);
    return found;
  }

  /**
   * While the metadata is read: the partition that would have taken the log was removed by a later record. False: there
   * is no such log.
   */
  giveBack(name: string): boolean {
    const found = this.#taken.get(name);
    if (found === undefined) return false;
    this.#logs.set(name, found);
    return this.#taken.delete(name);
  }

  /**
   * Those that nobody took, by name, when all of the metadata was read: no partition of the cluster has them, and none
   * that is made later gets them.
   */
  takeUnknown(): [string, FoundLog][] {
    const unknown = [...this.#logs];
    this.#logs.clear();
    return unknown;
  }
}

/** Without a checkpoint the recovery takes longer, and a log begins where its first segment does. */
function checkpointed(
  { disk, kernels, log }: ControlPorts,
  path: string,
  name: OffsetCheckpointName,
): PartitionOffsets {
  const read = readOffsetCheckpoint(disk, kernels, path, name);
  if (!(read instanceof LogFailure)) return read;
  log.warn('a checkpoint cannot be read; it is made anew', { why: read.toString() });
  return new Map();
}
