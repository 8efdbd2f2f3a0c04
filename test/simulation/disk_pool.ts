import { assert } from '../../src/base/assert.ts';
import { DiskError } from '../../src/port/disk.ts';
import { DirectoryState } from './directory_tree.ts';
import type { NameOperation } from './directory_tree.ts';
import type { DiskEffect } from './disk_faults.ts';
import { lengthOf } from './file_state.ts';
import type { FileState, SyncSnapshot } from './file_state.ts';
import type { SimDisk } from './sim_disk.ts';
import type { SimThread } from './sim_thread.ts';
import { checksum, ProcessEnded } from './world.ts';

/** Memory that the pool works on and that nobody may touch meanwhile. */
interface PinnedMemory {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly sum: number;
}

interface CallOf<Kind extends string, Result> {
  readonly kind: Kind;
  readonly thread: SimThread;
  readonly path: string;
  readonly done: (result: Result | DiskError) => void;
}

export interface WriteCall extends CallOf<'write', number> {
  readonly state: FileState;
  readonly views: readonly Uint8Array[];
  readonly position: number;
}

export interface ReadCall extends CallOf<'read', number> {
  readonly state: FileState;
  readonly into: Uint8Array;
  readonly at: number;
  readonly length: number;
  readonly position: number;
}

export interface SyncCall extends CallOf<'sync', null> {
  readonly state: FileState;
}

export type SyncDirectoryCall = CallOf<'syncDirectory', null>;

/** One `…Later` call. */
export type PoolCall = WriteCall | ReadCall | SyncCall | SyncDirectoryCall;

/** A call with what it found when it was made or begun. */
interface PoolEntry {
  readonly call: PoolCall;
  readonly pinned: readonly PinnedMemory[];
  effect: DiskEffect | null;
  snapshot: SyncSnapshot | null;
  names: readonly NameOperation[];
}

/** Syncs in flight for one data directory at most. */
const syncsPerDirectoryMax = 2;

/**
 * The bounded pool of threads behind the `…Later` calls. A call waits for a free thread (a sync also for the one
 * before it on its file, and for the two of its data directory), takes its time, has its effect at the end of it,
 * and reports in an event of the caller's thread. Calls end in any order.
 */
export class DiskPool {
  readonly #disk: SimDisk;
  #waiting: PoolEntry[] = [];
  readonly #running = new Set<PoolEntry>();
  readonly #syncing = new Set<FileState>();
  readonly #syncsOfDirectory = new Map<string, number>();

  constructor(disk: SimDisk) {
    this.#disk = disk;
  }

  get inFlight(): number {
    return this.#waiting.length + this.#running.size;
  }

  submit(call: PoolCall): void {
    call.thread.hold();
    this.#waiting.push({ call, pinned: pin(call), effect: null, snapshot: null, names: [] });
    this.#startWhatMay();
  }

  /** The process is gone: writes in flight have happened, in part or not at all; nothing is reported. */
  killProcess(): void {
    const random = this.#disk.world.random;
    for (const { call } of this.#running) {
      if (call.kind !== 'write' || random.chance(0.3)) continue;
      const bytes = random.chance(0.5) ? Infinity : random.between(0, lengthOf(call.views));
      this.#disk.carryOutWrite(call.state, call.path, call.views, call.position, { kind: 'short', bytes });
    }
    this.#running.clear();
    this.#waiting = [];
    this.#syncing.clear();
    this.#syncsOfDirectory.clear();
  }

  #startWhatMay(): void {
    const left: PoolEntry[] = [];
    for (const entry of this.#waiting) {
      if (this.#running.size < this.#disk.options.poolThreads && this.#maySync(entry.call)) this.#start(entry);
      else left.push(entry);
    }
    this.#waiting = left;
  }

