import type { DiskError, File } from '../port/disk.ts';
import { int64At } from '../protocol/record_batch.ts';
import type { ActiveIndex } from './active_index.ts';
import { batchLastOffset, batchLeaderEpoch, batchMaxTimestamp } from './batch_header.ts';
import type { CommittingLog } from './log_commits.ts';
import type { LogConfig } from './log_config.ts';
import { LogFailure } from './log_failure.ts';
import { rollTo } from './log_rolling.ts';
import type { LogState } from './log_state.ts';
import type { Segment } from './segment.ts';

/** What the commits of a log do to it. Methods, not closures: each log would hold ten of them. */
export class LogAppends implements CommittingLog {
  readonly #log: LogState;

  constructor(log: LogState) {
    this.#log = log;
  }

  get index(): ActiveIndex {
    return this.#log.index;
  }

  activeSegment(): Segment {
    return this.#log.active;
  }

  activeFile(): File {
    return this.#log.file;
  }

  config(): LogConfig {
    return this.#log.config;
  }

  wallMs(): number {
    return this.#log.options.clock.wallMs();
  }

  logEndOffset(): number {
    return this.#log.logEndOffset;
  }

  rollTo(baseOffset: number): LogFailure | null {
    return rollTo(this.#log, baseOffset);
  }

  /** A batch lies in the active file now, behind those before it. */
  apply(view: DataView, at: number, bytes: number): void {
    apply(this.#log, view, at, bytes);
  }

  groupApplied(): LogFailure | null {
    const log = this.#log;
    log.logEndOffset = log.active.nextOffset;
    log.options.publication.setAbortedTransactions(log.producers.abortedTransactions);
    return log.failure;
  }

  stagedDropped(): void {
    this.#log.producers.dropStaged();
  }

  undoWrite(error: DiskError, done: (failure: LogFailure) => void): void {
    undoWrite(this.#log, error, done);
  }
}

/** A batch lies in the file: whoever keeps something of the log takes it in. */
function apply(log: LogState, view: DataView, at: number, bytes: number): void {
  const { active, leaderEpochs } = log;
  const position = active.bytes;
  const lastOffset = batchLastOffset(view, at);
  const error = log.producers.written(view, at, active.baseOffset);
  if (error !== null) log.fail(LogFailure.ofDisk(error));
  const epoch = batchLeaderEpoch(view, at);
  if (epoch > leaderEpochs.latestEpoch) {
    leaderEpochs.assign(epoch, int64At(view, at));
    log.epochFile.write();
  }
  if (active.extend(bytes, lastOffset, batchMaxTimestamp(view, at), log.config.indexIntervalBytes)) {
    const base = active.baseOffset;
    log.index.add(lastOffset - base, position, active.largestTimestamp, active.offsetOfLargest - base);
  }
}

/**
 * The file is cut back to what is committed, and the cut synced, before anybody hears of the failure: a batch that was
 * refused must not be there after a loss of power.
 */
function undoWrite(log: LogState, error: DiskError, done: (failure: LogFailure) => void): void {
  const ended = (undoError: DiskError | null): void => {
    if (undoError !== null) log.fail(LogFailure.ofDisk(undoError));
    done(LogFailure.ofDisk(error));
  };
  const cutError = log.file.truncate(log.active.bytes);
  if (cutError !== null) ended(cutError);
  else if (log.options.undoesLater === true) log.file.syncLater(ended);
  else ended(log.file.sync());
}
