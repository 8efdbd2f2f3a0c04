import { assert } from '../base/assert.ts';

/**
 * Lists of 32-bit ids that never change, kept once however many partitions have them: most partitions of a cluster share
 * a few lists of replicas. Written by control alone, read by every thread.
 *
 * | word of a list | content |
 * | --- | --- |
 * | 0 | length |
 * | 1 to length | the ids |
 *
 * Place 0 is the empty list. Whoever publishes a place says in which order it is given back: a list is released after
 * the last word that names it was overwritten, so a reader that finds that word unchanged after copying has copied right.
 */

/** More ids than one list has (a replication factor is an int16, and a directory id four words): what a torn reading may find. */
const LIST_IDS_MAX = 4 * 32_768;
/** Words of the smallest block: a list of three ids. */
const SMALLEST_BLOCK = 4;
const SIZES = 24;

export const EMPTY_LIST = 0;
const NO_IDS: readonly number[] = Object.freeze([]);

/** Copies lists; any thread. */
export class IdListReader {
  readonly #words: Int32Array<SharedArrayBuffer>;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  /** The list at `place`, or null where there is none: the place was given back since it was read. */
  copy(place: number): readonly number[] | null {
    if (place === EMPTY_LIST) return NO_IDS;
    const words = this.#words;
    const length = Atomics.load(words, place);
    if (length < 0 || length > LIST_IDS_MAX || place + length >= words.length) return null;
    const ids: number[] = [];
    for (let index = 1; index <= length; index++) ids.push(Atomics.load(words, place + index));
    return ids;
  }
}

interface InternedList {
  readonly key: string;
  readonly place: number;
  readonly size: number;
  references: number;
}

/** Keeps the lists; control alone. What it knows about them lies in its own memory. */
export class IdLists {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #byKey = new Map<string, InternedList>();
  readonly #byPlace = new Map<number, InternedList>();
  /** By size: free blocks of 4 << size words. */
  readonly #free: number[][] = Array.from({ length: SIZES }, () => []);
  /** The first block holds the empty list. */
  #next = SMALLEST_BLOCK;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  /** Lists that are kept, but for the empty one. */
  get size(): number {
    return this.#byKey.size;
  }

  /** Where the list lies; counted as one use more. −1: there is no room for it. */
  retain(ids: readonly number[]): number {
    if (ids.length === 0) return EMPTY_LIST;
    const key = ids.join();
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      known.references++;
      return known.place;
    }
    assert(ids.length <= LIST_IDS_MAX, 'a list of ids is as long as a list of replicas');
    let size = 0;
    while (SMALLEST_BLOCK << size < ids.length + 1) size++;
    const place = this.#allocate(size);
    if (place < 0) return -1;
    for (let index = 0; index < ids.length; index++) Atomics.store(this.#words, place + 1 + index, ids[index]!);
    Atomics.store(this.#words, place, ids.length);
    const list = { key, place, size, references: 1 };
    this.#byKey.set(key, list);
    this.#byPlace.set(place, list);
    return place;
  }

  /** One use less. After the last, the memory may hold another list. */
  release(place: number): void {
    if (place === EMPTY_LIST) return;
    const list = this.#byPlace.get(place);
    assert(list !== undefined, 'a list is released as often as it was retained');
    if (--list.references > 0) return;
    this.#byKey.delete(list.key);
    this.#byPlace.delete(place);
    this.#free[list.size]!.push(place);
  }

  #allocate(size: number): number {
    const reused = this.#free[size]!.pop();
    if (reused !== undefined) return reused;
    const words = SMALLEST_BLOCK << size;
    if (this.#next + words <= this.#words.length) {
      this.#next += words;
      return this.#next - words;
    }
    return this.#split(size);
  }

  /** The upper half of a larger free block stays free. */
  #split(size: number): number {
    if (size + 1 >= SIZES) return -1;
    const larger = this.#free[size + 1]!.pop() ?? this.#split(size + 1);
    if (larger >= 0) this.#free[size]!.push(larger + (SMALLEST_BLOCK << size));
    return larger;
  }
}
