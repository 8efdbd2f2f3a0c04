/**
 * 64-bit values in shared memory: two Int32 words, low half first, as a plain number in code (exact up to 2^53).
 * A pair is not read or written in one step; whoever shares one says what makes the pair consistent (the version
 * of a row, of an entry, of an index tail).
 */

/** Low 32 bits of a whole number of either sign. */
export function lowHalf(value: number): number {
  return value | 0;
}

/** Upper 32 bits of a whole number of either sign. */
export function highHalf(value: number): number {
  return Math.floor(value / 0x1_0000_0000) | 0;
}

export function joinHalves(low: number, high: number): number {
  return high * 0x1_0000_0000 + (low >>> 0);
}

export function loadHalves(words: Int32Array<SharedArrayBuffer>, index: number): number {
  return joinHalves(Atomics.load(words, index), Atomics.load(words, index + 1));
}

export function storeHalves(words: Int32Array<SharedArrayBuffer>, index: number, value: number): void {
  Atomics.store(words, index, lowHalf(value));
  Atomics.store(words, index + 1, highHalf(value));
}
