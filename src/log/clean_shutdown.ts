import type { Disk } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import type { Kernels } from '../port/kernels.ts';
import { readWholeFile, replaceFile } from './atomic_file.ts';
import { LogFailure } from './log_failure.ts';

/**
 * The mark of a clean stop: written last, by control, when all logs of the data directory are closed and synced, and
 * removed at the start before the first of them is opened for writing. While it lies there nothing is scanned.
 */
export const cleanShutdownName = '.kafka_cleanshutdown';

export interface CleanShutdown {
  /** The mark is there. */
  readonly isClean: boolean;
  /** Of the broker that stopped; -1 when it is not told. It lets a controller see that nothing was lost (KIP-966). */
  readonly brokerEpoch: number;
}

/** A mark of another version, or without sense, still means a clean stop; the epoch is then unknown. */
export function readCleanShutdown(disk: Disk, kernels: Kernels, dataDirectory: string): CleanShutdown | LogFailure {
  const bytes = readWholeFile(disk, `${dataDirectory}/${cleanShutdownName}`);
  if (bytes instanceof DiskError) {
    return bytes.code === 'ENOENT' ? { isClean: false, brokerEpoch: -1 } : LogFailure.ofDisk(bytes);
  }
  const text = kernels.decodeText(bytes, 0, bytes.length);
  const match = /^\s*\{\s*"version"\s*:\s*0\s*,\s*"brokerEpoch"\s*:\s*(-?\d{1,15})\s*\}\s*$/.exec(text);
  return { isClean: true, brokerEpoch: match === null ? -1 : Number(match[1]) };
}

export function writeCleanShutdown(
  disk: Disk,
  kernels: Kernels,
  dataDirectory: string,
  brokerEpoch: number,
): LogFailure | null {
  const text = `{"version":0,"brokerEpoch":${brokerEpoch}}`;
  const error = replaceFile(disk, `${dataDirectory}/${cleanShutdownName}`, kernels.encodeText(text));
  return error === null ? null : LogFailure.ofDisk(error);
}

/** Removes the mark so that it stays removed: from here on the directory may be written. */
export function removeCleanShutdown(disk: Disk, dataDirectory: string): LogFailure | null {
  const error = disk.unlink(`${dataDirectory}/${cleanShutdownName}`);
  if (error !== null) return error.code === 'ENOENT' ? null : LogFailure.ofDisk(error);
  const syncError = disk.syncDirectory(dataDirectory);
  return syncError === null ? null : LogFailure.ofDisk(syncError);
}
