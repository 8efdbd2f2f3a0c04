import { assert } from '../base/assert.ts';
import { bucketOf, histogramBuckets } from './histogram.ts';

/**
 * What each thread counts, one block for each thread, summed when somebody looks.
 *
 * | part of a block | 64-bit floats |
 * | --- | --- |
 * | counters, in the order of `counterNames` | 256 |
 * | histograms, in the order of `histogramNames`: buckets, then the sum of the values | 257 each |
 *
 * A counter is a float written with a plain store by the block's one thread: the one exception to words of 32 bits
 * with Atomics. A count is exact up to 2^53, no decision hangs on when another thread sees it, and the machines this
 * runs on store an aligned float in one piece. Blocks are 128 bytes apart at least.
 */
export const counterNames = [
  'turns',
  'wakeups',
  'wakeupsSent',
  'ringMessages',
  'noticesTaken',
  'bytesReceived',
  'bytesSent',
  'bytesCopied',
  'framesMoved',
  'connectionsAccepted',
  'connectionsRefused',
  'connectionsClosed',
  'requests',
  'rowRetries',
  'systemCallsRead',
  'systemCallsWrite',
  'systemCallsSync',
  'systemCallsOther',
] as const;
export type CounterName = (typeof counterNames)[number];

export const histogramNames = [
  'produceMicros',
  'fetchMicros',
  'requestMicros',
  'turnMicros',
  'diskWriteMicros',
  'diskReadMicros',
  'diskSyncMicros',
  'batchBytes',
] as const;
export type HistogramName = (typeof histogramNames)[number];

function indexes<Name extends string>(names: readonly Name[]): Readonly<Record<Name, number>> {
  return Object.fromEntries(names.map((name, index) => [name, index])) as Record<Name, number>;
}

/** Index of each counter, for `CounterBlock.add`. */
export const counter = indexes(counterNames);
export const histogram = indexes(histogramNames);

const counterSlots = 256;
const histogramSlots = histogramBuckets + 1;
const blockSlots = Math.ceil((counterSlots + histogramNames.length * histogramSlots) / 16) * 16 + 16;
export const counterBlockBytes = blockSlots * 8;

assert(counterNames.length <= counterSlots, 'a slot for each counter');
assert(counterBlockBytes % 128 === 0, 'blocks of counters are whole lines');

/** A thread's own block. */
export class CounterBlock {
  readonly #slots: Float64Array<SharedArrayBuffer>;

  constructor(memory: SharedArrayBuffer, thread: number) {
    this.#slots = new Float64Array(memory, thread * counterBlockBytes, blockSlots);
  }

  /** `index` is one of `counter`. */
  add(index: number, amount: number): void {
    this.#slots[index] = (this.#slots[index] as number) + amount;
  }

  /** `index` is one of `histogram`; `value` is whole and not negative, in the unit that the name ends with. */
  observe(index: number, value: number): void {
    const start = counterSlots + index * histogramSlots;
    const bucket = start + bucketOf(value);
    this.#slots[bucket] = (this.#slots[bucket] as number) + 1;
    const sum = start + histogramBuckets;
    this.#slots[sum] = (this.#slots[sum] as number) + value;
  }
}

/** Sums over all threads. */
export class CounterSums {
  readonly #slots: Float64Array<SharedArrayBuffer>;
  readonly #threads: number;

  constructor(memory: SharedArrayBuffer) {
    this.#slots = new Float64Array(memory);
    this.#threads = memory.byteLength / counterBlockBytes;
  }

  sum(index: number): number {
    return this.#sumOfSlot(index);
  }

  of(thread: number, index: number): number {
    return this.#slots[thread * blockSlots + index] as number;
  }

  /** Fills `buckets` (of `histogramBuckets` elements) and returns the sum of the observed values. */
  readHistogram(index: number, buckets: Float64Array): number {
    const start = counterSlots + index * histogramSlots;
    for (let bucket = 0; bucket < histogramBuckets; bucket++) buckets[bucket] = this.#sumOfSlot(start + bucket);
    return this.#sumOfSlot(start + histogramBuckets);
  }

  #sumOfSlot(slot: number): number {
    let sum = 0;
    for (let thread = 0; thread < this.#threads; thread++) sum += this.#slots[thread * blockSlots + slot] as number;
    return sum;
  }
}
