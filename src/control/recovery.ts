import type { BackgroundPool } from '../background/tasks.ts';
import type { NodeConfig } from '../config/node_config.ts';
import { storedTopicConfig } from '../config/topic_config.ts';
import type { LogConfig } from '../log/log_config.ts';
import { LogFailure } from '../log/log_failure.ts';
import type { LogRecovery, RecoveredLog, RecoveredLogs } from '../log/log_recovery.ts';
import { TaskFailure } from '../port/background.ts';
import type { Clock } from '../port/clock.ts';
import type { Log } from '../port/log.ts';
import type { PartitionTable } from '../shared-memory/partition_table.ts';
import type { RecoveryPoints } from '../shared-memory/recovery_points.ts';
import { partitionDirectory } from '../shard/replica.ts';
import { logConfigOf } from '../shard/replica_config.ts';
import type { ClusterMetadata } from './cluster_metadata.ts';

/** A log that a crash has left. */
export interface LogToRecover {
  readonly slot: number;
  /** Index of its data directory. */
  readonly dataDirectory: number;
  readonly path: string;
  readonly config: LogConfig;
  readonly recoveryPoint: number;
  readonly logStartOffset: number;
}

/** How far the recovery has come, for whoever waits for it. */
export interface RecoveryProgress {
  readonly logs: number;
  /** Of them: those that are over, whatever came of them. */
  readonly ended: number;
  readonly failed: number;
  /** Bytes of the logs that are over. */
  readonly bytes: number;
}

export interface RecoveryOptions {
  readonly background: BackgroundPool;
  readonly clock: Clock;
  readonly log: Log;
  /** Logs of one data directory that are recovered at the same time: a disk gets slower with more. */
  readonly threadsPerDirectory: number;
  /** The partition is its owner's from now on; its log opens as after a clean stop. */
  readonly recovered: (slot: number) => void;
  /** The log stays offline until the next start. */
  readonly failed: (slot: number, failure: LogFailure) => void;
  readonly progressed: (progress: RecoveryProgress) => void;
}

/**
 * The recovery after a crash: every log of a directory without the mark of a clean stop, some at once in each task of the
 * background pool, handed to its owner as soon as it is done.
 *
 *     waiting ─► in the pool ─┬─► recovered
 *        ▲                    ├─► not come to: again, first
 *        │                    ├─► the thread died with it and others: again, alone
 *        │                    ├─► passing failure (no room, no descriptors, its thread died): again, later
 *        └────────────────────┤
 *                             └─► failed: offline
 */
export class Recovery {
  readonly #options: RecoveryOptions;
  /** By data directory. */
  readonly #queues = new Map<number, Queue>();
  #logs = 0;
  #ended = 0;
  #failed = 0;
  #bytes = 0;
  #isStopped = false;

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /** Logs that are not over yet. */
  get left(): number {
    return this.#logs - this.#ended;
  }

  begin(logs: readonly LogToRecover[]): void {
    this.#logs += logs.length;
    for (const log of logs) {
      let queue = this.#queues.get(log.dataDirectory);
      if (queue === undefined) this.#queues.set(log.dataDirectory, (queue = new Queue()));
      queue.waiting.push({ log, attempts: 0, isAlone: false });
    }
    if (this.left > 0) this.#tell();
    for (const queue of this.#queues.values()) this.#runNext(queue);
  }

  /** The node stops: nothing is handed over any more. What is not recovered is the next start's. */
  stop(): void {
    this.#isStopped = true;
  }

  #runNext(queue: Queue): void {
    const { background, threadsPerDirectory } = this.#options;
    while (queue.running < threadsPerDirectory) {
      const batch = queue.take(threadsPerDirectory);
      if (batch.length === 0) return;
      queue.running++;
      background.run({ kind: 'recover-logs', logs: batch.map(({ log }) => recoveryOf(log)) }, (outcome) => {
        if (this.#isStopped) return;
        queue.running--;
        this.#taskEnded(queue, batch, outcome);
        this.#runNext(queue);
      });
    }
  }

  #taskEnded(queue: Queue, batch: readonly Attempt[], outcome: RecoveredLogs | TaskFailure): void {
    if (!(outcome instanceof TaskFailure)) {
      for (const [index, recovered] of outcome.logs.entries()) this.#logEnded(queue, batch[index]!, recovered);
      queue.waiting.unshift(...batch.slice(outcome.logs.length));
    } else if (batch.length === 1) this.#logEnded(queue, batch[0]!, outcome);
    else {
      for (const attempt of batch) attempt.isAlone = true;
      queue.waiting.unshift(...batch);
    }
  }

