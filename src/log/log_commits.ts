import { assert } from '../base/assert.ts';
import type { DiskError, File } from '../port/disk.ts';
import type { ActiveIndex } from './active_index.ts';
import { writeGroup, writeGroupLater } from './group_write.ts';
import type { LogConfig } from './log_config.ts';
import type { LogFailure } from './log_failure.ts';
import type { Segment } from './segment.ts';
import { giveBackStaged, nothingStaged, takeStaged } from './staged_appends.ts';
import type { BatchMemory, BatchTaker } from './staged_appends.ts';

/**
 * `synchronous`: done is called before commit returns, but for a failed write that is undone later (`undoesLater`).
 * `asynchronous`: the disk's pool writes, one commit in flight.
 */
export type WriteMode = 'synchronous' | 'asynchronous';

export type CommitDone = (failure: LogFailure | null) => void;

/** The log that commits, as far as its commits must know it. */
export interface CommittingLog extends BatchTaker {
  readonly index: ActiveIndex;
  activeSegment(): Segment;
  activeFile(): File;
  config(): LogConfig;
  wallMs(): number;
  logEndOffset(): number;
  /** Begins a new active segment at `baseOffset`. */
  rollTo(baseOffset: number): LogFailure | null;
  /** All of a group was applied. A failure is one of the log for good. */
  groupApplied(): LogFailure | null;
  /** What is staged behind what failed will not be written either. */
  stagedDropped(): void;
  /** A write failed: nothing of it may stay in the file. `done`, at once or later, gets what the commit fails with. */
  undoWrite(error: DiskError, done: (failure: LogFailure) => void): void;
}

/**
 * What is staged for a log, and the commit that writes it:
 *
 *     stage … stage ─commit─► group ─write─► applied ─┬─ more ─► (roll when due) ─► group
 *                               └─ error ─► undone ─┐  └─ all ─► done
 *                                                   └──────────► done, with the failure
 *
 * A group is what goes into the active segment with one vectored write.
 */
export class LogCommits {
  writeMode: WriteMode = 'synchronous';
  readonly #log: CommittingLog;
  /** What the next commit takes, and what the one in flight took. */
  #staged = nothingStaged;
  #committing = nothingStaged;
  #stagedEndOffset: number;
  #done: CommitDone | null = null;

  constructor(log: CommittingLog, logEndOffset: number) {
    this.#log = log;
    this.#stagedEndOffset = logEndOffset;
  }

  /** Offset after the last staged batch; equals the log end offset when nothing is staged or in flight. */
  get stagedEndOffset(): number {
    return this.#stagedEndOffset;
  }

  get hasStaged(): boolean {
    return this.#staged.count > 0;
  }

  get stagedBytes(): number {
    return this.#staged.bytes;
  }

  get isCommitting(): boolean {
    return this.#done !== null;
  }

  stage(memory: BatchMemory, start: number, end: number): void {
    if (this.#staged === nothingStaged) this.#staged = takeStaged();
    this.#stagedEndOffset = this.#staged.push(memory, start, end, this.#stagedEndOffset);
  }

  /** `refusal` is why the log takes nothing more; null while it works. */
  commit(refusal: LogFailure | null, done: CommitDone): void {
    assert(this.#done === null, 'one commit at a time');
    this.#done = done;
    if (refusal !== null) return this.#finish(refusal);
    if (this.#staged.count === 0) return this.#finish(null);
    this.#committing = this.#staged;
    this.#staged = nothingStaged;
    this.#committing.group.begin();
    this.#continue();
  }

  /** The log was truncated, with nothing staged or in flight. */
  truncated(logEndOffset: number): void {
    this.#stagedEndOffset = logEndOffset;
  }

  #continue(): void {
    const log = this.#log;
    const { group } = this.#committing;
    while (!group.isDone) {
      const segment = log.activeSegment();
      group.plan(segment, log.index, log.config(), log.wallMs());
      if (group.views.length === 0) {
        const failure = log.rollTo(Math.max(log.logEndOffset(), group.nextBaseOffset));
        if (failure !== null) return this.#finish(failure);
        continue;
      }
      if (this.writeMode === 'asynchronous') {
        return writeGroupLater(log.activeFile(), group, segment.bytes, (error) => {
          if (error !== null) return this.#undo(error);
          const failure = this.#groupWritten();
          if (failure !== null) return this.#finish(failure);
          this.#continue();
        });
      }
      const error = writeGroup(log.activeFile(), group, segment.bytes);
      if (error !== null) return this.#undo(error);
      const failure = this.#groupWritten();
      if (failure !== null) return this.#finish(failure);
    }
    this.#finish(null);
  }

  /** Until the undoing has ended the commit is in flight, so that nothing is written behind what must not be there. */
  #undo(error: DiskError): void {
    this.#log.undoWrite(error, (failure) => this.#finish(failure));
  }

  #groupWritten(): LogFailure | null {
    const { group } = this.#committing;
    group.applyTo(this.#log);
    group.advance();
    return this.#log.groupApplied();
  }

  #finish(failure: LogFailure | null): void {
    const done = this.#done!;
    this.#done = null;
    this.#committing.group.advance();
    giveBackStaged(this.#committing);
    this.#committing = nothingStaged;
    if (failure !== null) {
      giveBackStaged(this.#staged);
      this.#staged = nothingStaged;
      this.#log.stagedDropped();
      this.#stagedEndOffset = this.#log.logEndOffset();
    }
    done(failure);
  }
}
