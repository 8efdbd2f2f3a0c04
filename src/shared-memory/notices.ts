import { assert } from '../base/assert.ts';
import type { Doorbell } from './doorbell.ts';

/**
 * "Something of this partition changed": for each thread a set of partition slots that any thread adds to and the
 * thread itself empties. A notice posted twice before it is taken is one; a set never overflows. What changed
 * stands in the partition's row.
 *
 * A set is three levels of bits, 32 to one: a bit for each slot, one for each word of slots, one for each of those
 * words again. Each thread's set begins at a multiple of 128 bytes:
 *
 * | part | words |
 * | --- | --- |
 * | top | ⌈partitions / 2^15⌉ |
 * | summary | ⌈partitions / 2^10⌉ |
 * | slots | ⌈partitions / 2^5⌉ |
 *
 * Who posts sets bits upwards from the slot; who takes clears them downwards from the top. A bit set behind the
 * taker's back has its upper bits set after it, so the next look finds it.
 */
export function noticesBytes(partitionsMax: number): number {
  return (topWords(partitionsMax) + summaryWords(partitionsMax) + slotWords(partitionsMax)) * 4;
}

/** Each part is rounded up to whole lines. */
function wordsFor(bits: number): number {
  return Math.ceil(Math.ceil(bits / 32) / 32) * 32;
}
const slotWords = (partitionsMax: number): number => wordsFor(partitionsMax);
const summaryWords = (partitionsMax: number): number => wordsFor(Math.ceil(partitionsMax / 32));
const topWords = (partitionsMax: number): number => wordsFor(Math.ceil(partitionsMax / 1024));

assert(noticesBytes(1) % 128 === 0 && noticesBytes(65_537) % 128 === 0, 'sets of notices begin at whole lines');

/** One thread's notices: those to it, and its hand on everybody else's. */
export class Notices {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #self: number;
  readonly #doorbell: Doorbell;
  readonly #partitionsMax: number;
  readonly #setWords: number;
  readonly #summaryStart: number;
  readonly #slotStart: number;
  readonly #topCount: number;
  /** Threads posted to since the last flush. */
  readonly #posted: Uint8Array;
  #anyPosted = false;

  constructor(memory: SharedArrayBuffer, partitionsMax: number, self: number, doorbell: Doorbell) {
    this.#words = new Int32Array(memory);
    this.#self = self;
    this.#doorbell = doorbell;
    this.#partitionsMax = partitionsMax;
    this.#setWords = noticesBytes(partitionsMax) / 4;
    this.#summaryStart = topWords(partitionsMax);
    this.#slotStart = this.#summaryStart + summaryWords(partitionsMax);
    this.#topCount = Math.ceil(partitionsMax / 0x8000);
    this.#posted = new Uint8Array(memory.byteLength / noticesBytes(partitionsMax));
    assert(self < this.#posted.length, 'a set of notices for each thread');
  }

  /** Tells `thread` to look at a partition. What it is to see is published before this call. */
  post(thread: number, slot: number): void {
    assert(slot >= 0 && slot < this.#partitionsMax, 'a notice is about a slot of the partition table');
    const set = thread * this.#setWords;
    this.#raise(set + this.#slotStart + (slot >>> 5), slot);
    this.#raise(set + this.#summaryStart + (slot >>> 10), slot >>> 5);
    this.#raise(set + (slot >>> 15), slot >>> 10);
    this.#posted[thread] = 1;
    this.#anyPosted = true;
  }

  /** Wakes those who were posted to since the last flush, if they sleep. */
  flush(): void {
    if (!this.#anyPosted) return;
    this.#anyPosted = false;
    for (let thread = 0; thread < this.#posted.length; thread++) {
      if (this.#posted[thread] === 0) continue;
      this.#posted[thread] = 0;
      this.#doorbell.ring(thread);
    }
  }

  /** Whether `take` would find something. Part of what a thread looks at before it sleeps. */
  hasWork(): boolean {
    const set = this.#self * this.#setWords;
    for (let top = 0; top < this.#topCount; top++) if (Atomics.load(this.#words, set + top) !== 0) return true;
    return false;
  }

  /** Empties this thread's set; the handler gets each slot once. Posts that come meanwhile may wait for the next. */
  take(handler: (slot: number) => void): void {
    const set = this.#self * this.#setWords;
    for (let top = 0; top < this.#topCount; top++) {
      let topBits = this.#clear(set + top);
      for (; topBits !== 0; topBits &= topBits - 1) {
        const summary = top * 32 + lowestBit(topBits);
        let summaryBits = this.#clear(set + this.#summaryStart + summary);
        for (; summaryBits !== 0; summaryBits &= summaryBits - 1) {
          const word = summary * 32 + lowestBit(summaryBits);
          let slotBits = this.#clear(set + this.#slotStart + word);
          for (; slotBits !== 0; slotBits &= slotBits - 1) handler(word * 32 + lowestBit(slotBits));
        }
      }
    }
  }

  /** A load is enough when the bit is there: then its taker has not come by yet. */
  #raise(index: number, bitNumber: number): void {
    const bit = 1 << (bitNumber & 31);
    if ((Atomics.load(this.#words, index) & bit) === 0) Atomics.or(this.#words, index, bit);
  }

  #clear(index: number): number {
    return Atomics.load(this.#words, index) === 0 ? 0 : Atomics.exchange(this.#words, index, 0);
  }
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
