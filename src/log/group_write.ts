import type { File } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import type { AppendGroup } from './staged_appends.ts';

/** Writes a planned group at `position`, going on after short writes. */
export function writeGroup(file: File, group: AppendGroup, position: number): DiskError | null {
  let written = 0;
  while (written < group.bytes) {
    const result = file.write(group.views, position + written);
    if (result instanceof DiskError) return result;
    if (result === 0) return new DiskError('EIO', 'write', file.path);
    written += result;
    if (written < group.bytes) group.skip(result);
  }
  return null;
}

/** The same by the disk's pool, one write in flight; `done` comes in a later event. */
export function writeGroupLater(
  file: File,
  group: AppendGroup,
  position: number,
  done: (error: DiskError | null) => void,
  written = 0,
): void {
  file.writeLater(group.views, position + written, (result) => {
    if (result instanceof DiskError) return done(result);
    if (result === 0) return done(new DiskError('EIO', 'write', file.path));
    const now = written + result;
    if (now === group.bytes) return done(null);
    group.skip(result);
    writeGroupLater(file, group, position, done, now);
  });
}
