import type { DiskError } from '../port/disk.ts';
import { int64At } from '../protocol/record_batch.ts';
import { batchLastOffset, batchLeaderEpoch, batchMaxTimestamp } from './batch_header.ts';
import type { CommittingLog } from './log_commits.ts';
import { LogFailure } from './log_failure.ts';
import { rollTo } from './log_rolling.ts';
import type { LogState } from './log_state.ts';

/** What the commits of a log do to it. */
export function committingLog(log: LogState): CommittingLog {
  return {
    index: log.index,
    activeSegment: () => log.active,
    activeFile: () => log.file,
    config: () => log.config,
    wallMs: () => log.options.clock.wallMs(),
    logEndOffset: () => log.logEndOffset,
    rollTo: (baseOffset) => rollTo(log, baseOffset),
    apply: (view, at, bytes) => apply(log, view, at, bytes),
    groupApplied: () => {
      log.logEndOffset = log.active.nextOffset;
      log.options.publication.setAbortedTransactions(log.producers.abortedTransactions);
      return log.failure;
    },
    stagedDropped: () => log.producers.dropStaged(),
    undoWrite: (error, done) => undoWrite(log, error, done),
  };
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
