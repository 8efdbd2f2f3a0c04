import { assert } from '../base/assert.ts';
import { ZERO_UUID, type Uuid } from '../base/uuid.ts';
import type { PartitionChangeRecord } from '../protocol/schema/metadata/partition_change_record.ts';
import type { PartitionRecord } from '../protocol/schema/metadata/partition_record.ts';
import {
  idListsBytes,
  PartitionColumns,
  partitionColumnsBytes,
  PartitionColumnsWriter,
  PartitionState,
  type PartitionValues,
} from '../shared-memory/partition_columns.ts';
import { MIGRATING_DIRECTORY, UNASSIGNED_DIRECTORY } from './cluster_image.ts';
import type { PartitionIndex } from './partition_index.ts';
import type { TopicImage } from './topic_image.ts';

/**
 * What an image does with records of partitions. One thread, control, finds a slot for each and writes the columns; every
 * other one looks up the slot and finds the columns written, because it reads a record only when the watermark has
 * passed it.
 */
export interface PartitionStore {
  /**
   * The record says all about the partition. Its slot; −1: a record further on, not applied here yet, removes it again;
   * `NO_SLOT_LEFT`.
   */
  put(topic: TopicImage, record: PartitionRecord): number;
  /** False: there is no such partition, or the record cannot be right. */
  change(topic: TopicImage, record: PartitionChangeRecord): boolean;
  /** Forgets the eligible leader replicas of all partitions. */
  clearElr(topic: TopicImage): void;
  /** The topic is gone, with all its partitions. */
  remove(topic: TopicImage): void;
}

/** There are more partitions than slots. */
export const NO_SLOT_LEFT = -2;

/** The store of every thread but control: looks up what control wrote. */
export class FoundPartitions implements PartitionStore {
  readonly #index: PartitionIndex;

  constructor(index: PartitionIndex) {
    this.#index = index;
  }

  put(topic: TopicImage, record: PartitionRecord): number {
    return this.#index.find(topic.idWords, record.partitionId);
  }

  change(topic: TopicImage, record: PartitionChangeRecord): boolean {
    return record.partitionId >= 0 && record.partitionId < topic.partitionCount;
  }

  clearElr(_topic: TopicImage): void {}

  remove(_topic: TopicImage): void {}
}

export interface WrittenPartitionsOptions {
  readonly writer: PartitionColumnsWriter;
  readonly columns: PartitionColumns;
  /** A slot for a partition that has none; −1: none is left. */
  readonly place: (topic: TopicImage, partition: number) => number;
  /**
   * The partition is in no column any more. It is still in the index: a thread that lags behind finds its slot there, and
   * sees in the columns that the partition is gone. Who frees the slot removes it.
   */
  readonly removed: (topic: TopicImage, partition: number, slot: number) => void;
  /** Where other threads find the slot; null where there are none. */
  readonly index: PartitionIndex | null;
}

/** The store of the one thread that writes the columns. */
export class WrittenPartitions implements PartitionStore {
  readonly #options: WrittenPartitionsOptions;
  readonly #state = new PartitionState();

  constructor(options: WrittenPartitionsOptions) {
    this.#options = options;
  }

  put(topic: TopicImage, record: PartitionRecord): number {
    const { writer, place, index } = this.#options;
    const { partitionId } = record;
    const known = topic.slotOf(partitionId);
    const slot = known >= 0 ? known : place(topic, partitionId);
    if (slot < 0) return NO_SLOT_LEFT;
    writer.write(slot, topic.idWords, partitionId, valuesOf(record));
    if (known < 0) index?.insert(topic.idWords, partitionId, slot);
    return slot;
  }

