import type { Disk } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import type { Kernels } from '../port/kernels.ts';
import { readWholeFile, replaceFile } from './atomic_file.ts';
import { LogFailure } from './log_failure.ts';

/**
 * The text files of checkpoints: a version, a count, and as many lines of words.
 *
 *     0
 *     2
 *     segmented 0 120
 *     segmented 1 120
 */
const version = '0';

export function formatLines(lines: readonly string[]): string {
  let text = `${version}\n${lines.length}\n`;
  for (const line of lines) text += `${line}\n`;
  return text;
}

/** The lines of a checkpoint; null when the text is not a whole one. */
export function parseLines(text: string): string[] | null {
  const lines = text.split('\n');
  if (lines[0] !== version || lines.length < 2) return null;
  const count = parseCount(lines[1]!);
  // What a write that was cut short leaves is fewer lines, or a last line without its end.
  if (count < 0 || lines.length !== count + 3 || lines[count + 2] !== '') return null;
  return lines.slice(2, count + 2);
}

/** A whole number from 0 on written in digits alone; -1 for anything else. */
export function parseCount(text: string): number {
  if (!/^\d{1,16}$/.test(text)) return -1;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : -1;
}

/** Files of a data directory that hold one offset for each of its partitions. */
export type OffsetCheckpointName =
  | 'recovery-point-offset-checkpoint'
  | 'log-start-offset-checkpoint'
  | 'replication-offset-checkpoint'
  | 'cleaner-offset-checkpoint';

/** Offsets by directory name of the partition (`topic-3`). */
export type PartitionOffsets = ReadonlyMap<string, number>;

/**
 * Reads an offset checkpoint. A missing or empty file has no entries. A damaged one is a failure of kind `corrupt`: who asked for
 * recovery points goes on as if there were none, which only makes the recovery longer.
 */
export function readOffsetCheckpoint(
  disk: Disk,
  kernels: Kernels,
  dataDirectory: string,
  name: OffsetCheckpointName,
): PartitionOffsets | LogFailure {
  const path = `${dataDirectory}/${name}`;
  const bytes = readWholeFile(disk, path);
  if (bytes instanceof DiskError) return bytes.code === 'ENOENT' ? new Map() : LogFailure.ofDisk(bytes);
  // Apache Kafka makes the files at its start and fills them later.
  if (bytes.length === 0) return new Map();
  const lines = parseLines(kernels.decodeText(bytes, 0, bytes.length));
  if (lines === null) return new LogFailure('corrupt', path, 'not a whole checkpoint');
  const offsets = new Map<string, number>();
  for (const line of lines) {
    const words = line.split(' ');
    const partition = parseCount(words[1] ?? '');
    const offset = parseCount(words[2] ?? '');
    if (words.length !== 3 || words[0] === '' || partition < 0 || offset < 0) {
      return new LogFailure('corrupt', path, 'a line is not "topic partition offset"');
    }
    const directory = `${words[0]}-${partition}`;
    if (offsets.has(directory)) return new LogFailure('corrupt', path, 'a partition stands twice');
    offsets.set(directory, offset);
  }
  return offsets;
}

/** Replaces an offset checkpoint. Blocks for its syncs: the control thread's. */
export function writeOffsetCheckpoint(
  disk: Disk,
  kernels: Kernels,
  dataDirectory: string,
  name: OffsetCheckpointName,
  offsets: PartitionOffsets,
): LogFailure | null {
  const lines: string[] = [];
  for (const [directory, offset] of offsets) {
    const dash = directory.lastIndexOf('-');
    lines.push(`${directory.slice(0, dash)} ${directory.slice(dash + 1)} ${offset}`);
  }
  const error = replaceFile(disk, `${dataDirectory}/${name}`, kernels.encodeText(formatLines(lines)));
  return error === null ? null : LogFailure.ofDisk(error);
}
