import { writeFully } from './atomic_file.ts';
import type { Disk } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';

/** More than a few small batches: a directory that has just been full is not to be so again at once. */
const PROBE_BYTES = 256 * 1024;
const NAME = '.millrace-room-probe';

/** Whether there is room in a directory that was full: a file is written there and removed. Null: there is. Blocks. */
export function probeRoom(disk: Disk, directory: string): DiskError | null {
  const path = `${directory}/${NAME}`;
  const file = disk.open(path, 'write');
  if (file instanceof DiskError) return file;
  const error = file.truncate(0) ?? writeFully(file, new Uint8Array(PROBE_BYTES), 0);
  file.close();
  return disk.unlink(path) ?? error;
}
