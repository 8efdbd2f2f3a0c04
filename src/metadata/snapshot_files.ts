import type { Disk } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';

/** Up to where a snapshot of the metadata goes, and the epoch of the last record in it (KIP-630). */
export interface SnapshotId {
  /** Offset behind the last record that is in it. */
  readonly endOffset: number;
  readonly epoch: number;
}

const SUFFIX = '.checkpoint';
/** Of a snapshot that is being written, and of one that is on its way out (as Kafka calls them). */
export const PART_SUFFIX = '.part';
const DELETED_SUFFIX = '.deleted';
const NAME = /^(\d{20})-(\d{10})\.checkpoint$/;

export function snapshotPath(directory: string, { endOffset, epoch }: SnapshotId): string {
  return `${directory}/${String(endOffset).padStart(20, '0')}-${String(epoch).padStart(10, '0')}${SUFFIX}`;
}

/** The snapshots in a directory, oldest first. */
export function listSnapshots(disk: Disk, directory: string): SnapshotId[] | DiskError {
  const entries = disk.list(directory);
  if (entries instanceof DiskError) return entries;
  const found: SnapshotId[] = [];
  // Names are sorted, and of fixed width.
  for (const { name, isDirectory } of entries) {
    const match = isDirectory ? null : NAME.exec(name);
    if (match === null) continue;
    const endOffset = Number(match[1]);
    const epoch = Number(match[2]);
    if (Number.isSafeInteger(endOffset) && epoch <= 0x7fff_ffff) found.push({ endOffset, epoch });
  }
  return found;
}

/** Removes what an interrupted snapshot, or an interrupted removal of one, has left. */
export function removeLeftovers(disk: Disk, directory: string): DiskError | null {
  const entries = disk.list(directory);
  if (entries instanceof DiskError) return entries;
  for (const { name, isDirectory } of entries) {
    if (isDirectory || !(name.endsWith(SUFFIX + PART_SUFFIX) || name.endsWith(SUFFIX + DELETED_SUFFIX))) continue;
    const error = disk.unlink(`${directory}/${name}`);
    if (error !== null && error.code !== 'ENOENT') return error;
  }
  return null;
}
