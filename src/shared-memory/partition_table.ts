import { assert } from '../base/assert.ts';
import { loadHalves, lowHalf } from './halves.ts';
import { field, fieldCount, fieldWords, RowWriter } from './row_writer.ts';

/**
 * One row for each replica that this node hosts, and for each future log: what others may know of it.
 *
 * | word of a row | field | writer |
 * | --- | --- | --- |
 * | 0 | version: counts publications; its lowest bit names the half to read | the row's writer |
 * | 4 to 31 | half 0 (fields: row_writer.ts) | the row's writer |
 * | 36 to 63 | half 1 | the row's writer |
 * | 64, 65 | waiting: a bit for each thread with a parked fetch | any thread sets, the owner takes |
 * | 66, 67 | released: a bit for each thread that has forgotten the replica | any thread sets, control clears |
 *
 * A row has one writer at a time: control until it has handed the row to its owner, the owner from then on, control
 * again after the owner has closed the partition.
 *
 * The writer fills the half that nobody is to read, then stores the version. A reader loads version, half, version
 * and is content when they agree: from then until the next publication the writer touched the other half alone. One
 * publication in between spoils the reading, because the one after it may have begun in the half that was read. No
 * reader ever waits for a writer that is in the middle of something.
 */
export const rowStride = 384;
const rowWords = rowStride / 4;
const versionWord = 0;
const halfStart = 4;
const halfDistance = 32;
const waitingWord = 64;
const releasedWord = 66;

assert(halfStart + fieldWords <= halfDistance, 'a half fits its line with the version');
assert(waitingWord >= 2 * halfDistance && (waitingWord * 4) % 128 === 0, 'waiting bits have a line of their own');
assert(rowStride % 128 === 0 && (releasedWord + 2) * 4 <= rowStride, 'rows are whole lines');

/** What a replica is on this node. */
export const replicaState = {
  /** The row is nobody's. */
  free: 0,
  /** Its owner is opening its log, or is about to. */
  opening: 1,
  follower: 2,
  leader: 3,
  /** Its log directory failed. */
  offline: 4,
  /** Its owner is giving it up; nothing more becomes visible. */
  closing: 5,
  /** A crash has left its log; the background is recovering it. Control's until it is `opening`. */
  recovering: 6,
} as const;

/** A consistent reading of one row. Numbers only; reused. */
export class RowSnapshot {
  slot = -1;
  /** Of the row when it was read. */
  version = 0;
  /** Changes whenever the row gets another replica. */
  incarnation = 0;
  /** One of `replicaState`. */
  state = 0;
  /** Thread that writes the partition. */
  owner = 0;
  /** Counts the owners. */
  ownerEpoch = 0;
  leaderEpoch = -1;
  /** Raised before bytes are truncated, swapped, deleted or moved: what was read under another one is thrown away. */
  readEpoch = 0;
  /** Index of the log directory. */
  logDirectory = 0;
  /** Row of the future log, or −1. */
  futureSlot = -1;
  /** The list of segments, in the segment heap of the owner. */
  segmentCount = 0;
  segmentsPlace = -1;
  /** Changes when the memory of the former list may be written again. */
  segmentsGeneration = 0;
  /** Bytes of the active segment that readers may see. */
  activeSegmentBytes = 0;
  /** Block of further followers in the follower table, or −1. */
  followersExtra = -1;
  /** Entries in the transaction indexes of all segments. */
  abortedTransactions = 0;
  logEndOffset = 0;
  highWatermark = 0;
  lastStableOffset = 0;
  logStartOffset = 0;
  localLogStartOffset = 0;
  /** −1: nothing is remote. */
  highestRemoteOffset = -1;
}

/** Where appends to a partition go: a few words of a row, of one publication. Reused. */
export class RowPlacement {
  incarnation = 0;
  /** One of `replicaState`. */
  state = 0;
  /** Thread that writes the partition. */
  owner = 0;
  /** Index of the log directory. */
  logDirectory = 0;
}

/** More readings than this in a row cannot each have been overtaken by a publication. */
const readingsMax = 1_000_000;