  change(topic: TopicImage, record: PartitionChangeRecord): boolean {
    const slot = topic.slotOf(record.partitionId);
    if (slot < 0 || !canBe(record)) return false;
    assert(this.#options.columns.read(slot, this.#state), 'a partition that the image knows has columns');
    this.#options.writer.write(slot, topic.idWords, record.partitionId, changed(this.#state, record));
    return true;
  }

  clearElr(topic: TopicImage): void {
    const { columns, writer } = this.#options;
    const state = this.#state;
    for (const [partition, slot] of topic.slots.entries()) {
      if (slot < 0 || !columns.read(slot, state)) continue;
      if (state.eligibleLeaderReplicas.length === 0 && state.lastKnownElr.length === 0) continue;
      writer.write(slot, topic.idWords, partition, changed(state, CLEARS_ELR));
    }
  }

  remove(topic: TopicImage): void {
    const { writer, removed } = this.#options;
    for (const [partition, slot] of topic.slots.entries()) {
      if (slot < 0) continue;
      writer.clear(slot);
      removed(topic, partition, slot);
    }
  }
}

/** Columns of an image that no other thread looks into: of the task that makes a snapshot, of tools and tests. */
export function privatePartitions(partitionsMax: number): { store: WrittenPartitions; columns: PartitionColumns } {
  const memory = new SharedArrayBuffer(partitionColumnsBytes(partitionsMax));
  const lists = new SharedArrayBuffer(idListsBytes(partitionsMax));
  const columns = new PartitionColumns(memory, lists, partitionsMax);
  const free: number[] = [];
  let used = 0;
  const store = new WrittenPartitions({
    writer: new PartitionColumnsWriter(memory, lists, partitionsMax),
    columns,
    place: () => free.pop() ?? (used < partitionsMax ? used++ : -1),
    removed: (_topic, _partition, slot) => free.push(slot),
    index: null,
  });
  return { store, columns };
}

function valuesOf(record: PartitionRecord): PartitionValues {
  const { replicas, directories } = record;
  return {
    ...record,
    eligibleLeaderReplicas: record.eligibleLeaderReplicas ?? [],
    lastKnownElr: record.lastKnownElr ?? [],
    directories: directories.length > 0 ? directories : replicas.map(() => MIGRATING_DIRECTORY),
  };
}

/** Whether the record may be of a partition at all. */
function canBe({ replicas, directories, leaderRecoveryState }: PartitionChangeRecord): boolean {
  if (leaderRecoveryState < -1 || leaderRecoveryState > 1) return false;
  return (
    replicas === null || directories === null || directories.length === 0 || replicas.length === directories.length
  );
}

/** What the change makes of the partition: a field that the record leaves out stays as it was. */
function changed(state: PartitionState, record: PartitionChangeRecord): PartitionValues {
  const isLed = record.leader !== NO_LEADER_CHANGE;
  return {
    leader: isLed ? record.leader : state.leader,
    leaderEpoch: isLed ? state.leaderEpoch + 1 : state.leaderEpoch,
    partitionEpoch: state.partitionEpoch + 1,
    leaderRecoveryState: record.leaderRecoveryState >= 0 ? record.leaderRecoveryState : state.leaderRecoveryState,
    replicas: record.replicas ?? state.replicas,
    isr: record.isr ?? state.isr,
    eligibleLeaderReplicas: record.eligibleLeaderReplicas ?? state.eligibleLeaderReplicas,
    lastKnownElr: record.lastKnownElr ?? state.lastKnownElr,
    addingReplicas: record.addingReplicas ?? state.addingReplicas,
    removingReplicas: record.removingReplicas ?? state.removingReplicas,
    directories: changedDirectories(state, record),
  };
}

/** Replicas that stay keep their directory. */
function changedDirectories(state: PartitionState, { directories, replicas }: PartitionChangeRecord): readonly Uuid[] {
  if (directories !== null && directories.length > 0) return directories;
  if (replicas === null) return state.directories;
  return replicas.map((id) => {
    const index = state.replicas.indexOf(id);
    return index < 0 ? UNASSIGNED_DIRECTORY : state.directories[index]!;
  });
}

/** What a change says of the leader when it says nothing of it; any other value is another leadership. */
const NO_LEADER_CHANGE = -2;

/** Of any partition. */
const CLEARS_ELR: PartitionChangeRecord = {
  partitionId: -1,
  topicId: ZERO_UUID,
  isr: null,
  leader: NO_LEADER_CHANGE,
  replicas: null,
  removingReplicas: null,
  addingReplicas: null,
  leaderRecoveryState: -1,
  directories: null,
  eligibleLeaderReplicas: [],
  lastKnownElr: [],
};
