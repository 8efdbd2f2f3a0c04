import { assert } from '../base/assert.ts';

/**
 * (topic id, partition index) → row of the partition table, in shared memory: written by control alone before the
 * records that speak of the partition pass the watermark, read by every thread when it applies them. Open addressing;
 * a removed entry leaves a tombstone, which an insertion takes again.
 *
 * | word of an entry | content |
 * | --- | --- |
 * | 0..3 | topic id, most significant first |
 * | 4 | partition index |
 * | 5 | 0 free, -1 tombstone, else slot + 1; stored last |
 * | 6, 7 | unused |
 */
const ENTRY_WORDS = 8;
const STATE = 5;
const FREE = 0;
const TOMBSTONE = -1;

export function partitionIndexBytes(partitionsMax: number): number {
  return entriesFor(partitionsMax) * ENTRY_WORDS * 4;
}

function entriesFor(partitionsMax: number): number {
  let entries = 16;
  while (entries < partitionsMax * 2) entries *= 2;
  return entries;
}

export class PartitionIndex {
  readonly #words: Int32Array;
  readonly #mask: number;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
    const entries = this.#words.length / ENTRY_WORDS;
    assert((entries & (entries - 1)) === 0 && entries >= 16, 'the partition index has a power of two of entries');
    this.#mask = entries - 1;
  }

  /** The slot of a partition, -1 when it is not known. */
  find(id: Int32Array, partitionIndex: number): number {
    let at = this.#start(id, partitionIndex);
    for (let probes = 0; probes <= this.#mask; probes++) {
      const state = Atomics.load(this.#words, at * ENTRY_WORDS + STATE);
      if (state === FREE) return -1;
      if (state !== TOMBSTONE && this.#holds(at, id, partitionIndex)) {
        if (Atomics.load(this.#words, at * ENTRY_WORDS + STATE) === state) return state - 1;
        // It became another partition's between the two looks: what was compared is of the new one.
        continue;
      }
      at = (at + 1) & this.#mask;
    }
    return -1;
  }

  /** Control only. The partition is not in the index. */
  insert(id: Int32Array, partitionIndex: number, slot: number): void {
    let at = this.#start(id, partitionIndex);
    for (let probes = 0; ; probes++) {
      assert(probes <= this.#mask, 'the partition index has room for every row');
      const state = this.#words[at * ENTRY_WORDS + STATE]!;
      if (state === FREE || state === TOMBSTONE) break;
      at = (at + 1) & this.#mask;
    }
    const word = at * ENTRY_WORDS;
    for (let index = 0; index < 4; index++) Atomics.store(this.#words, word + index, id[index]!);
    Atomics.store(this.#words, word + 4, partitionIndex);
    Atomics.store(this.#words, word + STATE, slot + 1);
  }

  /** Control only. Unknown partitions are passed over. */
  remove(id: Int32Array, partitionIndex: number): void {
    let at = this.#start(id, partitionIndex);
    for (let probes = 0; probes <= this.#mask; probes++) {
      const state = this.#words[at * ENTRY_WORDS + STATE]!;
      if (state === FREE) return;
      if (state !== TOMBSTONE && this.#holds(at, id, partitionIndex)) {
        Atomics.store(this.#words, at * ENTRY_WORDS + STATE, TOMBSTONE);
        return;
      }
      at = (at + 1) & this.#mask;
    }
  }

  #start(id: Int32Array, partitionIndex: number): number {
    const hash = Math.imul(id[1]! ^ id[3]! ^ Math.imul(partitionIndex, 0x85ebca6b), 0x9e3779b1);
    return (hash ^ (hash >>> 15)) & this.#mask;
  }

  #holds(at: number, id: Int32Array, partitionIndex: number): boolean {
    const word = at * ENTRY_WORDS;
    const words = this.#words;
    return (
      Atomics.load(words, word) === id[0] &&
      Atomics.load(words, word + 1) === id[1] &&
      Atomics.load(words, word + 2) === id[2] &&
      Atomics.load(words, word + 3) === id[3] &&
      Atomics.load(words, word + 4) === partitionIndex
    );
  }
}
