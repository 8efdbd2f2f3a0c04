import type { Uuid } from '../base/uuid.ts';
import { shardOf } from '../cluster/placement.ts';
import type { NodeConfig } from '../config/node_config.ts';
import { storedTopicConfig } from '../config/topic_config.ts';
import { formatDirectoryName, parseDirectoryName, type DirectoryName } from '../log/directory_name.ts';
import { deletedDirectoryName, hexadecimalOfBytes, strayDirectoryName } from '../log/log_deletion.ts';
import { readPartitionMetadata } from '../log/partition_metadata.ts';
import type { PartitionIndex } from '../metadata/partition_index.ts';
import type { TopicImage } from '../metadata/topic_image.ts';
import { logDirectoryState } from '../shared-memory/log_directory_states.ts';
import { replicaState, type PartitionSlots } from '../shared-memory/partition_table.ts';
import type { RecoveryPoints } from '../shared-memory/recovery_points.ts';
import type { ThreadMemory } from '../shared-memory/thread_memory.ts';
import type { DataDirectories } from '../storage/data_directories.ts';
import type { ControlPorts } from './control_ports.ts';
import type { FoundLogs } from './found_logs.ts';
import type { LeavingReplica, LeavingReplicas } from './leaving_replicas.ts';

export interface ReplicaPlacementOptions {
  readonly ports: ControlPorts;
  readonly config: NodeConfig;
  readonly directories: DataDirectories;
  readonly foundLogs: FoundLogs;
  readonly recoveryPoints: RecoveryPoints;
  readonly memory: ThreadMemory;
  readonly slots: PartitionSlots;
  readonly index: PartitionIndex;
}

/**
 * Which row, shard and log directory a partition has on this node, from the record that adds it to the one that removes
 * it. A row is control's until its state is `opening`: while its log is being recovered, and while a deleted topic of
 * the same name still has the directory.
 */
export class ReplicaPlacement {
  /** Rows that were placed and whose owners have not opened them yet. */
  readonly opening = new Set<number>();
  /** Rows whose logs a crash has left: control's until they are recovered. */
  readonly recovering = new Set<number>();
  /** Null while the metadata is read at the start: no shard knows of anything then. */
  leaving: LeavingReplicas | null = null;
  readonly #options: ReplicaPlacementOptions;
  readonly #key = new Uint8Array(20);
  /** Ids of topics that the metadata of the start tells the end of, where a directory of their name was found. */
  readonly #deletedIds = new Set<Uuid>();
  /** By the name of a directory that leaves: the row that waits for it. */
  readonly #waiting = new Map<string, number>();

  constructor(options: ReplicaPlacementOptions) {
    this.#options = options;
  }

