import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  read,
  readSync,
  writev,
  writevSync,
} from 'node:fs';

import { assert } from '../../base/assert.ts';
import type { DiskError, File } from '../../port/disk.ts';
import type { CountSystemCall } from '../system_calls.ts';
import { diskErrorOf } from './disk_error.ts';
import type { PoolBudget } from './pool_budget.ts';

/** Paths of the metadata log take pool threads without asking the budget. */
export const unbudgeted = -1;

/**
 * An open file by its descriptor. libuv repeats calls that a signal interrupted; a vectored write of more views
 * than the kernel takes at once (1,024) is several calls.
 *
 * Syncs: one is in flight at most; those asked for meanwhile share the one that follows it.
 */
export class OpenFile implements File {
  readonly path: string;
  readonly #descriptor: number;
  readonly #directory: number;
  readonly #budget: PoolBudget;
  readonly #count: CountSystemCall;
  /** Calls given to the pool, or waiting for it, that have not ended. */
  #pending = 0;
  #closed = false;
  #syncing = false;
  #syncsWaiting: ((error: DiskError | null) => void)[] = [];

  constructor(path: string, descriptor: number, directory: number, budget: PoolBudget, count: CountSystemCall) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#directory = directory;
    this.#budget = budget;
    this.#count = count;
  }

  size(): number | DiskError {
    this.#begin('directory');
    try {
      return fstatSync(this.#descriptor).size;
    } catch (error) {
      return diskErrorOf(error, 'size', this.path);
    }
  }

  write(views: readonly Uint8Array[], position: number): number | DiskError {
    this.#begin('fileWrite');
    try {
      return writevSync(this.#descriptor, views, position);
    } catch (error) {
      return diskErrorOf(error, 'write', this.path);
    }
  }

  writeLater(views: readonly Uint8Array[], position: number, done: (result: number | DiskError) => void): void {
    this.#inPool(false, (end) => {
      this.#count('fileWrite');
      writev(this.#descriptor, views, position, (error, written) => {
        end();
        done(error === null ? written : diskErrorOf(error, 'write', this.path));
      });
    });
  }

  read(into: Uint8Array, at: number, length: number, position: number): number | DiskError {
    let got = 0;
    try {
      while (got < length) {
        this.#begin('fileRead');
        const bytes = readSync(this.#descriptor, into, at + got, length - got, position + got);
        if (bytes === 0) break;
        got += bytes;
      }
      return got;
    } catch (error) {
      return diskErrorOf(error, 'read', this.path);
    }
  }

  readLater(
    into: Uint8Array,
    at: number,
    length: number,
    position: number,
    done: (result: number | DiskError) => void,
  ): void {
    this.#inPool(false, (end) => {
      let got = 0;
      const more = (): void => {
        this.#count('fileRead');
        read(this.#descriptor, into, at + got, length - got, position + got, (error, bytes) => {
          got += error === null ? bytes : 0;
          if (error === null && bytes > 0 && got < length) return more();
          end();
          done(error === null ? got : diskErrorOf(error, 'read', this.path));
        });
      };
      more();
    });
  }

  truncate(length: number): DiskError | null {
    this.#begin('directory');
    try {
      ftruncateSync(this.#descriptor, length);
      return null;
    } catch (error) {
      return diskErrorOf(error, 'truncate', this.path);
    }
  }

  syncLater(done: (error: DiskError | null) => void): void {
    assert(!this.#closed, 'no call follows the close of a file');
    this.#syncsWaiting.push(done);
    this.#startSync();
  }

  /** Data and the length that reading it needs; times of change may be lost (fdatasync). */
  sync(): DiskError | null {
    this.#begin('fileSync');
    try {
      fdatasyncSync(this.#descriptor);
      return null;
    } catch (error) {
      return diskErrorOf(error, 'sync', this.path);
    }
  }

  close(): void {
    assert(!this.#closed, 'a file is closed once');
    this.#closed = true;
    this.#closeWhenIdle();
  }

  #begin(call: 'fileRead' | 'fileWrite' | 'fileSync' | 'directory'): void {
    assert(!this.#closed, 'no call follows the close of a file');
    this.#count(call);
  }

  #startSync(): void {
    if (this.#syncing || this.#syncsWaiting.length === 0) return;
    this.#syncing = true;
    this.#inPool(true, (end) => {
      // Taken only now: who asked while the budget kept this sync waiting is served by it too.
      const asked = this.#syncsWaiting;
      this.#syncsWaiting = [];
      this.#count('fileSync');
      fdatasync(this.#descriptor, (error) => {
        const failure = error === null ? null : diskErrorOf(error, 'sync', this.path);
        this.#syncing = false;
        this.#startSync();
        end();
        for (const done of asked) done(failure);
      });
    });
  }

  /** `start` is called when a pool thread may be used, and calls `end` when it has ended. */
  #inPool(isSync: boolean, start: (end: () => void) => void): void {
    assert(isSync || !this.#closed, 'no call follows the close of a file');
    this.#pending++;
    if (this.#directory === unbudgeted) {
      start(() => this.#ended());
      return;
    }
    this.#budget.take(this.#directory, isSync, () =>
      start(() => {
        this.#budget.giveBack(this.#directory, isSync);
        this.#ended();
      }),
    );
  }

  #ended(): void {
    this.#pending--;
    this.#closeWhenIdle();
  }

  #closeWhenIdle(): void {
    if (!this.#closed || this.#pending > 0) return;
    this.#count('close');
    try {
      closeSync(this.#descriptor);
    } catch {
      // The descriptor is gone in any case; bytes that must survive were synced, and that reported its own error.
    }
  }
}
