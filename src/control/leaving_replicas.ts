import type { BackgroundPool } from '../background/tasks.ts';
import { deletedDirectories } from '../log/log_deletion.ts';
import type { LogFailure } from '../log/log_failure.ts';
import { TaskFailure } from '../port/background.ts';
import type { Clock, Timer } from '../port/clock.ts';
import { DiskError, type Disk } from '../port/disk.ts';
import type { Log } from '../port/log.ts';
import type { PartitionTable } from '../shared-memory/partition_table.ts';

/** A replica of this node that the metadata does not know any more. */
export interface LeavingReplica {
  readonly slot: number;
  readonly topicIdWords: Int32Array;
  readonly partition: number;
  /** Of its directory, while it was a replica's. A namesake waits for it. */
  readonly name: string;
  readonly logDirectory: number;
  /** Where the directory lies once its owner has renamed it. */
  readonly deletedPath: string;
  /** `file.delete.delay.ms` of the topic. */
  readonly deleteDelayMs: number;
}

export interface LeavingReplicasOptions {
  readonly table: PartitionTable;
  readonly shards: number;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly background: BackgroundPool;
  readonly log: Log;
  /** The background still works in its directory. */
  readonly isRecovering: (slot: number) => boolean;
  /** Writes the checkpoints of a log directory, without what is not there any more. */
  readonly writeCheckpoints: (logDirectory: number) => LogFailure | null;
  /** Everybody has forgotten the replica, and the checkpoints too: its row is free, and its name. */
  readonly left: (replica: LeavingReplica) => void;
}

/**
 * Replicas from the record that removes them to the row that another partition may have:
 *
 *     removed ─ its owner has renamed the directory, every shard has forgotten it ─► released
 *        released ─ the checkpoints do not name it any more ─► left: row and name are free
 *        left ─ file.delete.delay.ms ─► its files are removed, in the background
 *
 * A checkpoint that still told the recovery point of a deleted log would be taken for that of a namesake after a crash.
 */
export class LeavingReplicas {
  readonly #options: LeavingReplicasOptions;
  readonly #leaving = new Map<number, LeavingReplica>();
  /** How many of a name: a namesake of one that leaves may leave too. */
  readonly #names = new Map<string, number>();
  readonly #slots = new Set<number>();
  readonly #timers = new Set<Timer>();
  /** Directories to remove now; the first is being removed. */
  readonly #due: string[] = [];
  #released: LeavingReplica[] = [];
  #retryAtMs = 0;

  constructor(options: LeavingReplicasOptions) {
    this.#options = options;
  }

  add(replica: LeavingReplica): void {
    this.#leaving.set(replica.slot, replica);
    this.#slots.add(replica.slot);
    this.#names.set(replica.name, (this.#names.get(replica.name) ?? 0) + 1);
  }

  /** Whether a directory of this name is on its way out. */
  isLeaving(name: string): boolean {
    return this.#names.has(name);
  }

  /** Whether the row is of a replica that leaves. */
  has(slot: number): boolean {
    return this.#slots.has(slot);
  }

  /** A shard has said something about the row. */
  noticed(slot: number): void {
    const replica = this.#leaving.get(slot);
    if (replica === undefined || this.#options.isRecovering(slot)) return;
    const { table, shards } = this.#options;
    for (let thread = 1; thread <= shards; thread++) if (!table.hasReleased(slot, thread)) return;
    this.#leaving.delete(slot);
    this.#released.push(replica);
  }

  /** Lets go those that were released; once a turn, so that many are one writing of checkpoints. */
  tick(nowMs: number): void {
    if (this.#released.length === 0 || nowMs < this.#retryAtMs) return;
    const { writeCheckpoints, left, log } = this.#options;
    const released = this.#released;
    this.#released = [];
    const failures = new Map<number, LogFailure | null>();
    for (const replica of released) {
      const { logDirectory } = replica;
      if (!failures.has(logDirectory)) failures.set(logDirectory, writeCheckpoints(logDirectory));
      const failure = failures.get(logDirectory)!;
      if (failure !== null) {
        this.#released.push(replica);
        continue;
      }
      this.#slots.delete(replica.slot);
      this.#forget(replica.name);
      left(replica);
      this.#removeLater(replica.deletedPath, replica.deleteDelayMs);
    }
    if (this.#released.length === 0) return;
    this.#retryAtMs = nowMs + RETRY_MS;
    log.warn('rows of deleted partitions wait: a checkpoint cannot be written', { rows: this.#released.length });
  }

  /** Goes on with removals that a stop or a crash has interrupted. Blocks for one listing. */
  resume(dataDirectory: string, delayMs: number): void {
    const entries = this.#options.disk.list(dataDirectory);
    // What is wrong with the directory was found by its probe, or is by the first log.
    if (entries instanceof DiskError) return;
    const names = entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
    for (const name of deletedDirectories(names)) this.#removeLater(`${dataDirectory}/${name}`, delayMs);
  }

  /** Nothing is removed any more: the next start goes on with it. */
  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#due.splice(1);
  }

  #forget(name: string): void {
    const count = this.#names.get(name)! - 1;
    if (count === 0) this.#names.delete(name);
    else this.#names.set(name, count);
  }

  #removeLater(path: string, delayMs: number): void {
    const timer = this.#options.clock.schedule(delayMs, () => {
      this.#timers.delete(timer);
      this.#due.push(path);
      if (this.#due.length === 1) this.#removeNext();
    });
    this.#timers.add(timer);
  }

  /** One behind the other, on one thread: to start another costs more than it takes to remove many directories. */
  #removeNext(): void {
    const path = this.#due[0];
    if (path === undefined) return;
    const { background, log } = this.#options;
    background.run({ kind: 'remove-directory', path }, (outcome) => {
      const why = outcome instanceof TaskFailure ? outcome.message : outcome.failure?.detail;
      if (why === undefined) log.info('the directory of a deleted partition was removed', { directory: path });
      else log.warn('the directory of a deleted partition is left for the next start', { directory: path, why });
      this.#due.shift();
      this.#removeNext();
    });
  }
}

const RETRY_MS = 1000;
