import { writeFully } from '../log/atomic_file.ts';
import { DiskError, type Disk } from '../port/disk.ts';

const NAME = '.millrace-probe';
const RENAMED = '.millrace-probe-renamed';
const BYTES = 4096;

/**
 * Does in a directory what a log will do there: makes a file, writes and syncs it, renames it, removes it, syncs the
 * directory. Null, or the call that failed: better now than under the first producer. What an earlier probe left is
 * removed with it. Blocks.
 *
 * A full disk is reported as ENOSPC or EDQUOT; such a directory can still be read. The directory is synced then too: the
 * names of partitions that were made just before a crash may be in the kernel's memory alone.
 */
export function probeDirectory(disk: Disk, directory: string): DiskError | null {
  const failure = useFile(disk, directory);
  if (failure !== null && !isNoSpace(failure)) return failure;
  return disk.syncDirectory(directory) ?? failure;
}

function useFile(disk: Disk, directory: string): DiskError | null {
  const path = `${directory}/${NAME}`;
  const renamed = `${directory}/${RENAMED}`;
  const file = disk.open(path, 'write');
  if (file instanceof DiskError) return file;
  const failure = file.truncate(0) ?? writeFully(file, new Uint8Array(BYTES), 0) ?? file.sync();
  file.close();
  if (failure !== null) {
    disk.unlink(path);
    return failure;
  }
  return disk.rename(path, renamed) ?? disk.unlink(renamed);
}

export function isNoSpace({ code }: DiskError): boolean {
  return code === 'ENOSPC' || code === 'EDQUOT';
}
