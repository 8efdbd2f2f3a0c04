import { directoryOf } from '../log/atomic_file.ts';
import { deletedDirectoryName } from '../log/log_deletion.ts';
import { LogFailure } from '../log/log_failure.ts';
import { readPartitionMetadata } from '../log/partition_metadata.ts';
import type { Disk } from '../port/disk.ts';
import type { Kernels } from '../port/kernels.ts';
import type { Log } from '../port/log.ts';
import type { DirectoryWatch } from './directory_watch.ts';
import type { ReplicaIdentity } from './replica.ts';

export interface ReplicaDeparturesOptions {
  readonly disk: Disk;
  readonly kernels: Kernels;
  readonly log: Log;
  readonly watch: DirectoryWatch;
  /** The replica's name is gone for good: its row is nobody's concern here any more. */
  readonly departed: (slot: number) => void;
}

/**
 * The last steps of a deleted replica in its shard: its directory gets the name of one that is to be removed, and that
 * is made to survive a loss of power, before a namesake may take the old name. One sync serves all that were renamed
 * meanwhile in the same log directory. Removing what is in it is the background's.
 */
export class ReplicaDepartures {
  readonly #options: ReplicaDeparturesOptions;
  /** By log directory: renamed, and not in a sync yet. */
  readonly #renamed = new Map<number, ReplicaIdentity[]>();
  readonly #syncing = new Set<number>();

  constructor(options: ReplicaDeparturesOptions) {
    this.#options = options;
  }

  /** The log is closed, and nobody is told of the replica any more. `departed` follows, at once or later. */
  depart(replica: ReplicaIdentity): void {
    const { watch, departed } = this.#options;
    // What cannot be renamed is found by the next start, which knows no such topic.
    if (watch.isFailed(replica.logDirectory) || !this.#rename(replica)) return departed(replica.slot);
    const renamed = this.#renamed.get(replica.logDirectory);
    if (renamed === undefined) this.#renamed.set(replica.logDirectory, [replica]);
    else renamed.push(replica);
    this.#syncNext(replica.logDirectory);
  }

  /** False: there is no directory to wait for. */
  #rename({ directory, topic, partition, topicId, logDirectory }: ReplicaIdentity): boolean {
    const { disk, kernels, log, watch } = this.#options;
    // It was removed before it was ever opened, and the directory of its name is a namesake's, or is not there.
    if (readPartitionMetadata(disk, kernels, directory) !== topicId) return false;
    const to = `${directoryOf(directory)}/${deletedDirectoryName(topic, partition, topicId)}`;
    const error = disk.rename(directory, to);
    if (error === null) return true;
    log.error('the directory of a deleted partition could not be renamed', { directory, why: error.toString() });
    watch.report(logDirectory, LogFailure.ofDisk(error));
    return false;
  }

  #syncNext(logDirectory: number): void {
    const renamed = this.#renamed.get(logDirectory);
    if (renamed === undefined || this.#syncing.has(logDirectory)) return;
    this.#renamed.delete(logDirectory);
    this.#syncing.add(logDirectory);
    const { disk, watch, departed } = this.#options;
    disk.syncDirectoryLater(directoryOf(renamed[0]!.directory), (error) => {
      this.#syncing.delete(logDirectory);
      if (error !== null) watch.report(logDirectory, LogFailure.ofDisk(error));
      for (const { slot } of renamed) departed(slot);
      this.#syncNext(logDirectory);
    });
  }
}
