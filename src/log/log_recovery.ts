import type { Clock } from '../port/clock.ts';
import type { Disk } from '../port/disk.ts';
import type { Kernels } from '../port/kernels.ts';
import { directoryOf } from './atomic_file.ts';
import type { LogConfig } from './log_config.ts';
import { LogFailure } from './log_failure.ts';
import type { LogFailureFacts } from './log_failure.ts';
import { LogOpening } from './log_opening.ts';
import type { RecoveryReport } from './log_opening.ts';
import { LogProducers } from './log_producers.ts';

/** A log that was not closed cleanly, as far as its data directory knows it. Plain data. */
export interface LogRecovery {
  readonly directory: string;
  readonly config: LogConfig;
  /** From the checkpoints of the data directory, 0 without an entry. */
  readonly logStartOffset: number;
  readonly recoveryPoint: number;
}

/** What became of it. Plain data. */
export interface RecoveredLog {
  /** Why the log cannot be used; null when it can. */
  readonly failure: LogFailureFacts | null;
  readonly logEndOffset: number;
  /** Of all segments, as far as they are left. */
  readonly bytes: number;
  readonly report: RecoveryReport;
}

export interface RecoveryPorts {
  readonly disk: Disk;
  readonly kernels: Kernels;
  readonly clock: Clock;
}

/**
 * Makes of a log that a crash has left one that can be opened as after a clean stop: the torn tail cut off, indexes,
 * leader epochs and producer state made anew where they cannot be trusted, all names on stable storage. What lies above
 * the recovery point is checked, and still not synced: its owner does that in its own time.
 *
 * Blocks. Nobody else may have the log open. Cut off anywhere, it can be run again: the recovery point stays where it was.
 */
export function recoverLog(recovery: LogRecovery, { disk, kernels, clock }: RecoveryPorts): RecoveredLog {
  const opening = new LogOpening({
    ...recovery,
    disk,
    kernels,
    clock,
    cleanShutdown: false,
    damageAboveRecoveryPoint: 'cut',
  });
  const { report } = opening;
  const opened = opening.run();
  if (opened instanceof LogFailure) return { failure: opened.facts, logEndOffset: -1, bytes: 0, report };
  const logEndOffset = opened.segments.at(-1)!.nextOffset;
  const producers = new LogProducers(disk, kernels, recovery.directory, opened.producers);
  // A segment made just before the crash has a name that no flush has seen to.
  const error =
    producers.takeSnapshot(logEndOffset) ??
    disk.syncDirectory(recovery.directory) ??
    disk.syncDirectory(directoryOf(recovery.directory));
  let bytes = 0;
  for (const segment of opened.segments) bytes += segment.bytes;
  return {
    failure: error === null ? null : LogFailure.ofDisk(error).facts,
    logEndOffset,
    bytes,
    report,
  };
}
