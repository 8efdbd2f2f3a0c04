import { assert } from '../base/assert.ts';
import type { DiskError } from '../port/disk.ts';

/**
 * Whether each log directory can be used, the first word of its line, which any thread may change and every thread reads:
 *
 * | bits of a directory's word | content |
 * | --- | --- |
 * | 0 to 7 | state, one of `logDirectoryState` |
 * | 8 to 15 | the disk's operation that failed: index into `operations` |
 * | 16 to 23 | its error: index into `codes` |
 *
 * A word of its own counts the changes: a thread compares it once a turn and looks at the directories when it moved.
 *
 *     online ◄──── room was found ──── full
 *       │  └──────── no room ──────────► │
 *       └───────────► failed ◄───────────┘   until the node starts again
 *
 * State and reason are one word, so that nobody reads the one without the other, and the thread whose exchange
 * succeeds is the one that tells the administrator. The other words of a line are those of `disk_brakes.ts`.
 */
export const logDirectoryLineWords = 32;
const changesWord = 0;

export const logDirectoryState = {
  online: 0,
  /** No room: appends are refused, what is there is served. */
  full: 1,
  /** An operation failed in a way that says nothing good of the next: nothing of it is used any more. */
  failed: 2,
} as const;

/** Operations by which a directory fails: those of `DiskError`, whatever the port calls them. */
const operations = ['', 'write', 'sync', 'sync directory', 'read', 'open', 'truncate', 'rename', 'size', 'list'];
const otherOperations = ['unlink', 'make directory', 'remove directory', 'probe', 'other operation'];
const operationNames: readonly string[] = [...operations, ...otherOperations];
const operationAliases: ReadonlyMap<string, string> = new Map([
  ['syncDirectory', 'sync directory'],
  ['makeDirectory', 'make directory'],
  ['removeDirectory', 'remove directory'],
]);
/** Names of the operating system's errors that a disk answers with. */
const codes: readonly string[] = [
  '',
  'EIO',
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EACCES',
  'EPERM',
  'ENXIO',
  'ENODEV',
  'ESTALE',
  'EUCLEAN',
  'EBADMSG',
  'ETIMEDOUT',
  'EFBIG',
  'ENOENT',
  'ENOTDIR',
  'EBADF',
  'EINVAL',
  'another error',
];

assert(operationNames.length < 256 && codes.length < 256, 'operation and error fit a byte each');

/** What an error of the disk says about the directory that it happened in. */
export type DirectoryTrouble =
  /** No room, and room may come back. */
  | 'full'
  /** The disk, or its file system, does not work any more. */
  | 'failed'
  /** Nothing: the error is of one file, or of what this process may open. */
  | 'none';

/** Errors that are about a name or about this process, not about the disk. */
const ofNamesAndProcess: ReadonlySet<string> = new Set([
  'ENOENT',
  'EEXIST',
  'ENOTDIR',
  'EISDIR',
  'ENOTEMPTY',
  'ENAMETOOLONG',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EAGAIN',
  'EINTR',
]);

/**
 * A sync that fails is the end of its directory, whatever it fails with: the kernel has dropped or marked clean what was
 * not written, and a later success would say nothing about it.
 */
export function troubleOf({ code, operation }: DiskError): DirectoryTrouble {
  if (ofNamesAndProcess.has(code)) return 'none';
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return 'failed';
  return operation.startsWith('sync') ? 'failed' : 'full';
}

export function logDirectoryStatesBytes(directories: number): number {
  return (directories + 1) * logDirectoryLineWords * 4;
}

export class LogDirectoryStates {
  readonly count: number;
  readonly #words: Int32Array<SharedArrayBuffer>;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
    this.count = this.#words.length / logDirectoryLineWords - 1;
    assert(Number.isInteger(this.count) && this.count > 0, 'a line for the changes, one for each directory');
  }

  /** Changes with every change of a state. */
  get changes(): number {
    return Atomics.load(this.#words, changesWord);
  }

  /** One of `logDirectoryState`. */
  state(directory: number): number {
    return Atomics.load(this.#words, this.#index(directory)) & 0xff;
  }

  isFailed(directory: number): boolean {
    return this.state(directory) === logDirectoryState.failed;
  }

  /** Whether every directory has failed: there is nothing left to serve. */
  get hasAllFailed(): boolean {
    for (let directory = 0; directory < this.count; directory++) if (!this.isFailed(directory)) return false;
    return true;
  }

  /**
   * Records what an error says about the directory. True when this very call changed its state: whoever made it tells
   * the administrator, and wakes the other threads. Of errors that say nothing of the directory nothing is recorded.
   */
  report(directory: number, error: DiskError): boolean {
    const trouble = troubleOf(error);
    if (trouble === 'none') return false;
    const state = trouble === 'full' ? logDirectoryState.full : logDirectoryState.failed;
    return this.#raise(directory, state, error);
  }

  /** The directory is not used any more, whatever the error would say by itself: its probe failed. */
  fail(directory: number, error: DiskError): boolean {
    return this.#raise(directory, logDirectoryState.failed, error);
  }

  /** There is room again. True when this call ended the shortage. */
  foundRoom(directory: number): boolean {
    const index = this.#index(directory);
    const word = Atomics.load(this.#words, index);
    if ((word & 0xff) !== logDirectoryState.full) return false;
    return this.#exchange(index, word, logDirectoryState.online);
  }

  /** Why the directory is full or failed; '' while it is online. */
  reason(directory: number): string {
    const word = Atomics.load(this.#words, this.#index(directory));
    if ((word & 0xff) === logDirectoryState.online) return '';
    return `${operationNames[(word >>> 8) & 0xff]!}: ${codes[(word >>> 16) & 0xff]!}`;
  }

  /** States only get worse here: a full directory may fail, a failed one stays so with its first reason. */
  #raise(directory: number, state: number, error: DiskError): boolean {
    const index = this.#index(directory);
    const next = state | (operationOf(error) << 8) | (codeOf(error) << 16);
    for (;;) {
      const word = Atomics.load(this.#words, index);
      if ((word & 0xff) >= state) return false;
      if (this.#exchange(index, word, next)) return true;
    }
  }

  #exchange(index: number, from: number, to: number): boolean {
    if (Atomics.compareExchange(this.#words, index, from, to) !== from) return false;
    Atomics.add(this.#words, changesWord, 1);
    return true;
  }

  #index(directory: number): number {
    assert(directory >= 0 && directory < this.count, 'a log directory of the configuration');
    return (directory + 1) * logDirectoryLineWords;
  }
}

function operationOf({ operation }: DiskError): number {
  const index = operationNames.indexOf(operationAliases.get(operation) ?? operation);
  return index > 0 ? index : operationNames.length - 1;
}

function codeOf({ code }: DiskError): number {
  const index = codes.indexOf(code);
  return index > 0 ? index : codes.length - 1;
}
