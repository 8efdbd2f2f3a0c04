import type { BackgroundPool } from '../background/tasks.ts';
import { LogFailure } from '../log/log_failure.ts';
import { TaskFailure } from '../port/background.ts';
import type { Log } from '../port/log.ts';
import { logDirectoryState, type LogDirectoryStates } from '../shared-memory/log_directory_states.ts';
import { DirectoryWatch } from '../shard/directory_watch.ts';

export interface LogDirectoriesOptions {
  readonly states: LogDirectoryStates;
  /** By index: where they lie. */
  readonly paths: readonly string[];
  /** Index of the directory of the metadata log; -1 where it is none of them. */
  readonly metadata: number;
  readonly background: BackgroundPool;
  readonly log: Log;
  /** Wakes every shard: a directory's state is another. */
  readonly tellAll: () => void;
  /** Without this the node cannot go on. */
  readonly nothingLeft: (why: string) => void;
}

/**
 * What control does about log directories in trouble: it looks every now and then whether a full one has room again, and
 * ends the node when none is left, or the one of the metadata log is not.
 */
export class LogDirectories {
  readonly #options: LogDirectoriesOptions;
  readonly #watch: DirectoryWatch;
  readonly #probing = new Set<number>();
  #nextProbeMs = 0;

  constructor(options: LogDirectoriesOptions) {
    this.#options = options;
    this.#watch = new DirectoryWatch(options);
  }

  get hasNews(): boolean {
    return this.#watch.hasNews;
  }

  isFailed(directory: number): boolean {
    return this.#watch.isFailed(directory);
  }

  /** Something that control itself did in a directory failed. */
  report(directory: number, failure: LogFailure): void {
    this.#watch.report(directory, failure);
  }

  /** Once a turn. */
  tick(nowMs: number): void {
    this.#watch.look((directory) => {
      if (this.isFailed(directory)) this.#failed(directory);
    });
    if (nowMs < this.#nextProbeMs) return;
    this.#nextProbeMs = nowMs + PROBE_MS;
    const { states } = this.#options;
    for (let directory = 0; directory < states.count; directory++) {
      if (states.state(directory) === logDirectoryState.full) this.#probe(directory);
    }
  }

  #failed(directory: number): void {
    const { states, metadata, paths, nothingLeft } = this.#options;
    const reason = states.reason(directory);
    if (directory === metadata) nothingLeft(`the directory of the metadata log failed: ${paths[directory]}: ${reason}`);
    else if (states.hasAllFailed) nothingLeft(`no log directory is left: ${paths[directory]}: ${reason}`);
  }

  #probe(directory: number): void {
    if (this.#probing.has(directory)) return;
    this.#probing.add(directory);
    const { background, paths, states, log, tellAll } = this.#options;
    const path = paths[directory]!;
    background.run({ kind: 'probe-room', directory: path }, (outcome) => {
      this.#probing.delete(directory);
      if (outcome instanceof TaskFailure) return;
      if (outcome.failure !== null) return this.#watch.report(directory, LogFailure.ofFacts(outcome.failure));
      if (!states.foundRoom(directory)) return;
      log.info('a log directory has room again: appends to it are taken', { directory: path });
      tellAll();
    });
  }
}

const PROBE_MS = 1000;
