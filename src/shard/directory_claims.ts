import { directoryOf } from '../log/atomic_file.ts';
import { hexadecimalOf, strayDirectoryName } from '../log/log_deletion.ts';
import { LogFailure } from '../log/log_failure.ts';
import { partitionMetadataName, readPartitionMetadata, writePartitionMetadata } from '../log/partition_metadata.ts';
import type { RecoveryPoints } from '../shared-memory/recovery_points.ts';
import type { ReplicaIdentity } from './replica.ts';
import type { ShardPorts } from './shard_ports.ts';

type ClaimPorts = Pick<ShardPorts, 'disk' | 'kernels' | 'log'>;

/** What a claim needs of a replica. */
export interface Claimant {
  readonly identity: ReplicaIdentity;
  /** What is known of the log; nothing, where the directory turns out to be another's. */
  readonly row: { logStartOffset: number; highWatermark: number; logEndOffset: number };
}

/** A `partition.metadata` that this thread has written, and that is on stable storage. */
interface WrittenMetadata {
  readonly topicId: string;
  readonly logDirectory: number;
  readonly path: string;
}

/**
 * Makes directories of partitions their replicas': made for them, or bearing the topic's id. Many at once cost little more
 * than one:
 *
 *     each: directory made, `partition.metadata` in it ─► the directories synced ─► what holds them synced ─► logs opened
 *
 * The file says the same in all partitions of a topic: it is written and synced for the first, and the others get its name,
 * where the volume can do that. The first sync of a directory mostly brings the names in all of them to the disk, and
 * the later ones find nothing to do. No log is opened before the name and the owner of its directory are on stable storage:
 * its data must never be found under an id that it has not.
 */
export class DirectoryClaims {
  readonly #ports: ClaimPorts;
  readonly #recoveryPoints: RecoveryPoints;
  #written: WrittenMetadata | null = null;

  constructor(ports: ClaimPorts, recoveryPoints: RecoveryPoints) {
    this.#ports = ports;
    this.#recoveryPoints = recoveryPoints;
  }

  /** `refused` is told why a directory cannot be the replica's. Returns the others. Blocks. */
  claim<Replica extends Claimant>(
    replicas: readonly Replica[],
    refused: (replica: Replica, failure: LogFailure) => void,
  ): readonly Replica[] {
    const isChanged = new Set<Replica>();
    const claimed = replicas.filter((replica) => {
      const outcome = this.#claim(replica);
      if (outcome instanceof LogFailure) refused(replica, outcome);
      else if (outcome === 'changed') isChanged.add(replica);
      return !(outcome instanceof LogFailure);
    });
    const parents = new Map<string, LogFailure | null>();
    const failures = new Map<Replica, LogFailure | null>();
    for (const replica of isChanged) failures.set(replica, this.#sync(replica.identity.directory));
    for (const replica of isChanged) {
      const parent = directoryOf(replica.identity.directory);
      if (!parents.has(parent)) parents.set(parent, this.#sync(parent));
    }
    return claimed.filter((replica) => {
      if (!isChanged.has(replica)) return true;
      const failure = failures.get(replica) ?? parents.get(directoryOf(replica.identity.directory)) ?? null;
      if (failure !== null) refused(replica, failure);
      return failure === null;
    });
  }

  /** 'changed': names were made that are not synced. */
  #claim(replica: Claimant): 'known' | 'changed' | LogFailure {
    const { disk, kernels } = this.#ports;
    const { directory, topicId } = replica.identity;
    if (disk.exists(directory)) {
      const known = readPartitionMetadata(disk, kernels, directory);
      if (known instanceof LogFailure) return known;
      if (known === topicId) return 'known';
      const failure = known === null ? null : this.#setAside(replica, known);
      if (failure !== null) return failure;
    }
    const made = disk.makeDirectory(directory);
    if (made !== null) return LogFailure.ofDisk(made);
    return this.#writeMetadata(replica) ?? 'changed';
  }

  #writeMetadata({ identity }: Claimant): LogFailure | null {
    const { disk, kernels } = this.#ports;
    const { directory, topicId, logDirectory } = identity;
    const path = `${directory}/${partitionMetadataName}`;
    const written = this.#written;
    if (written?.topicId === topicId && written.logDirectory === logDirectory) {
      if (disk.link(written.path, path) === null) return null;
    }
    const failure = writePartitionMetadata(disk, kernels, directory, topicId);
    if (failure === null) this.#written = { topicId, logDirectory, path };
    return failure;
  }

  #sync(directory: string): LogFailure | null {
    const unsynced = this.#ports.disk.syncDirectory(directory);
    return unsynced === null ? null : LogFailure.ofDisk(unsynced);
  }

  /**
   * The directory is of a topic that had the same name: one whose deletion a crash has undone, or a copy of something else.
   * It is kept for a person to look at, and the replica begins with nothing: what checkpoints say is of the other one.
   */
  #setAside(replica: Claimant, topicId: string): LogFailure | null {
    const { disk, log } = this.#ports;
    const { identity, row } = replica;
    const stray = strayDirectoryName(identity.topic, identity.partition, hexadecimalOf(topicId));
    log.warn('a directory of another topic of the same name is set aside', { directory: identity.directory, stray });
    const error = disk.rename(identity.directory, `${directoryOf(identity.directory)}/${stray}`);
    if (error !== null) return LogFailure.ofDisk(error);
    row.logStartOffset = 0;
    row.highWatermark = 0;
    row.logEndOffset = 0;
    this.#recoveryPoints.set(identity.slot, 0);
    return null;
  }
}
