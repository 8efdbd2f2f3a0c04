import { assert } from '../../src/base/assert.ts';
import { DiskError } from '../../src/port/disk.ts';
import type { File } from '../../src/port/disk.ts';
import type { DiskOperation } from './disk_faults.ts';
import type { FileState } from './file_state.ts';
import type { SimDisk } from './sim_disk.ts';
import type { SimThread } from './sim_thread.ts';
import { ProcessEnded } from './world.ts';

/** An open file of one thread. Rules of the port that the caller breaks are violations. */
export class SimFile implements File {
  readonly path: string;
  readonly #disk: SimDisk;
  readonly #thread: SimThread;
  readonly #state: FileState;
  readonly #writable: boolean;
  readonly #incarnation: number;
  #open = true;

  constructor(disk: SimDisk, thread: SimThread, path: string, state: FileState, writable: boolean) {
    this.#disk = disk;
    this.#thread = thread;
    this.path = path;
    this.#state = state;
    this.#writable = writable;
    this.#incarnation = disk.incarnation;
  }

  size(): number | DiskError {
    const effect = this.#enter('size');
    return effect instanceof DiskError ? effect : this.#state.size;
  }

  write(views: readonly Uint8Array[], position: number): number | DiskError {
    this.#checkWrite(position);
    const disk = this.#disk;
    const effect = disk.enter('write', this.path);
    disk.spendSynchronously(disk.options.synchronousMs, effect);
    return disk.carryOutWrite(this.#state, this.path, views, position, effect);
  }

  writeLater(views: readonly Uint8Array[], position: number, done: (result: number | DiskError) => void): void {
    this.#checkWrite(position);
    this.#disk.pool.submit({
      kind: 'write',
      thread: this.#thread,
      path: this.path,
      state: this.#state,
      views: [...views],
      position,
      done,
    });
  }

  read(into: Uint8Array, at: number, length: number, position: number): number | DiskError {
    this.#checkRead(into, at, length, position);
    const error = this.#enter('read');
    if (error instanceof DiskError) return error;
    return this.#state.read(into, at, length, position);
  }

  readLater(
    into: Uint8Array,
    at: number,
    length: number,
    position: number,
    done: (result: number | DiskError) => void,
  ): void {
    this.#checkRead(into, at, length, position);
    this.#disk.pool.submit({
      kind: 'read',
      thread: this.#thread,
      path: this.path,
      state: this.#state,
      into,
      at,
      length,
      position,
      done,
    });
  }

  truncate(length: number): DiskError | null {
    assert(Number.isSafeInteger(length) && length >= 0, 'a length is a whole number');
    this.#checkUse('truncate', true);
    const error = this.#enter('truncate');
    if (error instanceof DiskError) return error;
    const before = this.#state.size;
    if (length > before && this.#disk.usedBytes + length - before > this.#disk.options.capacityBytes) {
      return new DiskError('ENOSPC', 'truncate', this.path);
    }
    this.#state.truncate(length);
    this.#disk.usedBytes += length - before;
    return null;
  }

  syncLater(done: (error: DiskError | null) => void): void {
    this.#checkUse('syncLater', false);
    this.#disk.pool.submit({
      kind: 'sync',
      thread: this.#thread,
      path: this.path,
      state: this.#state,
      done,
    });
  }

  sync(): DiskError | null {
    this.#checkUse('sync', false);
    const disk = this.#disk;
    const effect = disk.enter('sync', this.path);
    disk.spendSynchronously(disk.options.syncMs, effect);
    if (effect?.kind === 'kill') throw new ProcessEnded(`killed in a sync of ${this.path}`);
    const snapshot = this.#state.beginSync();
    if (effect?.kind === 'error') {
      this.#state.failSync(snapshot);
      disk.failedSyncs++;
      return new DiskError(effect.code, 'sync', this.path);
    }
    this.#state.completeSync(snapshot);
    return null;
  }

  close(): void {
    this.#checkUse('close', false);
    this.#open = false;
  }

  #enter(operation: DiskOperation): DiskError | null {
    this.#checkUse(operation, false);
    const disk = this.#disk;
    const effect = disk.enter(operation, this.path);
    disk.spendSynchronously(disk.options.synchronousMs, effect);
    if (effect?.kind === 'kill') throw new ProcessEnded(`killed in ${operation} ${this.path}`);
    return effect?.kind === 'error' ? new DiskError(effect.code, operation, this.path) : null;
  }

  #checkWrite(position: number): void {
    this.#checkUse('write', true);
    assert(Number.isSafeInteger(position) && position >= 0, 'a position is a whole number');
  }

  #checkRead(into: Uint8Array, at: number, length: number, position: number): void {
    this.#checkUse('read', false);
    assert(Number.isSafeInteger(position) && position >= 0, 'a position is a whole number');
    assert(at >= 0 && length >= 0 && at + length <= into.length, 'a read lies in its memory');
  }

  #checkUse(operation: string, writes: boolean): void {
    const world = this.#disk.world;
    const running = world.currentThread;
    assert(
      this.#incarnation === this.#disk.incarnation,
      `${operation} ${this.path}: the process that opened it is gone`,
    );
    if (!this.#open) world.violate('file used after close', `${operation} ${this.path}`);
    if (writes && !this.#writable) world.violate('file opened for reading only', `${operation} ${this.path}`);
    if (running !== null && running !== this.#thread) {
      world.violate('file used by another thread', `${operation} ${this.path}`);
    }
  }
}
