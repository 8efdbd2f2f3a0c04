import type { LogFailure } from '../log/log_failure.ts';
import type { Log } from '../port/log.ts';
import type { LogDirectoryStates } from '../shared-memory/log_directory_states.ts';
import { logDirectoryState } from '../shared-memory/log_directory_states.ts';

export interface DirectoryWatchOptions {
  readonly states: LogDirectoryStates;
  /** By index: where they lie. */
  readonly paths: readonly string[];
  readonly log: Log;
  /** Wakes every other thread: a directory's state is another. */
  readonly tellAll: () => void;
}

/**
 * What a thread knows of the log directories' states: tells the others what it finds wrong, and finds out once a turn
 * what others did. Who changes a state says so, and nobody else: a disk that fails is one line, not one for each of its
 * partitions.
 */
export class DirectoryWatch {
  readonly #options: DirectoryWatchOptions;
  readonly #known: Uint8Array;
  #seenChanges = 0;

  constructor(options: DirectoryWatchOptions) {
    this.#options = options;
    this.#known = new Uint8Array(options.states.count);
  }

  isFailed(directory: number): boolean {
    return this.#options.states.isFailed(directory);
  }

  isFull(directory: number): boolean {
    return this.#options.states.state(directory) === logDirectoryState.full;
  }

  /** What a failure says about the directory it happened in is every thread's to know. */
  report(directory: number, failure: LogFailure): void {
    const { states, paths, log, tellAll } = this.#options;
    if (failure.error === null || !states.report(directory, failure.error)) return;
    const fields = { directory: paths[directory]!, why: failure.error.toString() };
    if (this.isFailed(directory)) log.error('a log directory is offline until the node starts again', fields);
    else log.warn('a log directory is full: appends to it are refused until there is room', fields);
    tellAll();
  }

  /** There is something that `look` has not seen. Part of what a thread looks at before it sleeps. */
  get hasNews(): boolean {
    return this.#options.states.changes !== this.#seenChanges;
  }

  /** Calls `changed` for each directory whose state is another than the last time. One load when none is. */
  look(changed: (directory: number) => void): void {
    const { states } = this.#options;
    const { changes } = states;
    if (changes === this.#seenChanges) return;
    this.#seenChanges = changes;
    for (let directory = 0; directory < states.count; directory++) {
      const state = states.state(directory);
      if (state === this.#known[directory]) continue;
      this.#known[directory] = state;
      changed(directory);
    }
  }
}
