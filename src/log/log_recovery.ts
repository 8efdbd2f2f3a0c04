import type { Clock } from '../port/clock.ts';
import type { Disk } from '../port/disk.ts';
import type { Kernels } from '../port/kernels.ts';
import { BatchScanner } from './batch_scanner.ts';
import type { LogConfig } from './log_config.ts';
import { LogFailure } from './log_failure.ts';
import type { LogFailureFacts } from './log_failure.ts';
import { LogOpening } from './log_opening.ts';
import type { OpenedLog, RecoveryReport } from './log_opening.ts';
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

/** Plain data. */
export interface RecoveredLogs {
  /** Of the first of those that were asked for, in their order; one at least. */
  readonly logs: readonly RecoveredLog[];
}

export interface RecoveryPorts {
  readonly disk: Disk;
  readonly kernels: Kernels;
  readonly clock: Clock;
}

/**
 * Recovers the first of `recoveries`, and as many behind it as come within a moment: what is handed from thread to thread
 * for each costs as much as a log that needs nothing, and no log that is ready waits for long. Blocks.
 */
export function recoverLogs(recoveries: readonly LogRecovery[], ports: RecoveryPorts): RecoveredLogs {
  const { clock, kernels } = ports;
  const untilMs = clock.monotonicMs() + MOMENT_MS;
  const scanner = new BatchScanner(kernels);
  const logs: RecoveredLog[] = [];
  for (const recovery of recoveries) {
    logs.push(recoverLog(recovery, ports, scanner));
    if (clock.monotonicMs() >= untilMs) break;
  }
  return { logs };
}

/**
 * Makes of a log that a crash has left one that can be opened as after a clean stop: the torn tail cut off, indexes,
 * leader epochs and producer state made anew where they cannot be trusted and are not right already. What lies above
 * the recovery point is checked, and still not synced: its owner does that in its own time. The names in the directory
 * are on stable storage; the directory's own name the start has synced, when it probed what holds it.
 *
 * Blocks. Nobody else may have the log open. Cut off anywhere, it can be run again: the recovery point stays where it was.
 */
export function recoverLog(
  recovery: LogRecovery,
  { disk, kernels, clock }: RecoveryPorts,
  scanner = new BatchScanner(kernels),
): RecoveredLog {
  const opening = new LogOpening({
    ...recovery,
    disk,
    kernels,
    clock,
    cleanShutdown: false,
    damageAboveRecoveryPoint: 'cut',
    scanner,
  });
  const { report } = opening;
  const opened = opening.run();
  if (opened instanceof LogFailure) return { failure: opened.facts, logEndOffset: -1, bytes: 0, report };
  const logEndOffset = opened.segments.at(-1)!.nextOffset;
  const producers = new LogProducers(disk, kernels, recovery.directory, opened.producers);
  const error =
    producers.takeSnapshot(logEndOffset) ??
    (areNamesSynced(recovery, opened) ? null : disk.syncDirectory(recovery.directory));
  let bytes = 0;
  for (const segment of opened.segments) bytes += segment.bytes;
  return {
    failure: error === null ? null : LogFailure.ofDisk(error).facts,
    logEndOffset,
    bytes,
    report,
  };
}

/**
 * So it is with most of thousands of logs: nothing was written since the last flush, which synced the names before the
 * recovery point came to where the log ends, and no segment was begun there. What was taken away, by an earlier process or
 * by this opening, was synced while there were marks of it. Of a log that was never flushed nobody knows even whether the
 * file that says whose it is was synced to its name.
 */
function areNamesSynced({ recoveryPoint }: LogRecovery, { segments }: OpenedLog): boolean {
  const { baseOffset, nextOffset } = segments.at(-1)!;
  return nextOffset === recoveryPoint && baseOffset < recoveryPoint;
}

const MOMENT_MS = 20;
