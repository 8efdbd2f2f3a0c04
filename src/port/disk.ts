/**
 * Files and directories. Failures are values, never exceptions: a full disk is a normal day.
 *
 * Two kinds of call: the plain ones block the calling thread until the kernel has answered (writes go to the
 * page cache); those named `…Later` are carried out by a bounded pool of other threads and report through a
 * callback, which comes in a later event, never from inside the call. A `File` belongs to the thread that opened
 * it. Nothing but `sync`/`syncDirectory` makes bytes or names survive a loss of power.
 *
 * Memory handed to a `…Later` call must not change or be reused until its callback has come.
 */
export interface Disk {
  /** Opens a file. `read`: must exist. `write`: created if missing, readable too. `create`: must not exist. */
  open(path: string, mode: OpenMode): File | DiskError;
  /** Creates a directory, with its parents; an existing one is success. */
  makeDirectory(path: string): DiskError | null;
  /** Names (not paths) of what a directory holds, sorted by code unit. */
  list(path: string): DirectoryEntry[] | DiskError;
  /** Atomic replacement of `to` by `from` (files), or of a directory name. */
  rename(from: string, to: string): DiskError | null;
  /**
   * Gives an existing file one more name, in the same volume; what was synced of it is there under both. `to` must not exist.
   * Not every volume can do it, nor any number of names: who asks has another way.
   */
  link(existing: string, to: string): DiskError | null;
  /** Removes a file; a missing one is an error ENOENT. */
  unlink(path: string): DiskError | null;
  /** Removes an empty directory. */
  removeDirectory(path: string): DiskError | null;
  /** Makes names created, renamed or removed in this directory survive a loss of power. Blocks. */
  syncDirectory(path: string): DiskError | null;
  /** The form that does not block, for a running shard that has made a new segment. */
  syncDirectoryLater(path: string, done: (error: DiskError | null) => void): void;
  exists(path: string): boolean;
  /** Of the volume that `path` lies on. */
  space(path: string): DiskSpace | DiskError;
}

export type OpenMode = 'read' | 'write' | 'create';

export interface DirectoryEntry {
  readonly name: string;
  readonly isDirectory: boolean;
}

export interface File {
  readonly path: string;
  /** Length in bytes now. */
  size(): number | DiskError;
  /**
   * Writes `views` one behind the other from `position` (one vectored system call). Returns the number of bytes
   * written, which may be less than asked (the caller goes on), or the error. After an error any part of the bytes
   * may lie in the file.
   */
  write(views: readonly Uint8Array[], position: number): number | DiskError;
  writeLater(views: readonly Uint8Array[], position: number, done: (result: number | DiskError) => void): void;
  /** Reads up to `length` bytes into `into[at, at + length)`. Fewer than asked only at the end of the file. */
  read(into: Uint8Array, at: number, length: number, position: number): number | DiskError;
  readLater(
    into: Uint8Array,
    at: number,
    length: number,
    position: number,
    done: (result: number | DiskError) => void,
  ): void;
  /** Cuts or extends (with zeros) the file to `length` bytes. */
  truncate(length: number): DiskError | null;
  /**
   * Makes all bytes written before the call survive a loss of power. At most one is in flight for a file and two
   * for a data directory; more are queued by the port. After an error the state of the unsynced bytes is unknown
   * for ever: a later success says nothing about them.
   */
  syncLater(done: (error: DiskError | null) => void): void;
  /** The blocking form, for start and stop. */
  sync(): DiskError | null;
  /** Gives the descriptor back. Calls in flight end first. No call may follow. */
  close(): void;
}

/** `usableBytes` is what this process could still write. */
export interface DiskSpace {
  readonly totalBytes: number;
  readonly usableBytes: number;
}

/** What went wrong, as a value. `code` is the operating system's name of it (`ENOSPC`, `EIO`, `ENOENT`, …). */
export class DiskError {
  readonly code: string;
  readonly operation: string;
  readonly path: string;

  constructor(code: string, operation: string, path: string) {
    this.code = code;
    this.operation = operation;
    this.path = path;
  }

  /** Nothing was done, for want of a file descriptor: of the process (EMFILE) or of the machine (ENFILE). */
  get isOfDescriptors(): boolean {
    return this.code === 'EMFILE' || this.code === 'ENFILE';
  }

  toString(): string {
    const said = `${this.operation} ${this.path}: ${this.code}`;
    return this.isOfDescriptors ? `${said}, too many open files (ulimit -n)` : said;
  }
}