  /** A row for a new partition; -1: none is left. */
  place(topic: TopicImage, partition: number): number {
    const { slots, memory, foundLogs, recoveryPoints } = this.#options;
    const name = formatDirectoryName(topic.name, partition);
    const found = foundLogs.take(name, topic.id);
    // Where it lies may be what cannot be read: a log that is not found then is no empty log.
    const missing = found === null && this.leaving === null ? this.#failedDirectory() : -1;
    const slot = slots.allocate(this.#ownerOf(topic, partition), 0);
    if (slot < 0) return -1;
    const row = memory.table.row(slot);
    row.logDirectory = missing >= 0 ? missing : (found?.directory ?? this.#emptiestDirectory());
    row.logStartOffset = found?.logStartOffset ?? 0;
    row.highWatermark = found?.highWatermark ?? 0;
    recoveryPoints.set(slot, found?.recoveryPoint ?? 0);
    // A log that was closed was synced first: so far it goes, and no further.
    row.logEndOffset = found?.needsRecovery === false ? found.recoveryPoint : 0;
    if (missing >= 0) row.state = replicaState.offline;
    else if (found?.needsRecovery === true) {
      row.state = replicaState.recovering;
      this.recovering.add(slot);
    } else {
      this.opening.add(slot);
      if (this.leaving?.isLeaving(name) === true) {
        row.state = replicaState.recovering;
        this.#waiting.set(name, slot);
      }
    }
    row.publish();
    return slot;
  }

  /** The partition's topic was deleted. */
  removed(topic: TopicImage, partition: number, slot: number): void {
    const { memory, foundLogs, config, index, slots } = this.#options;
    const name = formatDirectoryName(topic.name, partition);
    if (this.leaving === null) {
      this.opening.delete(slot);
      this.recovering.delete(slot);
      if (foundLogs.giveBack(name)) this.#deletedIds.add(topic.id);
      index.remove(topic.idWords, partition);
      slots.free(slot);
      return;
    }
    const { logDirectory } = memory.table.row(slot);
    const path = config.storage.directories[logDirectory]!;
    this.leaving.add({
      slot,
      topicIdWords: topic.idWords,
      partition,
      name,
      logDirectory,
      deletedPath: `${path}/${deletedDirectoryName(topic.name, partition, topic.id)}`,
      deleteDelayMs: storedTopicConfig(config.topics.config, topic.configs).config.fileDeleteDelayMs,
    });
    // It has no directory to wait for any more: its owner is to give it up.
    if (this.#waiting.get(name) === slot) this.#admit(name);
  }

  /** Nobody knows the replica any more: its row is free, and so is its name unless another one of it leaves too. */
  left(replica: LeavingReplica): void {
    const { index, slots } = this.#options;
    this.opening.delete(replica.slot);
    index.remove(replica.topicIdWords, replica.partition);
    slots.free(replica.slot);
    if (this.leaving?.isLeaving(replica.name) === false) this.#admit(replica.name);
  }

  /** The row is its owner's from now on. */
  handOver(slot: number, state: number): void {
    const { table, notices } = this.#options.memory;
    const row = table.row(slot);
    row.state = state;
    row.publish();
    this.recovering.delete(slot);
    notices.post(row.owner, slot);
  }

  /**
   * Directories of partitions that the metadata does not know. One whose deletion was interrupted is marked for removal.
   * Any other gets a name that says so and is never removed, as it may be the metadata that is wrong. After all of the
   * metadata was read, before anything is opened. Blocks.
   */
  setStraysAside(): void {
    const { foundLogs, config } = this.#options;
    for (const [name, { directory }] of foundLogs.takeUnknown()) {
      const parsed = parseDirectoryName(name);
      if (parsed === null || parsed.topic === METADATA_TOPIC) continue;
      this.#setAside(config.storage.directories[directory]!, name, parsed);
    }
  }

  #setAside(dataDirectory: string, name: string, { topic, partition }: DirectoryName): void {
    const { disk, kernels, entropy, log } = this.#options.ports;
    const path = `${dataDirectory}/${name}`;
    const topicId = readPartitionMetadata(disk, kernels, path);
    if (typeof topicId === 'string' && this.#deletedIds.has(topicId)) {
      const error = disk.rename(path, `${dataDirectory}/${deletedDirectoryName(topic, partition, topicId)}`);
      if (error === null) return;
    }
    const bytes = new Uint8Array(16);
    entropy.fill(bytes);
    const stray = strayDirectoryName(topic, partition, hexadecimalOfBytes(bytes));
    const error = disk.rename(path, `${dataDirectory}/${stray}`);
    const outcome = error === null ? stray : error.toString();
    log.warn('a directory of a partition that the cluster does not know is set aside', { path, outcome });
  }

  /** Whoever waited for the name gets its row. */
  #admit(name: string): void {
    const slot = this.#waiting.get(name);
    if (slot === undefined) return;
    this.#waiting.delete(name);
    this.handOver(slot, replicaState.opening);
  }

  /** Placement on a shard is not on disk: a restart with another number of shards places anew. */
  #ownerOf(topic: TopicImage, partition: number): number {
    const view = new DataView(this.#key.buffer);
    for (let word = 0; word < 4; word++) view.setInt32(word * 4, topic.idWords[word]!);
    view.setInt32(16, partition);
    const hash = this.#options.ports.kernels.xxhash(this.#key, 0, this.#key.length);
    return 1 + shardOf(hash, this.#options.config.shards);
  }

  #failedDirectory(): number {
    return this.#options.directories.all.findIndex(({ failure }) => failure !== null);
  }

  /** Of those that can be written, the one with the fewest partitions. */
  #emptiestDirectory(): number {
    const { directories, memory } = this.#options;
    const { counts } = directories;
    let best = -1;
    let bestState: number = logDirectoryState.failed;
    for (let directory = 0; directory < counts.length; directory++) {
      const state = memory.logDirectories.state(directory);
      if (state === logDirectoryState.failed) continue;
      const isBetter = state < bestState || (state === bestState && counts[directory]! < counts[best]!);
      if (best >= 0 && !isBetter) continue;
      best = directory;
      bestState = state;
    }
    best = Math.max(best, 0);
    counts[best]!++;
    return best;
  }
}

/** Its directory is no user's partition. */
const METADATA_TOPIC = '__cluster_metadata';
