import type { Clock } from '../port/clock.ts';
import type { Disk } from '../port/disk.ts';
import { DiskError } from '../port/disk.ts';
import type { Kernels } from '../port/kernels.ts';
import type { MetadataLog } from './metadata_log.ts';
import type { MetadataStart } from './metadata_reader.ts';
import { listSnapshots, snapshotPath, type SnapshotId } from './snapshot_files.ts';
import { readSnapshotHeader } from './snapshot_reader.ts';
import type { SnapshotTask, TakenSnapshot } from './snapshot_task.ts';
import type { MetadataWatermark } from './watermark.ts';

/** When snapshots are made, and how much of log and snapshots is kept. */
export interface SnapshotConfig {
  /** `metadata.log.max.record.bytes.between.snapshots` */
  readonly bytesBetweenSnapshotsMax: number;
  /** `metadata.log.max.snapshot.interval.ms`; 0: by bytes alone. */
  readonly snapshotIntervalMsMax: number;
  /** `metadata.max.retention.bytes` of log and snapshots together; negative: without a bound. */
  readonly retentionBytesMax: number;
  /** `metadata.max.retention.ms` of the last record in a snapshot; negative: without a bound. */
  readonly retentionMsMax: number;
}

export interface MetadataSnapshotsOptions {
  readonly disk: Disk;
  readonly kernels: Kernels;
  readonly clock: Clock;
  readonly config: SnapshotConfig;
  readonly log: MetadataLog;
  readonly watermark: MetadataWatermark;
  readonly partitionsMax: number;
  /** A snapshot ends between two metadata transactions. */
  readonly isInTransaction: () => boolean;
  /** Runs the task beside this thread. `outcome` null: its thread died, nothing is known. */
  readonly run: (task: SnapshotTask, done: (outcome: TakenSnapshot | null) => void) => void;
  /** Something did not take place that is tried again later. */
  readonly warn: (message: string, why: string) => void;
  /** The metadata directory failed. */
  readonly failed: (why: string) => void;
}

/** How often what is kept is looked at, and how long after a failure the next attempt is made. */
const PACE_MS = 60_000;

/**
 * Snapshots of the metadata, made in the background, and what they make superfluous, removed. Owned by control.
 *
 *     idle ── enough records, or long enough ──► running ──► idle
 *       └── each minute, and behind a new snapshot: the oldest goes while more than one is there and too much, or too
 *           old, is kept; the log then begins where the next one ends, as soon as all threads have passed that
 */
export class MetadataSnapshots {
  readonly #options: MetadataSnapshotsOptions;
  #newest: MetadataStart;
  #isRunning = false;
  /** Bytes that had been read behind the start when the newest snapshot was begun. */
  #bytesAtSnapshot = 0;
  #lastMs: number;
  #nextAttemptMs = 0;
  #nextCleaningMs: number;

  constructor(options: MetadataSnapshotsOptions) {
    this.#options = options;
    this.#newest = options.log.start;
    this.#lastMs = options.clock.monotonicMs();
    this.#nextCleaningMs = this.#lastMs + PACE_MS;
  }

  /** A task is under way. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  tick(nowMs: number): void {
    if (this.#isDue(nowMs)) this.#begin(nowMs);
    if (nowMs < this.#nextCleaningMs) return;
    this.#nextCleaningMs = nowMs + PACE_MS;
    this.clean();
  }

  /** Removes what need not be kept. Blocks for a moment, seldom. */
  clean(): void {
    const { failed } = this.#options;
    for (;;) {
      const kept = this.#kept();
      if (typeof kept === 'string') return failed(kept);
      const next = kept[1];
      if (next === undefined || !this.#isTooMuch(kept) || next.id.endOffset > this.#mayRemoveBelow()) return;
      const problem = this.#remove(kept[0]!.id) ?? this.#options.log.removeBelow(next.id.endOffset);
      if (problem !== null) return failed(problem);
    }
  }

  #isDue(nowMs: number): boolean {
    const { config, log, isInTransaction } = this.#options;
    if (this.#isRunning || nowMs < this.#nextAttemptMs || isInTransaction()) return false;
    const bytes = log.reader.bytesRead - this.#bytesAtSnapshot;
    if (bytes >= config.bytesBetweenSnapshotsMax) return true;
    return bytes > 0 && config.snapshotIntervalMsMax > 0 && nowMs - this.#lastMs >= config.snapshotIntervalMsMax;
  }

  #begin(nowMs: number): void {
    const { log, partitionsMax, run } = this.#options;
    const bytes = log.reader.bytesRead;
    this.#isRunning = true;
    this.#lastMs = nowMs;
    run({ start: this.#newest, endOffset: log.nextOffset, partitionsMax }, (outcome) => {
      this.#isRunning = false;
      if (outcome !== null && outcome.start !== null) {
        this.#newest = outcome.start;
        this.#bytesAtSnapshot = bytes;
        this.#nextCleaningMs = 0;
      } else this.#notTaken(outcome);
    });
  }

  #notTaken(outcome: TakenSnapshot | null): void {
    const { clock, warn, failed } = this.#options;
    this.#nextAttemptMs = clock.monotonicMs() + PACE_MS;
    const why = outcome?.why ?? 'its thread ended';
    if (outcome?.code === 'EIO') failed(why);
    else warn('no snapshot of the metadata was made', why);
  }

  /** The snapshots that are there, oldest first. */
  #kept(): KeptSnapshot[] | string {
    const { disk, kernels } = this.#options;
    const { directory } = this.#newest;
    const ids = listSnapshots(disk, directory);
    if (ids instanceof DiskError) return ids.toString();
    // The oldest decides, and only its age: of the others the sizes are enough.
    return ids.map((id, index) => {
      const path = snapshotPath(directory, id);
      const timestampMs = index === 0 ? readSnapshotHeader(disk, kernels, path) : null;
      return { id, bytes: sizeOf(disk, path), timestampMs };
    });
  }

  #isTooMuch(kept: readonly KeptSnapshot[]): boolean {
    const { config, log, clock } = this.#options;
    const { timestampMs } = kept[0]!;
    const isOld = timestampMs !== null && clock.wallMs() - timestampMs > config.retentionMsMax;
    const bytes = kept.reduce((sum, snapshot) => sum + snapshot.bytes, log.sizeBytes);
    return (config.retentionMsMax >= 0 && isOld) || (config.retentionBytesMax >= 0 && bytes > config.retentionBytesMax);
  }

  /** Nobody reads below it any more: no thread, and no task that begins with the newest snapshot. */
  #mayRemoveBelow(): number {
    return Math.min(this.#options.watermark.appliedByAll(), this.#newest.snapshot?.endOffset ?? 0);
  }

  #remove(id: SnapshotId): string | null {
    const { disk } = this.#options;
    const { directory } = this.#newest;
    const error = disk.unlink(snapshotPath(directory, id)) ?? disk.syncDirectory(directory);
    return error?.toString() ?? null;
  }
}

interface KeptSnapshot {
  readonly id: SnapshotId;
  readonly bytes: number;
  /** Of the last batch in it; null where it was not asked for or cannot be read. */
  readonly timestampMs: number | null;
}

function sizeOf(disk: Disk, path: string): number {
  const file = disk.open(path, 'read');
  if (file instanceof DiskError) return 0;
  const size = file.size();
  file.close();
  return size instanceof DiskError ? 0 : size;
}
