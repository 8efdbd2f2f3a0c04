import type { Uuid } from '../base/uuid.ts';
import { readOffsetCheckpoint, type OffsetCheckpointName, type PartitionOffsets } from '../log/checkpoint_file.ts';
import { LogFailure } from '../log/log_failure.ts';
import type { DataDirectories, PlacedLog } from '../storage/data_directories.ts';
import type { ControlPorts } from './control_ports.ts';

/** A log that lay in a data directory when the node started. */
export interface FoundLog extends PlacedLog {
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
  /** Several of one name are of different topics, only one of which the metadata knows. */
  readonly #logs = new Map<string, FoundLog[]>();
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
    for (const [name, logs] of placed) {
      const found = logs.map(({ directory, topicId }) => {
        const { recoveryPoints, logStartOffsets, highWatermarks } = offsets[directory]!;
        return {
          directory,
          topicId,
          recoveryPoint: recoveryPoints.get(name) ?? 0,
          logStartOffset: logStartOffsets.get(name) ?? 0,
          highWatermark: highWatermarks.get(name) ?? 0,
          needsRecovery: !all[directory]!.isClean,
        };
      });
      this.#logs.set(name, found);
    }
  }

  /**
   * The log of this name, once: a partition that is made anew under the same name begins with nothing. Of several the one
   * of this topic, or the one that does not say of which topic it is.
   */
  take(name: string, topicId: Uuid): FoundLog | null {
    const logs = this.#logs.get(name) ?? [];
    const found =
      logs.length === 1 ? logs[0]! : (logs.find((log) => log.topicId === topicId) ?? logs.find(isAnonymous) ?? null);
    if (found === null) return null;
    this.#keep(
      name,
      logs.filter((log) => log !== found),
    );
    this.#taken.set(name, found);
    return found;
  }

  /**
   * While the metadata is read: the partition that would have taken the log was removed by a later record. False: there
   * is no such log.
   */
  giveBack(name: string): boolean {
    const found = this.#taken.get(name);
    if (found === undefined) return false;
    this.#keep(name, [...(this.#logs.get(name) ?? []), found]);
    return this.#taken.delete(name);
  }

  /**
   * Those that nobody took, by name, when all of the metadata was read: no partition of the cluster has them, and none
   * that is made later gets them.
   */
  takeUnknown(): [string, FoundLog][] {
    const unknown = [...this.#logs].flatMap(([name, logs]) => logs.map((log): [string, FoundLog] => [name, log]));
    this.#logs.clear();
    return unknown;
  }

  #keep(name: string, logs: FoundLog[]): void {
    if (logs.length === 0) this.#logs.delete(name);
    else this.#logs.set(name, logs);
  }
}

const isAnonymous = ({ topicId }: FoundLog): boolean => topicId === null;

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
