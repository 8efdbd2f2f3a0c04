import { assert } from '../../src/base/assert.ts';
import type { SeededRandom } from '../../src/base/random.ts';
import { DiskError } from '../../src/port/disk.ts';
import type { DirectoryEntry, Disk, DiskSpace, File, OpenMode } from '../../src/port/disk.ts';
import { DirectoryState, DirectoryTree, segmentsOf } from './directory_tree.ts';
import { DiskFaults, drawMs, steadyDisk } from './disk_faults.ts';
import type { DiskEffect, DiskOperation, DiskOptions } from './disk_faults.ts';
import { DiskPool } from './disk_pool.ts';
import { FileState, lengthOf } from './file_state.ts';
import type { LossModel } from './file_state.ts';
import { SimFile } from './sim_file.ts';
import type { SimThread } from './sim_thread.ts';
import { ProcessEnded } from './world.ts';
import type { World } from './world.ts';

/**
 * The disk of one machine. It outlives the processes that use it:
 *
 * - `killProcess()`: the process ends; the page cache survives, so everything written stays. Of calls that were in
 *   flight in the pool each has happened, happened in part, or not at all.
 * - `cutPower()`: the machine ends; on top of that, what was not synced is kept, lost or torn by the seed.
 *
 * `portFor(thread)` is the `Disk` of one thread of the process that runs now.
 */
export class SimDisk {
  readonly world: World;
  readonly faults = new DiskFaults();
  readonly tree = new DirectoryTree();
  readonly pool: DiskPool;
  options: DiskOptions;
  /** Bytes that the files take. */
  usedBytes = 0;
  /** Syncs that failed since the beginning. */
  failedSyncs = 0;
  /** Counts the processes; a handle of an earlier one is dead. */
  incarnation = 0;
  /** Calls so far, by operation. */
  readonly calls = new Map<DiskOperation, number>();

  constructor(world: World, options: Partial<DiskOptions> = {}) {
    this.world = world;
    this.options = { ...steadyDisk, ...options };
    this.pool = new DiskPool(this);
  }

  portFor(thread: SimThread): Disk {
    return new ThreadDisk(this, thread);
  }

  killProcess(): void {
    this.pool.killProcess();
    this.incarnation++;
    this.#recount();
  }

  cutPower(loss: LossModel = this.drawLoss()): void {
    this.killProcess();
    this.world.note(() => `power cut: ${JSON.stringify(loss)}`);
    this.tree.losePower(this.world.random, loss);
    this.#recount();
  }

  /** How kind this power cut is to what was not synced. */
  drawLoss(): LossModel {
    const random = this.world.random;
    const keepChance = random.pick([0, 0, 1, random.fraction(), random.fraction()]);
    return { keepChance, tearChance: random.chance(0.5) ? random.fraction() : 0, ordered: random.chance(0.5) };
  }

  /** A directory that an administrator has made, durable with all above it. */
  format(path: string): void {
    let directory = this.tree.root;
    for (const name of segmentsOf(path)) {
      const found = directory.entries.get(name);
      const next = found instanceof DirectoryState ? found : new DirectoryState();
      if (found !== next) this.tree.apply([{ directory, name, entry: next }]);
      this.tree.completeSync(this.tree.beginSync(directory));
      directory = next;
    }
  }

  /** The state of a file for checks and damage from outside; null when there is none. */
  file(path: string): FileState | null {
    const entry = this.tree.find(path);
    return entry instanceof FileState ? entry : null;
  }

  /**
   * What every call begins with: takes time, meets its fault. Returns the error with which it fails, if it does.
   * `later` calls run on the pool, whose time passes elsewhere.
   */
  enter(operation: DiskOperation, path: string): DiskEffect | null {
    this.calls.set(operation, (this.calls.get(operation) ?? 0) + 1);
    this.world.fold(operation.length, path.length);
    return this.faults.next(operation, path);
  }

  /** Time that a synchronous call takes, spent by the calling thread. */
  spendSynchronously(range: readonly [number, number], effect: DiskEffect | null): void {
    this.world.spend(this.durationMs(range, effect));
  }

  durationMs(range: readonly [number, number], effect: DiskEffect | null): number {
    const random = this.world.random;
    let milliseconds = drawMs(random, range);
    if (effect?.kind === 'stall') milliseconds += effect.milliseconds;
    if (this.options.stallChance > 0 && random.chance(this.options.stallChance)) {
      this.faults.struck.stall++;
      milliseconds += random.fraction() * this.options.stallMsMax;
    }
    return milliseconds;
  }

