import type { Disk, DiskError } from '../port/disk.ts';
import type { Kernels } from '../port/kernels.ts';
import { AtomicFile, replaceFile } from './atomic_file.ts';
import { leaderEpochCheckpointName } from './leader_epochs.ts';
import type { LeaderEpochs } from './leader_epochs.ts';

/** Writes the leader epochs of an open log to its checkpoint, without waiting while the log works. */
export class LeaderEpochFile {
  readonly #disk: Disk;
  readonly #kernels: Kernels;
  readonly #epochs: LeaderEpochs;
  readonly #directory: string;
  /** Made with the first write that does not block. */
  #file: AtomicFile | null = null;
  #hasUnwritten = false;

  constructor(disk: Disk, kernels: Kernels, directory: string, epochs: LeaderEpochs) {
    this.#disk = disk;
    this.#kernels = kernels;
    this.#epochs = epochs;
    this.#directory = directory;
  }

  /** The checkpoint may wait for the next `writeChanged`. */
  changed(): void {
    this.#hasUnwritten = true;
  }

  writeChanged(): void {
    if (this.#hasUnwritten) this.write();
  }

  /** A failure leaves the change for the next `writeChanged`. */
  write(): void {
    this.#hasUnwritten = false;
    this.#file ??= new AtomicFile(this.#disk, this.#path, () => this.changed());
    this.#file.replaceLater(this.#epochs.format(this.#kernels));
  }

  /** Blocks. For a clean stop. */
  writeNow(): DiskError | null {
    return replaceFile(this.#disk, this.#path, this.#epochs.format(this.#kernels));
  }

  get #path(): string {
    return `${this.#directory}/${leaderEpochCheckpointName}`;
  }
}
