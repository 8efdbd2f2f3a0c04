import { assert } from '../base/assert.ts';
import { loadHalves, storeHalves } from './halves.ts';

/**
 * What a leader knows of its followers, for control, which decides about the ISR. Blocks of 8 entries; block n
 * belongs to row n of the partition table, blocks from `partitionsMax` on are extra ones that a row names in
 * `followersExtra`.
 *
 * | word of an entry (32 bytes) | field |
 * | --- | --- |
 * | 0 | version: odd while the entry is being written |
 * | 1 | node id, −1 for none, one added (0 is an entry never written) |
 * | 2, 3 | log end offset |
 * | 4, 5 | last fetch, milliseconds of the process's monotonic clock |
 * | 6, 7 | last caught up, likewise |
 *
 * The writer of the row writes its entries, and clears its blocks when it begins to lead: what an earlier leadership
 * knew is void. An entry is consistent in itself.
 */
export const followersInline = 8;
export const followerBlockBytes = 256;
const entryWords = 8;
const blockWords = followerBlockBytes / 4;

assert(entryWords * followersInline === blockWords, 'a block is its entries');

export class FollowerSnapshot {
  nodeId = -1;
  logEndOffset = 0;
  lastFetchMs = 0;
  lastCaughtUpMs = 0;
}

export class FollowerTable {
  readonly blocks: number;
  readonly #words: Int32Array<SharedArrayBuffer>;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
    this.blocks = memory.byteLength / followerBlockBytes;
  }

  /** The writer of the row only. `nodeId` −1 empties the entry. */
  write(
    block: number,
    index: number,
    nodeId: number,
    logEndOffset: number,
    lastFetchMs: number,
    lastCaughtUpMs: number,
  ): void {
    const words = this.#words;
    const entry = this.#entry(block, index);
    const version = Atomics.load(words, entry);
    assert((version & 1) === 0, 'an entry has one writer');
    Atomics.store(words, entry, (version + 1) | 0);
    Atomics.store(words, entry + 1, nodeId + 1);
    storeHalves(words, entry + 2, logEndOffset);
    storeHalves(words, entry + 4, lastFetchMs);
    storeHalves(words, entry + 6, lastCaughtUpMs);
    Atomics.store(words, entry, (version + 2) | 0);
  }

  /**
   * False: the writer was in the middle of it each of a few times; look again at the next tick. An entry without a
   * follower has node id −1.
   */
  read(block: number, index: number, into: FollowerSnapshot): boolean {
    const words = this.#words;
    const entry = this.#entry(block, index);
    for (let reading = 0; reading < 8; reading++) {
      const version = Atomics.load(words, entry);
      into.nodeId = Atomics.load(words, entry + 1) - 1;
      into.logEndOffset = loadHalves(words, entry + 2);
      into.lastFetchMs = loadHalves(words, entry + 4);
      into.lastCaughtUpMs = loadHalves(words, entry + 6);
      if ((version & 1) === 0 && Atomics.load(words, entry) === version) return true;
    }
    return false;
  }

  /** Empties a block. The writer of the row only. */
  clear(block: number): void {
    for (let index = 0; index < followersInline; index++) {
      if (Atomics.load(this.#words, this.#entry(block, index) + 1) !== 0) this.write(block, index, -1, 0, 0, 0);
    }
  }

  #entry(block: number, index: number): number {
    assert(block >= 0 && block < this.blocks && index >= 0 && index < followersInline, 'an entry of a follower block');
    return block * blockWords + index * entryWords;
  }
}

/** Who hands out the extra blocks, those behind the blocks of the rows: control alone. */
export class FollowerBlocks {
  readonly #first: number;
  readonly #free: Int32Array;
  #freeCount: number;

  constructor(followers: FollowerTable, partitionsMax: number) {
    this.#first = partitionsMax;
    this.#freeCount = followers.blocks - partitionsMax;
    this.#free = new Int32Array(this.#freeCount).map((_, index) => followers.blocks - 1 - index);
  }

  /** A block for more followers than a row has room for; its owner publishes it as `followersExtra`. −1: none is left. */
  allocate(): number {
    return this.#freeCount === 0 ? -1 : (this.#free[--this.#freeCount] as number);
  }

  /** After the row names it no more. */
  free(block: number): void {
    assert(block >= this.#first, 'an extra block');
    assert(this.#freeCount < this.#free.length, 'a block is freed once');
    this.#free[this.#freeCount++] = block;
  }
}