  /**
   * Carries a write out on the page cache: as many bytes as fit the capacity and the faults. Returns the bytes
   * written or the error; either way `usedBytes` follows.
   */
  carryOutWrite(
    state: FileState,
    path: string,
    views: readonly Uint8Array[],
    position: number,
    effect: DiskEffect | null,
  ): number | DiskError {
    const random: SeededRandom = this.world.random;
    const asked = lengthOf(views);
    let allowed = asked;
    if (effect?.kind === 'short' || effect?.kind === 'kill') allowed = Math.min(asked, effect.bytes);
    else if (effect?.kind === 'error') allowed = random.between(0, asked);
    else if (asked > 1 && random.chance(this.options.shortWriteChance)) {
      this.faults.struck.short++;
      allowed = random.between(1, asked - 1);
    }
    const room = this.options.capacityBytes - this.usedBytes + Math.max(0, state.size - position);
    const full = allowed > room;
    if (full) allowed = Math.max(0, room);
    const sizeBefore = state.size;
    writePart(state, views, position, allowed);
    this.usedBytes += state.size - sizeBefore;
    if (effect?.kind === 'error') return new DiskError(effect.code, 'write', path);
    if (effect?.kind === 'kill') throw new ProcessEnded(`killed in a write to ${path} after ${allowed} bytes`);
    if (full && allowed === 0) {
      this.faults.refusedForRoom++;
      return new DiskError('ENOSPC', 'write', path);
    }
    return allowed;
  }

  #recount(): void {
    this.usedBytes = 0;
    for (const { file } of this.tree.files()) this.usedBytes += file.size;
  }
}

/** The `Disk` of one thread. */
class ThreadDisk implements Disk {
  readonly #disk: SimDisk;
  readonly #thread: SimThread;

  constructor(disk: SimDisk, thread: SimThread) {
    this.#disk = disk;
    this.#thread = thread;
  }