export class PartitionTable {
  readonly partitionsMax: number;
  /** Readings that a publication overtook, by this thread. */
  retries = 0;
  readonly #words: Int32Array<SharedArrayBuffer>;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
    this.partitionsMax = memory.byteLength / rowStride;
    assert(Number.isInteger(this.partitionsMax), 'the partition table is whole rows');
  }

  /**
   * Reads a row. False: the row is free, and `into` says no more than its slot, version and incarnation. A snapshot that
   * is kept for one row is read again only when the row was published since (20 ns, else 200).
   */
  snapshot(slot: number, into: RowSnapshot): boolean {
    const row = this.#row(slot);
    if (into.slot === slot && this.#isCurrent(row, into)) return into.state !== replicaState.free;
    into.slot = slot;
    for (let reading = 0; reading < readingsMax; reading++) {
      const version = Atomics.load(this.#words, row + versionWord);
      this.#read(row + halfStart + (version & 1) * halfDistance, into);
      if (Atomics.load(this.#words, row + versionWord) === version) {
        into.version = version;
        return into.state !== replicaState.free;
      }
      this.retries++;
    }
    assert(false, 'a reader of a row is not overtaken a million times');
  }

  /** Of a row, what an append has to know: a fifth of the words of a snapshot. False: the row is free. */
  placement(slot: number, into: RowPlacement): boolean {
    const words = this.#words;
    const row = this.#row(slot);
    for (let reading = 0; reading < readingsMax; reading++) {
      const version = Atomics.load(words, row + versionWord);
      const half = row + halfStart + (version & 1) * halfDistance;
      into.incarnation = Atomics.load(words, half + field.incarnation);
      into.state = Atomics.load(words, half + field.state);
      into.owner = Atomics.load(words, half + field.owner);
      into.logDirectory = Atomics.load(words, half + field.logDirectory);
      if (Atomics.load(words, row + versionWord) === version) return into.state !== replicaState.free;
      this.retries++;
    }
    assert(false, 'a reader of a row is not overtaken a million times');
  }

  /**
   * Whether bytes that were found by way of `snapshot` are still what it said: nothing was truncated, swapped, deleted
   * or moved since. Asked after the bytes were read.
   */
  hasSameReadEpoch(snapshot: RowSnapshot): boolean {
    return this.#hasSame(snapshot, field.readEpoch, snapshot.readEpoch);
  }

  /**
   * Whether the list of segments that `snapshot` points to is still in place: what was read from it is then right.
   * Asked after the reading.
   */
  hasSameSegments(snapshot: RowSnapshot): boolean {
    return this.#hasSame(snapshot, field.segmentsGeneration, snapshot.segmentsGeneration);
  }

  /**
   * The writer of a row; kept for as long as the calling thread is the row's one writer. It goes on from what is
   * published.
   */
  row(slot: number): RowWriter {
    const row = this.#row(slot);
    return new RowWriter(this.#words, row + versionWord, row + halfStart, halfDistance);
  }

  /**
   * Says that a fetch of `thread` is about to wait for this partition. In this order: park, read the watermark (a
   * snapshot) again, and wait only if it has not moved.
   */
  park(slot: number, thread: number): void {
    const index = this.#row(slot) + waitingWord + (thread >>> 5);
    const bit = 1 << (thread & 31);
    if ((Atomics.load(this.#words, index) & bit) === 0) Atomics.or(this.#words, index, bit);
  }

  /** After publishing: names each thread that parked since the last call, and forgets it. */
  takeWaiting(slot: number, visit: (thread: number, slot: number) => void): void {
    const index = this.#row(slot) + waitingWord;
    for (let word = 0; word < 2; word++) {
      if (Atomics.load(this.#words, index + word) === 0) continue;
      let bits = Atomics.exchange(this.#words, index + word, 0);
      for (; bits !== 0; bits &= bits - 1) visit(word * 32 + 31 - Math.clz32(bits & -bits), slot);
    }
  }

  /**
   * `thread` has forgotten the replica: it holds no position in it and resolves no name to its row any more. The owner
   * says so last, when it has given up the log and its directory. The row may be freed when all shards have.
   */
  release(slot: number, thread: number): void {
    Atomics.or(this.#words, this.#row(slot) + releasedWord + (thread >>> 5), 1 << (thread & 31));
  }

  hasReleased(slot: number, thread: number): boolean {
    const word = Atomics.load(this.#words, this.#row(slot) + releasedWord + (thread >>> 5));
    return (word & (1 << (thread & 31))) !== 0;
  }

  /** Control only, over a free row. */
  clearReleased(slot: number): void {
    const index = this.#row(slot) + releasedWord;
    for (let word = 0; word < 2; word++) Atomics.store(this.#words, index + word, 0);
  }

  /** The version alone would be the same again after 2^32 publications; not beside the same end offset. */
  #isCurrent(row: number, snapshot: RowSnapshot): boolean {
    const { version } = snapshot;
    const half = row + halfStart + (version & 1) * halfDistance;
    return (
      Atomics.load(this.#words, half + field.logEndOffset) === lowHalf(snapshot.logEndOffset) &&
      Atomics.load(this.#words, row + versionWord) === version
    );
  }

  /** Whether the row is still of the same replica and owner, and one of its words what it was. */
  #hasSame(snapshot: RowSnapshot, word: number, expected: number): boolean {
    const row = this.#row(snapshot.slot);
    if (this.#isCurrent(row, snapshot)) return true;
    for (let reading = 0; reading < readingsMax; reading++) {
      const version = Atomics.load(this.#words, row + versionWord);
      const half = row + halfStart + (version & 1) * halfDistance;
      const incarnation = Atomics.load(this.#words, half + field.incarnation);
      const owner = Atomics.load(this.#words, half + field.owner);
      const value = Atomics.load(this.#words, half + word);
      if (Atomics.load(this.#words, row + versionWord) === version) {
        return incarnation === snapshot.incarnation && owner === snapshot.owner && value === expected;
      }
    }
    assert(false, 'a reader of a row is not overtaken a million times');
  }

  #row(slot: number): number {
    assert(slot >= 0 && slot < this.partitionsMax, 'a slot of the partition table');
    return slot * rowWords;
  }

  #read(half: number, into: RowSnapshot): void {
    const words = this.#words;
    into.incarnation = Atomics.load(words, half + field.incarnation);
    into.state = Atomics.load(words, half + field.state);
    into.owner = Atomics.load(words, half + field.owner);
    into.ownerEpoch = Atomics.load(words, half + field.ownerEpoch);
    into.leaderEpoch = Atomics.load(words, half + field.leaderEpoch);
    into.readEpoch = Atomics.load(words, half + field.readEpoch);
    into.logDirectory = Atomics.load(words, half + field.logDirectory);
    into.futureSlot = Atomics.load(words, half + field.futureSlot);
    into.segmentCount = Atomics.load(words, half + field.segmentCount);
    into.segmentsPlace = Atomics.load(words, half + field.segmentsPlace);
    into.segmentsGeneration = Atomics.load(words, half + field.segmentsGeneration);
    into.activeSegmentBytes = Atomics.load(words, half + field.activeSegmentBytes) >>> 0;
    into.followersExtra = Atomics.load(words, half + field.followersExtra);
    into.abortedTransactions = Atomics.load(words, half + field.abortedTransactions);
    into.logEndOffset = loadHalves(words, half + field.logEndOffset);
    into.highWatermark = loadHalves(words, half + field.highWatermark);
    into.lastStableOffset = loadHalves(words, half + field.lastStableOffset);
    into.logStartOffset = loadHalves(words, half + field.logStartOffset);
    into.localLogStartOffset = loadHalves(words, half + field.localLogStartOffset);
    into.highestRemoteOffset = loadHalves(words, half + field.highestRemoteOffset);
  }
}

assert(fieldCount === 20, 'every field is read');

/** Who hands out the rows: control alone. */
export class PartitionSlots {
  readonly #table: PartitionTable;
  readonly #free: Int32Array;
  #freeCount: number;

  /** Over a table of free rows. */
  constructor(table: PartitionTable) {
    this.#table = table;
    this.#freeCount = table.partitionsMax;
    // The lowest rows are handed out first: rows never used cost no memory.
    this.#free = new Int32Array(this.#freeCount).map((_, index) => this.#freeCount - 1 - index);
  }

  get freeSlots(): number {
    return this.#freeCount;
  }

  /**
   * A row with a new incarnation, published as `opening`, for `owner`; it is handed over by a message. −1: all rows
   * are taken.
   */
  allocate(owner: number, ownerEpoch: number): number {
    if (this.#freeCount === 0) return -1;
    const slot = this.#free[--this.#freeCount] as number;
    const row = this.#table.row(slot);
    assert(row.state === replicaState.free, 'a free row is nobody’s');
    this.#table.clearReleased(slot);
    row.clear();
    row.incarnation++;
    row.state = replicaState.opening;
    row.owner = owner;
    row.ownerEpoch = ownerEpoch;
    row.publish();
    return slot;
  }

  /** After every shard has released the row. What readers still hold of it is void. */
  free(slot: number): void {
    const row = this.#table.row(slot);
    assert(row.state !== replicaState.free, 'a row is freed once');
    row.clear();
    row.incarnation++;
    row.readEpoch++;
    row.publish();
    this.#free[this.#freeCount++] = slot;
  }
}
