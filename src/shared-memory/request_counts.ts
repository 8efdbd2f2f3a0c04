import { assert } from '../base/assert.ts';

/**
 * How many requests of each kind each thread was sent, one block for each thread, summed when somebody looks. What a
 * kind is, whoever makes the numbers says: API key and version.
 *
 * | part of a block | 64-bit floats |
 * | --- | --- |
 * | kinds, 0 to `requestKindsMax` − 1 | 512 |
 *
 * Written and read as `counters.ts` says: plain stores of the block's one thread. Blocks are 128 bytes apart at least.
 */
export const requestKindsMax = 512;

export const requestCountBlockBytes = requestKindsMax * 8 + 128;

assert(requestCountBlockBytes % 128 === 0, 'blocks of counts are whole lines');

const blockSlots = requestCountBlockBytes / 8;

/** A thread's own block. */
export class RequestCountBlock {
  readonly #slots: Float64Array<SharedArrayBuffer>;

  constructor(memory: SharedArrayBuffer, thread: number) {
    this.#slots = new Float64Array(memory, thread * requestCountBlockBytes, requestKindsMax);
  }

  add(kind: number): void {
    this.#slots[kind] = (this.#slots[kind] as number) + 1;
  }
}

/** Sums over all threads. */
export class RequestCountSums {
  readonly #slots: Float64Array<SharedArrayBuffer>;
  readonly #threads: number;

  constructor(memory: SharedArrayBuffer) {
    this.#slots = new Float64Array(memory);
    this.#threads = memory.byteLength / requestCountBlockBytes;
  }

  sum(kind: number): number {
    let sum = 0;
    for (let thread = 0; thread < this.#threads; thread++) sum += this.#slots[thread * blockSlots + kind] as number;
    return sum;
  }
}
