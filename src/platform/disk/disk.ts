import {
  close,
  closeSync,
  constants,
  existsSync,
  fsync,
  fsyncSync,
  linkSync,
  mkdirSync,
  open,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  statfsSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import type { Dirent } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';

import type { DirectoryEntry, Disk, DiskError, DiskSpace, OpenMode } from '../../port/disk.ts';
import { countNothing } from '../system_calls.ts';
import type { CountSystemCall } from '../system_calls.ts';
import { diskErrorOf } from './disk_error.ts';
import { OpenFile, unbudgeted } from './file.ts';
import { PoolBudget } from './pool_budget.ts';
import type { PoolBudgetMemory } from './pool_budget.ts';

export interface DiskOptions {
  /** Shared by all threads of the process; allocated for as many directories as are named here. */
  readonly poolBudget: PoolBudgetMemory;
  /** The data directories (`log.dirs`), in the same order on every thread. */
  readonly dataDirectories: readonly string[];
  /** The directory of the metadata log itself (`…/__cluster_metadata-0`), whose calls never wait for data; or null. */
  readonly metadataLogDirectory: string | null;
  readonly countSystemCall?: CountSystemCall;
}

/** Files of the operating system, for one thread. */
export function createDisk(options: DiskOptions): Disk {
  return new SystemDisk(options);
}

const flags: Readonly<Record<OpenMode, number>> = {
  read: constants.O_RDONLY,
  write: constants.O_RDWR | constants.O_CREAT,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
};

class SystemDisk implements Disk {
  readonly #budget: PoolBudget;
  readonly #dataDirectories: readonly string[];
  readonly #metadataLogDirectory: string | null;
  readonly #count: CountSystemCall;

  constructor(options: DiskOptions) {
    this.#budget = new PoolBudget(options.poolBudget);
    this.#dataDirectories = options.dataDirectories.map((path) => resolve(path));
    this.#metadataLogDirectory = options.metadataLogDirectory === null ? null : resolve(options.metadataLogDirectory);
    this.#count = options.countSystemCall ?? countNothing;
  }

  open(path: string, mode: OpenMode): OpenFile | DiskError {
    this.#count('open');
    try {
      const descriptor = openSync(path, flags[mode]);
      return new OpenFile(path, descriptor, this.#directoryOf(path), this.#budget, this.#count);
    } catch (error) {
      return diskErrorOf(error, 'open', path);
    }
  }

  makeDirectory(path: string): DiskError | null {
    return this.#change('make directory', path, () => makeWithParents(resolve(path)));
  }

  list(path: string): DirectoryEntry[] | DiskError {
    this.#count('directory');
    try {
      const entries: DirectoryEntry[] = [];
      for (const entry of readdirSync(path, { withFileTypes: true })) {
        entries.push({ name: entry.name, isDirectory: isDirectory(path, entry) });
      }
      return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    } catch (error) {
      return diskErrorOf(error, 'list', path);
    }
  }

  space(path: string): DiskSpace | DiskError {
    this.#count('directory');
    try {
      const { bsize, blocks, bavail } = statfsSync(path);
      return { totalBytes: bsize * blocks, usableBytes: bsize * bavail };
    } catch (error) {
      return diskErrorOf(error, 'space', path);
    }
  }

  rename(from: string, to: string): DiskError | null {
    return this.#change('rename', from, () => renameSync(from, to));
  }

  link(existing: string, to: string): DiskError | null {
    return this.#change('link', to, () => linkSync(existing, to));
  }

  unlink(path: string): DiskError | null {
    return this.#change('unlink', path, () => unlinkSync(path));
  }

  removeDirectory(path: string): DiskError | null {
    return this.#change('remove directory', path, () => rmdirSync(path));
  }

  syncDirectory(path: string): DiskError | null {
    // Windows has no such call; its file system journals names.
    if (process.platform === 'win32') return null;
    this.#count('fileSync');
    try {
      const descriptor = openSync(path, constants.O_RDONLY);
      try {
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
      return null;
    } catch (error) {
      return diskErrorOf(error, 'sync directory', path);
    }
  }

  syncDirectoryLater(path: string, done: (error: DiskError | null) => void): void {
    if (process.platform === 'win32') {
      setImmediate(() => done(null));
      return;
    }
    const directory = this.#directoryOf(path);
    const end = (error: Error | null): void => {
      if (directory !== unbudgeted) this.#budget.giveBack(directory, true);
      done(error === null ? null : diskErrorOf(error, 'sync directory', path));
    };
    const start = (): void => {
      this.#count('fileSync');
      open(path, constants.O_RDONLY, (openError, descriptor) => {
        if (openError !== null) return end(openError);
        fsync(descriptor, (error) => close(descriptor, () => end(error)));
      });
    };
    if (directory === unbudgeted) start();
    else this.#budget.take(directory, true, start);
  }

  exists(path: string): boolean {
    this.#count('directory');
    return existsSync(path);
  }

  #change(operation: string, path: string, change: () => void): DiskError | null {
    this.#count('directory');
    try {
      change();
      return null;
    } catch (error) {
      return diskErrorOf(error, operation, path);
    }
  }

  #directoryOf(path: string): number {
    const absolute = resolve(path);
    if (this.#metadataLogDirectory !== null && isInside(absolute, this.#metadataLogDirectory)) return unbudgeted;
    const directory = this.#dataDirectories.findIndex((parent) => isInside(absolute, parent));
    return directory < 0 ? this.#budget.elsewhere : directory;
  }
}

/** Node's own call for it does not come back where a parent is there and the system says that it is not, as in /proc. */
function makeWithParents(path: string): void {
  if (isDirectoryAt(path)) return;
  try {
    mkdirSync(path);
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if (isDirectoryAt(path)) return;
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || isDirectoryAt(parent)) throw error;
    makeWithParents(parent);
    makeWithParents(path);
  }
}

function isDirectoryAt(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function isInside(path: string, directory: string): boolean {
  return path.startsWith(directory) && (path.length === directory.length || path[directory.length] === sep);
}

/** A symbolic link counts as what it points to: operators move partitions between disks that way. */
function isDirectory(parent: string, entry: Dirent): boolean {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return isDirectoryAt(join(parent, entry.name));
}
