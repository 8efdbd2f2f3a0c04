import { LogFailure } from './log_failure.ts';
import type { LogState } from './log_state.ts';

/**
 * When a log goes to stable storage, and what goes with it beside the segments: leader epochs always, the tail of the
 * index and the producers where that saves the next start work.
 */
export class LogFlushes {
  readonly #log: LogState;
  #lastFlushMs: number;

  constructor(log: LogState) {
    this.#log = log;
    this.#lastFlushMs = log.options.clock.monotonicMs();
  }

  /** See `PartitionLog.flush`. */
  flush(done: (failure: LogFailure | null) => void): void {
    const log = this.#log;
    log.epochFile.writeChanged();
    this.#lastFlushMs = log.options.clock.monotonicMs();
    if (!log.isDirty) return done(null);
    // An index entry that cannot be written stays in the tail: it is only needed to find things faster.
    log.index.writeTail();
    // A sync that failed while this one was under way may have taken its pages: that it succeeds says nothing then.
    log.flusher.flush((failure) => done(failure ?? (log.failure === null ? null : log.refused())));
  }

  /** See `PartitionLog.flushNow`. */
  flushNow(): LogFailure | null {
    const log = this.#log;
    log.epochFile.writeChanged();
    const error = log.flusher.syncAllNow();
    if (error !== null) return log.fail(LogFailure.ofDisk(error));
    log.recoveryPoint = log.logEndOffset;
    this.#lastFlushMs = log.options.clock.monotonicMs();
    return null;
  }

  /** By `flush.messages` and `flush.ms`, at `nowMs` of the monotonic clock. */
  isDue(nowMs: number): boolean {
    const { isDirty, failure, logEndOffset, recoveryPoint, config } = this.#log;
    if (!isDirty || failure !== null) return false;
    return logEndOffset - recoveryPoint >= config.flushMessages || nowMs - this.#lastFlushMs >= config.flushMs;
  }

  /** For a clean stop, after which nothing is looked at: everything that a start reads is written and synced. Blocks. */
  settle(): LogFailure | null {
    const log = this.#log;
    const { active, producers, flusher } = log;
    const error =
      log.index.finish(active.largestTimestamp, active.offsetOfLargest - active.baseOffset) ??
      log.file.sync() ??
      producers.takeSnapshot(log.logEndOffset) ??
      flusher.syncBesideNow(active.baseOffset, producers.filesToSync(active.baseOffset, log.logEndOffset)) ??
      log.epochFile.writeNow() ??
      flusher.syncNow();
    if (error !== null) return log.fail(LogFailure.ofDisk(error));
    log.recoveryPoint = log.logEndOffset;
    return null;
  }
}