  #logEnded(queue: Queue, attempt: Attempt, outcome: RecoveredLog | TaskFailure): void {
    const { log } = this.#options;
    const { path, slot } = attempt.log;
    const failure = failureOf(attempt.log, outcome);
    if (failure === null) {
      const { report, logEndOffset, bytes } = outcome as RecoveredLog;
      if (report.truncatedBytes > 0 || report.droppedSegments > 0) {
        log.warn('cut off what a crash left unfinished', {
          directory: path,
          bytes: report.truncatedBytes,
          segments: report.droppedSegments,
          logEndOffset,
        });
      }
      this.#ended++;
      this.#bytes += bytes;
      this.#options.recovered(slot);
      return this.#tell();
    }
    attempt.attempts++;
    if (mayPass(outcome, failure, attempt.attempts)) return this.#again(queue, attempt, failure);
    log.error('a partition is offline: its log could not be recovered', { directory: path, why: failure.toString() });
    this.#ended++;
    this.#failed++;
    this.#options.failed(slot, failure);
    this.#tell();
  }

  #again(queue: Queue, attempt: Attempt, failure: LogFailure): void {
    if (attempt.attempts === 1) {
      const fields = { directory: attempt.log.path, why: failure.toString() };
      this.#options.log.warn('the recovery of a log is tried again until it succeeds', fields);
    }
    this.#options.clock.schedule(RETRY_MS, () => {
      if (this.#isStopped) return;
      queue.waiting.push(attempt);
      this.#runNext(queue);
    });
  }

  #tell(): void {
    this.#options.progressed({ logs: this.#logs, ended: this.#ended, failed: this.#failed, bytes: this.#bytes });
  }
}

/** The logs of the partitions that the start found in directories without the mark of a clean stop. */
export function logsToRecover(
  config: NodeConfig,
  metadata: ClusterMetadata,
  table: PartitionTable,
  recoveryPoints: RecoveryPoints,
): LogToRecover[] {
  const logs: LogToRecover[] = [];
  if (metadata.recovering.size === 0) return logs;
  for (const topic of metadata.image.topics()) {
    // What is wrong with a setting is said by who opens the log.
    const topicConfig = logConfigOf(storedTopicConfig(config.topics.config, topic.configs).config);
    for (const [partition, slot] of topic.slots.entries()) {
      if (!metadata.recovering.has(slot)) continue;
      const { logDirectory, logStartOffset } = table.row(slot);
      logs.push({
        slot,
        dataDirectory: logDirectory,
        path: partitionDirectory(config.storage.directories[logDirectory]!, topic.name, partition),
        config: topicConfig,
        recoveryPoint: recoveryPoints.get(slot),
        logStartOffset,
      });
    }
  }
  return logs;
}

interface Attempt {
  readonly log: LogToRecover;
  attempts: number;
  /** A thread died with it and others: whose fault it was is to be seen. */
  isAlone: boolean;
}

/** The logs of one data directory, in the order in which they came. */
class Queue {
  readonly waiting: Attempt[] = [];
  running = 0;

  /** Fewer at once towards the end, so that all threads have something to do until then. */
  take(threads: number): Attempt[] {
    const { waiting } = this;
    const share = Math.min(LOGS_AT_ONCE, Math.ceil(waiting.length / (2 * threads)));
    const alone = waiting.slice(0, share).findIndex(({ isAlone }) => isAlone);
    return waiting.splice(0, alone < 0 ? share : Math.max(1, alone));
  }
}

function recoveryOf({ path, config, recoveryPoint, logStartOffset }: LogToRecover): LogRecovery {
  return { directory: path, config, recoveryPoint, logStartOffset };
}

function failureOf({ path }: LogToRecover, outcome: RecoveredLog | TaskFailure): LogFailure | null {
  if (outcome instanceof TaskFailure) return new LogFailure('failed', path, outcome.message);
  return outcome.failure === null ? null : LogFailure.ofFacts(outcome.failure);
}

/** What passes by itself needs no human: room on the disk, descriptors. A thread may die once of what others did. */
function mayPass(outcome: RecoveredLog | TaskFailure, failure: LogFailure, attempts: number): boolean {
  return outcome instanceof TaskFailure ? attempts < TASK_ATTEMPTS : failure.isPassing;
}

const RETRY_MS = 1000;
const TASK_ATTEMPTS = 3;
const LOGS_AT_ONCE = 64;
