import { writeUuid, type Uuid } from '../base/uuid.ts';
import type { Disk } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import { formatDirectoryName, parseDirectoryName } from './directory_name.ts';

/**
 * How a replica's directory leaves:
 *
 *     topic-0 ─┬─ the topic was deleted ─► topic-0.<topic id>-delete ─ file.delete.delay.ms ─► removed
 *              └─ nobody knows it ───────► topic-0.<topic id>-stray    kept for a person to look at
 *
 * The new name is the point of no return: from then on a topic of the same name finds the place free. What a crash
 * interrupts goes on at the next start. A reader that has a file open reads on, under whatever name.
 */

/** The name that a deleted replica's directory gets: a topic id is never given again, so it is free. */
export function deletedDirectoryName(topic: string, partition: number, topicId: Uuid): string {
  return formatDirectoryName(topic, partition, 'delete', hexadecimalOf(topicId));
}

/** `uniqueId`: 32 hexadecimal digits. */
export function strayDirectoryName(topic: string, partition: number, uniqueId: string): string {
  return formatDirectoryName(topic, partition, 'stray', uniqueId);
}

/** An id as it stands in the names of directories. */
export function hexadecimalOf(id: Uuid): string {
  const view = new DataView(new ArrayBuffer(16));
  writeUuid(view, 0, id);
  return hexadecimalOfBytes(new Uint8Array(view.buffer));
}

export function hexadecimalOfBytes(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

/** Names in a data directory that a deletion has left: marked, and not removed yet. */
export function deletedDirectories(names: readonly string[]): string[] {
  return names.filter((name) => parseDirectoryName(name)?.state === 'delete');
}

/**
 * Removes a directory with everything in it. Blocks, for as long as the file system needs for its largest file: a task of
 * the background. Cut off anywhere, it can be run again; a directory that is not there any more is removed.
 */
export function removeDirectoryTree(disk: Disk, path: string): DiskError | null {
  const entries = disk.list(path);
  if (entries instanceof DiskError) return entries.code === 'ENOENT' ? null : entries;
  for (const { name, isDirectory } of entries) {
    const inside = `${path}/${name}`;
    const error = isDirectory ? removeDirectoryTree(disk, inside) : disk.unlink(inside);
    if (error !== null && error.code !== 'ENOENT') return error;
  }
  const error = disk.removeDirectory(path);
  return error === null || error.code === 'ENOENT' ? null : error;
}
