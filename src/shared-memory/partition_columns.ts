import { assert } from '../base/assert.ts';
import { uuidOfWords, writeUuid, type Uuid } from '../base/uuid.ts';
import { EMPTY_LIST, IdListReader, IdLists } from './id_lists.ts';

/**
 * What the cluster's metadata says of each partition: who leads it, its epochs, replicas and in-sync replicas. One entry
 * for each slot, hosted on this node or not; the partition table has what the node itself knows of its replica in the
 * row with the same number. Control writes it when it applies a record, before the record passes the watermark;
 * every thread reads.
 *
 * | part | content |
 * | --- | --- |
 * | a word for each slot | version: counts publications; its lowest bit names the half to read; 0 is a slot never used |
 * | two halves of 16 words for each slot | see below |
 *
 * | word of a half | content |
 * | --- | --- |
 * | 0 to 3 | topic id, most significant first |
 * | 4 | partition index, one added; 0: the slot is nobody's |
 * | 5 to 8 | leader, leader epoch, partition epoch, leader recovery state |
 * | 9 to 15 | places of lists (`id_lists.ts`): replicas, ISR, ELR, last known ELR, adding, removing, directories |
 *
 * As in the partition table, control fills the half that nobody is to read, then stores the version, and a reader is
 * content when it finds the same version before and after: it never waits. A list is released after the version that
 * named it last is gone, and so a reader that copied other ids out of reused memory finds another version too.
 */
const halfWords = 16;
const identityWord = 0;
const partitionWord = 4;
const leaderWord = 5;
const leaderEpochWord = 6;
const partitionEpochWord = 7;
const recoveryStateWord = 8;
const replicasWord = 9;
const isrWord = 10;
const elrWord = 11;
const lastKnownElrWord = 12;
const addingWord = 13;
const removingWord = 14;
const directoriesWord = 15;

assert(directoriesWord + 1 === halfWords, 'a half is one cache line');

/** The versions, in whole lines, then the halves. */
export function partitionColumnsBytes(partitionsMax: number): number {
  return (versionWords(partitionsMax) + partitionsMax * 2 * halfWords) * 4;
}

/**
 * Room for every list of twelve replicas to be another one; pages that hold none cost nothing. A few lists are as many
 * as most clusters have.
 */
export function idListsBytes(partitionsMax: number): number {
  return 4096 + partitionsMax * 512;
}

function versionWords(partitionsMax: number): number {
  return Math.ceil(partitionsMax / 32) * 32;
}

/** A partition's registration (KIP-631). Lists are in Kafka's order and never changed in place. */
export interface PartitionValues {
  /** −1: nobody. */
  readonly leader: number;
  /** Grows with each change of the leader. */
  readonly leaderEpoch: number;
  /** Grows with each change of the partition. */
  readonly partitionEpoch: number;
  /** 0: recovered; 1: its leader is recovering from an unclean election. */
  readonly leaderRecoveryState: number;
  /** The first is the preferred leader. */
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  /** Out of the ISR, but not behind the high watermark (KIP-966). */
  readonly eligibleLeaderReplicas: readonly number[];
  readonly lastKnownElr: readonly number[];
  readonly addingReplicas: readonly number[];
  readonly removingReplicas: readonly number[];
  /** The log directory of each replica, in the order of `replicas` (KIP-858). */
  readonly directories: readonly Uuid[];
}

/** A consistent reading of one partition. Reused; its lists are not and may be kept. */
export class PartitionState implements PartitionValues {
  slot = -1;
  /** Of the entry when it was read. */
  version = 0;
  readonly topicIdWords = new Int32Array(4);
  /** −1: the slot is nobody's. */
  partition = -1;
  leader = -1;
  leaderEpoch = -1;
  partitionEpoch = -1;
  leaderRecoveryState = 0;
  replicas: readonly number[] = [];
  isr: readonly number[] = [];
  eligibleLeaderReplicas: readonly number[] = [];
  lastKnownElr: readonly number[] = [];
  addingReplicas: readonly number[] = [];
  removingReplicas: readonly number[] = [];
  directories: readonly Uuid[] = [];

  /** Whether it is of this partition: a thread that lags behind may still hold a slot that is another's by now. */
  isOf(topicIdWords: Int32Array, partition: number): boolean {
    const words = this.topicIdWords;
    return (
      this.partition === partition &&
      words[0] === topicIdWords[0] &&
      words[1] === topicIdWords[1] &&
      words[2] === topicIdWords[2] &&
      words[3] === topicIdWords[3]
    );
  }
}

/** More readings than this in a row cannot each have been overtaken by a publication. */
const readingsMax = 1_000_000;

/** Readings of any thread. */
export class PartitionColumns {
  readonly partitionsMax: number;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #firstHalf: number;
  readonly #lists: IdListReader;

  constructor(memory: SharedArrayBuffer, lists: SharedArrayBuffer, partitionsMax: number) {
    assert(memory.byteLength === partitionColumnsBytes(partitionsMax), 'the columns have an entry for each slot');
    this.partitionsMax = partitionsMax;
    this.#words = new Int32Array(memory);
    this.#firstHalf = versionWords(partitionsMax);
    this.#lists = new IdListReader(lists);
  }

