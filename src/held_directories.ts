import { holdDataDirectory, type DirectoryLock } from './platform/data_directory_lock.ts';
import type { Disk } from './port/disk.ts';

/** Data directories that belong to this process alone until it gives them back. */
export interface HeldDirectories {
  release(): void;
}

/**
 * Holds data directories, made where they are not there. One that cannot be made is left out: whoever uses the others
 * finds that out again, with the reason. A text: one is taken, and by whom.
 */
export async function holdDirectories(disk: Disk, directories: readonly string[]): Promise<HeldDirectories | string> {
  const locks: DirectoryLock[] = [];
  const release = (): void => {
    for (const lock of locks) lock.release();
  };
  for (const directory of directories) {
    if (disk.makeDirectory(directory) !== null) continue;
    const lock = await holdDataDirectory(directory);
    if ('message' in lock) {
      release();
      return lock.message;
    }
    locks.push(lock);
  }
  return { release };
}