  open(path: string, mode: OpenMode): File | DiskError {
    const error = this.#enter('open', path);
    if (error !== null) return error;
    const tree = this.#disk.tree;
    const found = tree.find(path);
    if (found instanceof DirectoryState) return new DiskError('EISDIR', 'open', path);
    if (found !== null) {
      if (mode === 'create') return new DiskError('EEXIST', 'open', path);
      return new SimFile(this.#disk, this.#thread, path, found, mode !== 'read');
    }
    const parent = tree.parentOf(path);
    if (mode === 'read' || parent === null) return new DiskError('ENOENT', 'open', path);
    const state = new FileState();
    tree.apply([{ directory: parent.directory, name: parent.name, entry: state }]);
    return new SimFile(this.#disk, this.#thread, path, state, true);
  }

  makeDirectory(path: string): DiskError | null {
    const error = this.#enter('makeDirectory', path);
    if (error !== null) return error;
    const tree = this.#disk.tree;
    const rooted = path.startsWith('/') ? '/' : '';
    const names = path.split('/').filter((name) => name !== '');
    for (let depth = 1; depth <= names.length; depth++) {
      const prefix = rooted + names.slice(0, depth).join('/');
      const found = tree.find(prefix);
      if (found instanceof DirectoryState) continue;
      if (found !== null) return new DiskError(depth === names.length ? 'EEXIST' : 'ENOTDIR', 'makeDirectory', path);
      const parent = tree.parentOf(prefix);
      assert(parent !== null, 'the parent was made before');
      tree.apply([{ directory: parent.directory, name: parent.name, entry: new DirectoryState() }]);
    }
    return null;
  }

  space(path: string): DiskSpace | DiskError {
    const error = this.#enter('list', path);
    if (error !== null) return error;
    const { options, usedBytes } = this.#disk;
    // What has no bound is as large as a volume may be.
    const totalBytes = Math.min(options.capacityBytes, options.toldBytes, Number.MAX_SAFE_INTEGER);
    return { totalBytes, usableBytes: Math.max(0, totalBytes - usedBytes) };
  }

  list(path: string): DirectoryEntry[] | DiskError {
    const error = this.#enter('list', path);
    if (error !== null) return error;
    const found = this.#disk.tree.find(path);
    if (found === null) return new DiskError('ENOENT', 'list', path);
    if (!(found instanceof DirectoryState)) return new DiskError('ENOTDIR', 'list', path);
    return [...found.entries]
      .map(([name, entry]) => ({ name, isDirectory: entry instanceof DirectoryState }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  rename(from: string, to: string): DiskError | null {
    const error = this.#enter('rename', from);
    if (error !== null) return error;
    const tree = this.#disk.tree;
    const moved = tree.find(from);
    const source = tree.parentOf(from);
    const target = tree.parentOf(to);
    if (moved === null || source === null || target === null) return new DiskError('ENOENT', 'rename', from);
    const replaced = tree.find(to);
    if (replaced === moved) return null;
    if (replaced instanceof DirectoryState) {
      if (!(moved instanceof DirectoryState)) return new DiskError('EISDIR', 'rename', from);
      if (replaced.entries.size > 0) return new DiskError('ENOTEMPTY', 'rename', from);
    } else if (replaced !== null && moved instanceof DirectoryState) {
      return new DiskError('ENOTDIR', 'rename', from);
    }
    if (replaced instanceof FileState) this.#disk.usedBytes -= replaced.size;
    tree.apply([
      { directory: source.directory, name: source.name, entry: null },
      { directory: target.directory, name: target.name, entry: moved },
    ]);
    return null;
  }

  /** Each name counts as much as the file: nearly right, as little is linked, and never too little. */
  link(existing: string, to: string): DiskError | null {
    const error = this.#enter('link', to);
    if (error !== null) return error;
    const { tree } = this.#disk;
    const found = tree.find(existing);
    const parent = tree.parentOf(to);
    if (!(found instanceof FileState) || parent === null) return new DiskError('ENOENT', 'link', to);
    if (tree.find(to) !== null) return new DiskError('EEXIST', 'link', to);
    this.#disk.usedBytes += found.size;
    tree.apply([{ directory: parent.directory, name: parent.name, entry: found }]);
    return null;
  }

  unlink(path: string): DiskError | null {
    const error = this.#enter('unlink', path);
    if (error !== null) return error;
    const found = this.#disk.tree.find(path);
    const parent = this.#disk.tree.parentOf(path);
    if (found === null || parent === null) return new DiskError('ENOENT', 'unlink', path);
    if (found instanceof DirectoryState) return new DiskError('EISDIR', 'unlink', path);
    this.#disk.usedBytes -= found.size;
    this.#disk.tree.apply([{ directory: parent.directory, name: parent.name, entry: null }]);
    return null;
  }

  removeDirectory(path: string): DiskError | null {
    const error = this.#enter('removeDirectory', path);
    if (error !== null) return error;
    const found = this.#disk.tree.find(path);
    const parent = this.#disk.tree.parentOf(path);
    if (found === null || parent === null) return new DiskError('ENOENT', 'removeDirectory', path);
    if (!(found instanceof DirectoryState)) return new DiskError('ENOTDIR', 'removeDirectory', path);
    if (found.entries.size > 0) return new DiskError('ENOTEMPTY', 'removeDirectory', path);
    this.#disk.tree.apply([{ directory: parent.directory, name: parent.name, entry: null }]);
    return null;
  }

  syncDirectory(path: string): DiskError | null {
    const disk = this.#disk;
    const effect = disk.enter('syncDirectory', path);
    disk.spendSynchronously(disk.options.syncMs, effect);
    if (effect?.kind === 'kill') throw new ProcessEnded(`killed in syncDirectory ${path}`);
    if (effect?.kind === 'error') return new DiskError(effect.code, 'syncDirectory', path);
    const found = disk.tree.find(path);
    if (!(found instanceof DirectoryState)) {
      return new DiskError(found === null ? 'ENOENT' : 'ENOTDIR', 'syncDirectory', path);
    }
    disk.tree.completeSync(disk.tree.beginSync(found));
    return null;
  }

  syncDirectoryLater(path: string, done: (error: DiskError | null) => void): void {
    this.#disk.pool.submit({ kind: 'syncDirectory', thread: this.#thread, path, done });
  }

  exists(path: string): boolean {
    return this.#disk.tree.find(path) !== null;
  }

  #enter(operation: DiskOperation, path: string): DiskError | null {
    const disk = this.#disk;
    const effect = disk.enter(operation, path);
    disk.spendSynchronously(disk.options.synchronousMs, effect);
    if (effect?.kind === 'kill') throw new ProcessEnded(`killed in ${operation} ${path}`);
    return effect?.kind === 'error' ? new DiskError(effect.code, operation, path) : null;
  }
}

function writePart(state: FileState, views: readonly Uint8Array[], position: number, count: number): void {
  let left = count;
  let at = position;
  for (const view of views) {
    const part = Math.min(left, view.length);
    state.write(view, 0, part, at);
    at += part;
    left -= part;
  }
}