  /** Reads what is known of the partition in `slot`. False: the slot is nobody's. A reading kept for a slot that has not changed costs one load. */
  read(slot: number, into: PartitionState): boolean {
    assert(slot >= 0 && slot < this.partitionsMax, 'a slot of the partition table');
    for (let reading = 0; reading < readingsMax; reading++) {
      const version = Atomics.load(this.#words, slot);
      if (into.slot === slot && into.version === version) return into.partition >= 0;
      const isWhole = this.#copy(this.#firstHalf + (slot * 2 + (version & 1)) * halfWords, into);
      // What is in the fields is of no version until it is known to be of one.
      into.slot = -1;
      if (Atomics.load(this.#words, slot) !== version) continue;
      assert(isWhole, 'a list that a published entry names is in its place');
      into.slot = slot;
      into.version = version;
      return into.partition >= 0;
    }
    assert(false, 'a reader of a partition is not overtaken a million times');
  }

  #copy(half: number, into: PartitionState): boolean {
    const words = this.#words;
    for (let word = 0; word < 4; word++) into.topicIdWords[word] = Atomics.load(words, half + identityWord + word);
    into.partition = Atomics.load(words, half + partitionWord) - 1;
    into.leader = Atomics.load(words, half + leaderWord);
    into.leaderEpoch = Atomics.load(words, half + leaderEpochWord);
    into.partitionEpoch = Atomics.load(words, half + partitionEpochWord);
    into.leaderRecoveryState = Atomics.load(words, half + recoveryStateWord);
    const replicas = this.#list(half + replicasWord);
    const isr = this.#list(half + isrWord);
    const elr = this.#list(half + elrWord);
    const lastKnownElr = this.#list(half + lastKnownElrWord);
    const adding = this.#list(half + addingWord);
    const removing = this.#list(half + removingWord);
    const directories = this.#list(half + directoriesWord);
    if (replicas === null || isr === null || elr === null || lastKnownElr === null) return false;
    if (adding === null || removing === null || directories === null) return false;
    into.replicas = replicas;
    into.isr = isr;
    into.eligibleLeaderReplicas = elr;
    into.lastKnownElr = lastKnownElr;
    into.addingReplicas = adding;
    into.removingReplicas = removing;
    into.directories = idsOf(directories);
    return true;
  }

  #list(word: number): readonly number[] | null {
    return this.#lists.copy(Atomics.load(this.#words, word));
  }
}

/** The one writer: control, or whoever reads metadata into memory of its own. */
export class PartitionColumnsWriter {
  readonly partitionsMax: number;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #firstHalf: number;
  readonly #lists: IdLists;

  /** Over memory that nothing was written to yet. */
  constructor(memory: SharedArrayBuffer, lists: SharedArrayBuffer, partitionsMax: number) {
    assert(memory.byteLength === partitionColumnsBytes(partitionsMax), 'the columns have an entry for each slot');
    this.partitionsMax = partitionsMax;
    this.#words = new Int32Array(memory);
    this.#firstHalf = versionWords(partitionsMax);
    this.#lists = new IdLists(lists);
  }

  /** Publishes everything about a partition at once. */
  write(slot: number, topicIdWords: Int32Array, partition: number, values: PartitionValues): void {
    const next = this.#next(slot);
    const words = this.#words;
    for (let word = 0; word < 4; word++) Atomics.store(words, next + identityWord + word, topicIdWords[word]!);
    Atomics.store(words, next + partitionWord, partition + 1);
    Atomics.store(words, next + leaderWord, values.leader);
    Atomics.store(words, next + leaderEpochWord, values.leaderEpoch);
    Atomics.store(words, next + partitionEpochWord, values.partitionEpoch);
    Atomics.store(words, next + recoveryStateWord, values.leaderRecoveryState);
    this.#retain(next + replicasWord, values.replicas);
    this.#retain(next + isrWord, values.isr);
    this.#retain(next + elrWord, values.eligibleLeaderReplicas);
    this.#retain(next + lastKnownElrWord, values.lastKnownElr);
    this.#retain(next + addingWord, values.addingReplicas);
    this.#retain(next + removingWord, values.removingReplicas);
    this.#retain(next + directoriesWord, wordsOf(values.directories));
    this.#publish(slot);
  }

  /** The partition is gone: the slot is nobody's until it is written again. */
  clear(slot: number): void {
    const next = this.#next(slot);
    Atomics.store(this.#words, next + partitionWord, 0);
    for (let word = replicasWord; word <= directoriesWord; word++) Atomics.store(this.#words, next + word, EMPTY_LIST);
    this.#publish(slot);
  }

  /** First word of the half that nobody is to read. */
  #next(slot: number): number {
    assert(slot >= 0 && slot < this.partitionsMax, 'a slot of the partition table');
    return this.#firstHalf + (slot * 2 + (~Atomics.load(this.#words, slot) & 1)) * halfWords;
  }

  #retain(word: number, ids: readonly number[]): void {
    const place = this.#lists.retain(ids);
    assert(place >= 0, 'there is room for the lists of replicas of millrace.partitions.max partitions');
    Atomics.store(this.#words, word, place);
  }

  /** Makes the written half the one to read; then the lists of the other one may go. */
  #publish(slot: number): void {
    const version = Atomics.load(this.#words, slot);
    const former = this.#firstHalf + (slot * 2 + (version & 1)) * halfWords;
    Atomics.store(this.#words, slot, (version + 1) | 0);
    for (let word = replicasWord; word <= directoriesWord; word++) {
      this.#lists.release(Atomics.load(this.#words, former + word));
    }
  }
}

function idsOf(words: readonly number[]): readonly Uuid[] {
  const ids: Uuid[] = [];
  for (let at = 0; at + 4 <= words.length; at += 4) {
    ids.push(uuidOfWords(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!));
  }
  return ids;
}

function wordsOf(ids: readonly Uuid[]): readonly number[] {
  const view = new DataView(new ArrayBuffer(16));
  return ids.flatMap((id) => {
    writeUuid(view, 0, id);
    return [view.getInt32(0), view.getInt32(4), view.getInt32(8), view.getInt32(12)];
  });
}