  #maySync(call: PoolCall): boolean {
    if (call.kind !== 'sync') return true;
    const inDirectory = this.#syncsOfDirectory.get(this.#directoryOf(call.path)) ?? 0;
    return !this.#syncing.has(call.state) && inDirectory < syncsPerDirectoryMax;
  }

  #start(entry: PoolEntry): void {
    const { call } = entry;
    const disk = this.#disk;
    this.#running.add(entry);
    entry.effect = disk.enter(call.kind, call.path);
    if (call.kind === 'sync') {
      this.#syncing.add(call.state);
      this.#countSync(call.path, 1);
      entry.snapshot = call.state.beginSync();
    } else if (call.kind === 'syncDirectory') {
      const directory = disk.tree.find(call.path);
      if (directory instanceof DirectoryState) entry.names = disk.tree.beginSync(directory);
    }
    const syncs = call.kind === 'sync' || call.kind === 'syncDirectory';
    const range = syncs ? disk.options.syncMs : disk.options.laterMs;
    disk.world.schedule(disk.durationMs(range, entry.effect), () => this.#end(entry));
  }

  #end(entry: PoolEntry): void {
    const { call } = entry;
    if (!this.#running.delete(entry)) return;
    this.#checkPinned(entry);
    if (call.kind === 'sync') {
      this.#syncing.delete(call.state);
      this.#countSync(call.path, -1);
    }
    let report: () => void;
    try {
      report = this.#carryOut(entry);
    } catch (thrown) {
      if (!(thrown instanceof ProcessEnded)) throw thrown;
      call.thread.processEnded(thrown.reason);
      return;
    }
    call.thread.post(0.005 + this.#disk.world.random.fraction() * 0.02, () => {
      call.thread.letGo();
      report();
    });
    this.#startWhatMay();
  }

  /** The effect of the call, and what its caller is to be told in an event of its own. */
  #carryOut({ call, effect, snapshot, names }: PoolEntry): () => void {
    const disk = this.#disk;
    if (call.kind === 'write') {
      const result = disk.carryOutWrite(call.state, call.path, call.views, call.position, effect);
      return () => call.done(result);
    }
    if (effect?.kind === 'kill') throw new ProcessEnded(`killed in a ${call.kind} of ${call.path}`);
    const error = effect?.kind === 'error' ? new DiskError(effect.code, call.kind, call.path) : null;
    if (call.kind === 'read') {
      const result = error ?? call.state.read(call.into, call.at, call.length, call.position);
      return () => call.done(result);
    }
    if (call.kind === 'sync') {
      assert(snapshot !== null, 'a sync that runs has begun');
      if (error === null) call.state.completeSync(snapshot);
      else {
        call.state.failSync(snapshot);
        disk.failedSyncs++;
      }
    } else if (error === null) {
      disk.tree.completeSync(names);
    }
    const done: (result: null | DiskError) => void = call.done;
    return () => done(error);
  }

  #checkPinned({ call, pinned }: PoolEntry): void {
    for (const { bytes, start, end, sum } of pinned) {
      if (checksum(bytes, start, end) === sum) continue;
      this.#disk.world.violate('memory freed early', `${call.kind}Later ${call.path}`);
      return;
    }
  }

  #countSync(path: string, by: number): void {
    const directory = this.#directoryOf(path);
    this.#syncsOfDirectory.set(directory, (this.#syncsOfDirectory.get(directory) ?? 0) + by);
  }

  #directoryOf(path: string): string {
    return this.#disk.options.dataDirectories.find((directory) => path.startsWith(`${directory}/`)) ?? '';
  }
}

function pin(call: PoolCall): PinnedMemory[] {
  if (call.kind === 'write') return call.views.map((bytes) => pinnedRange(bytes, 0, bytes.length));
  if (call.kind === 'read') return [pinnedRange(call.into, call.at, call.at + call.length)];
  return [];
}

function pinnedRange(bytes: Uint8Array, start: number, end: number): PinnedMemory {
  return { bytes, start, end, sum: checksum(bytes, start, end) };
}
