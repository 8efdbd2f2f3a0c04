import type { Disk, File } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';

const temporarySuffix = '.tmp';

/** The directory part of a path; '.' for a bare name. */
export function directoryOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '.' : slash === 0 ? '/' : path.slice(0, slash);
}

/** All bytes of a small file. */
export function readWholeFile(disk: Disk, path: string): Uint8Array<ArrayBuffer> | DiskError {
  const file = disk.open(path, 'read');
  if (file instanceof DiskError) return file;
  const bytes = readAll(file);
  file.close();
  return bytes;
}

function readAll(file: File): Uint8Array<ArrayBuffer> | DiskError {
  const size = file.size();
  if (size instanceof DiskError) return size;
  const bytes = new Uint8Array(size);
  const got = file.read(bytes, 0, size, 0);
  if (got instanceof DiskError) return got;
  return got === size ? bytes : bytes.slice(0, got);
}

/** Writes all of `bytes` at `position`; short writes go on. */
export function writeFully(file: File, bytes: Uint8Array, position: number): DiskError | null {
  let written = 0;
  while (written < bytes.length) {
    const view = written === 0 ? bytes : bytes.subarray(written);
    const result = file.write([view], position + written);
    if (result instanceof DiskError) return result;
    if (result === 0) return new DiskError('EIO', 'write', file.path);
    written += result;
  }
  return null;
}

/**
 * Makes `bytes` all that a file holds, which is made where it is not there. Nothing is written where that is so already:
 * what a start after a crash makes anew mostly is. Not synced, and torn by a crash.
 */
export function overwriteFile(disk: Disk, path: string, bytes: Uint8Array): DiskError | null {
  const file = disk.open(path, 'write');
  if (file instanceof DiskError) return file;
  const isSame = holds(file, bytes);
  const error =
    isSame instanceof DiskError ? isSame : isSame ? null : (file.truncate(bytes.length) ?? writeFully(file, bytes, 0));
  file.close();
  return error;
}

export function areSame(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let at = 0; at < left.length; at++) if (left[at] !== right[at]) return false;
  return true;
}

function holds(file: File, bytes: Uint8Array): boolean | DiskError {
  const size = file.size();
  if (size instanceof DiskError) return size;
  if (size !== bytes.length) return false;
  if (size === 0) return true;
  const found = new Uint8Array(size);
  const got = file.read(found, 0, size, 0);
  return got instanceof DiskError ? got : areSame(found, bytes);
}

/**
 * Replaces the contents of a file so that after a crash either the old or the new ones are there, whole: temporary
 * file, sync, rename, sync of the directory. Blocks; for start, stop and the control thread.
 */
export function replaceFile(disk: Disk, path: string, bytes: Uint8Array): DiskError | null {
  const temporary = path + temporarySuffix;
  const file = disk.open(temporary, 'write');
  if (file instanceof DiskError) return file;
  const error = file.truncate(0) ?? writeFully(file, bytes, 0) ?? file.sync();
  file.close();
  if (error !== null) return error;
  return disk.rename(temporary, path) ?? disk.syncDirectory(directoryOf(path));
}

/**
 * The same without blocking on the syncs, for a running shard. One replacement is in flight at a time; contents given
 * meanwhile wait, and only the last of them is written.
 */
export class AtomicFile {
  readonly path: string;
  readonly #disk: Disk;
  #inFlight = false;
  #waiting: Uint8Array | null = null;
  #failed: (error: DiskError) => void;

  /** `failed` hears of each replacement that did not take place. */
  constructor(disk: Disk, path: string, failed: (error: DiskError) => void) {
    this.#disk = disk;
    this.path = path;
    this.#failed = failed;
  }

  get isIdle(): boolean {
    return !this.#inFlight;
  }

  replaceLater(bytes: Uint8Array): void {
    if (this.#inFlight) this.#waiting = bytes;
    else this.#begin(bytes);
  }

  #begin(bytes: Uint8Array): void {
    const temporary = this.path + temporarySuffix;
    const file = this.#disk.open(temporary, 'write');
    if (file instanceof DiskError) {
      this.#failed(file);
      return;
    }
    const error = file.truncate(0) ?? writeFully(file, bytes, 0);
    if (error !== null) {
      file.close();
      this.#failed(error);
      return;
    }
    this.#inFlight = true;
    file.syncLater((syncError) => {
      file.close();
      const failure = syncError ?? this.#disk.rename(temporary, this.path);
      if (failure !== null) this.#ended(failure);
      else this.#disk.syncDirectoryLater(directoryOf(this.path), (last) => this.#ended(last));
    });
  }

  #ended(error: DiskError | null): void {
    this.#inFlight = false;
    if (error !== null) this.#failed(error);
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting !== null) this.#begin(waiting);
  }
}
