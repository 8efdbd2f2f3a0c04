import { readWholeFile } from '../log/atomic_file.ts';
import type { PartitionLog } from '../log/partition_log.ts';
import { fileNames } from '../log/segment_files.ts';
import { baseOffsetOf, segmentPath } from '../log/segment_names.ts';
import type { Disk } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import type { Kernels } from '../port/kernels.ts';
import { BatchFile, holdsBatchBehind, noSink } from './batch_file.ts';
import type { MetadataStart } from './metadata_reader.ts';
import { listSnapshots, removeLeftovers, snapshotPath, type SnapshotId } from './snapshot_files.ts';
import { checkSnapshot } from './snapshot_reader.ts';

/**
 * Finds from where the metadata is to be read at a start: the newest snapshot that is whole, and the log behind it. A
 * damaged one gives way to the one before it where the log still reaches back that far; where it does not, nothing is
 * guessed. Changes nothing but what an interrupted snapshot has left.
 */
export class StartSearch {
  /** All below it was on stable storage once: so a checkpoint says, or a snapshot goes as far, whole or not. */
  readonly recoveryPoint: number;
  /** Why newer snapshots than the one that is used could not be. */
  readonly damaged: readonly string[];
  readonly #disk: Disk;
  readonly #kernels: Kernels;
  readonly #directory: string;
  readonly #snapshot: SnapshotId | null;

  /**
   * `synced`: the log is known to have been on stable storage up to there. `isClean`: the node stopped cleanly the last
   * time, so that the end of the log needs no look.
   */
  static begin(
    disk: Disk,
    kernels: Kernels,
    directory: string,
    synced: number,
    isClean: boolean,
  ): StartSearch | string {
    const leftovers = removeLeftovers(disk, directory);
    if (leftovers !== null) return leftovers.toString();
    const snapshots = listSnapshots(disk, directory);
    if (snapshots instanceof DiskError) return snapshots.toString();
    const recoveryPoint = Math.max(snapshots.at(-1)?.endOffset ?? 0, synced);
    const damage = isClean ? null : findDamage(disk, kernels, directory, recoveryPoint);
    if (damage !== null) return damage;
    const damaged: string[] = [];
    for (const snapshot of snapshots.toReversed()) {
      const problem = checkSnapshot(disk, kernels, directory, snapshot);
      if (problem === null) return new StartSearch(disk, kernels, directory, recoveryPoint, damaged, snapshot);
      damaged.push(problem);
    }
    return new StartSearch(disk, kernels, directory, recoveryPoint, damaged, null);
  }

  private constructor(
    disk: Disk,
    kernels: Kernels,
    directory: string,
    recoveryPoint: number,
    damaged: readonly string[],
    snapshot: SnapshotId | null,
  ) {
    this.#disk = disk;
    this.#kernels = kernels;
    this.#directory = directory;
    this.recoveryPoint = recoveryPoint;
    this.damaged = damaged;
    this.#snapshot = snapshot;
  }

  /** Where the log goes on behind the snapshot. A sentence where it does not. */
  locate(log: PartitionLog): MetadataStart | string {
    const { logStartOffset, segments } = log;
    const offset = this.#snapshot?.endOffset ?? 0;
    if (offset < logStartOffset || offset > log.logEndOffset) {
      const reach = `the metadata log reaches from offset ${logStartOffset} to ${log.logEndOffset}`;
      const start = this.#snapshot === null ? 'no snapshot' : `only ${snapshotPath(this.#directory, this.#snapshot)}`;
      return [...this.damaged, `${reach}, and there is ${start} to begin with; restore a snapshot from a copy`].join(
        '; ',
      );
    }
    const segment = segments.findLast(({ baseOffset }) => baseOffset <= offset)!;
    const path = segmentPath(this.#directory, segment.baseOffset, '.log');
    const file = BatchFile.open(this.#disk, this.#kernels, path, 0, segment.baseOffset);
    if (file instanceof DiskError) return file.toString();
    const outcome = file.skipTo(offset);
    file.close();
    if (outcome !== 'limit' || file.nextOffset !== offset) return `${path}: no batch ends at offset ${offset}`;
    return {
      directory: this.#directory,
      snapshot: this.#snapshot,
      segmentBaseOffset: segment.baseOffset,
      segmentPosition: file.position,
    };
  }
}

/**
 * Looks at the last segment of a log that was not closed: a torn batch at its end is what a crash leaves. Damage below the
 * recovery point, or with another batch behind it, is not: each was on stable storage before the next was written. Null, or
 * a sentence.
 */
function findDamage(disk: Disk, kernels: Kernels, directory: string, recoveryPoint: number): string | null {
  const names = fileNames(disk, directory);
  if (names instanceof DiskError) return names.toString();
  const last = names.map((name) => baseOffsetOf(name, '.log')).reduce((most, base) => Math.max(most, base), -1);
  if (last < 0) return null;
  const path = segmentPath(directory, last, '.log');
  const file = BatchFile.open(disk, kernels, path, 0, last);
  if (file instanceof DiskError) return file.toString();
  const outcome = file.readTo(Infinity, noSink);
  const { position, nextOffset } = file;
  file.close();
  if (outcome === 'disk') return file.problem;
  if (outcome === 'end') return null;
  if (nextOffset < recoveryPoint) {
    return `${path}: the batch at byte ${position} is damaged, and it was on stable storage; restore the file from a copy`;
  }
  const bytes = readWholeFile(disk, path);
  if (bytes instanceof DiskError) return bytes.toString();
  if (!holdsBatchBehind(kernels, bytes, position, nextOffset)) return null;
  return `${path}: the batch at byte ${position} is damaged, and others follow it; restore the file from a copy`;
}
