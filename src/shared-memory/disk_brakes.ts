import { logDirectoryLineWords } from './log_directory_states.ts';

/**
 * How fast each log directory may be written to while its volume is nearly full, in the lines of
 * `log_directory_states.ts`:
 *
 * | word of a directory's line | field | writer |
 * | --- | --- | --- |
 * | 1 | bytes per millisecond; 0: as fast as anybody likes | control |
 * | 2 | the millisecond, wrapping, up to which what was written is paid for | anyone, by compare and exchange |
 *
 * Bytes are charged whether they may come or not: whoever brought them is held off until they are paid for, and the others
 * behind it. The debt is bounded, so that nobody waits longer than `throttleMsMax`.
 */
const rateWord = 1;
const paidUntilWord = 2;

/** A producer with five requests under way is answered to all of them before its `request.timeout.ms` of 30 s. */
export const throttleMsMax = 5000;

export class DiskBrakes {
  readonly #words: Int32Array<SharedArrayBuffer>;

  /** `memory` is that of the states of the log directories. */
  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  /** Control only. 0 takes the brake off. */
  set(directory: number, bytesPerMs: number, nowMs: number): void {
    const index = indexOf(directory);
    // What was owed when the last brake was taken off may look like a debt of now when the clock has wrapped.
    if (this.bytesPerMs(directory) === 0) Atomics.store(this.#words, index + paidUntilWord, Math.floor(nowMs) | 0);
    Atomics.store(this.#words, index + rateWord, Math.min(bytesPerMs, 2 ** 31 - 1));
  }

  bytesPerMs(directory: number): number {
    return Atomics.load(this.#words, indexOf(directory) + rateWord);
  }

  /** Charges bytes for a directory. Returns for how long whoever brought them is to be held off, in milliseconds. */
  charge(directory: number, bytes: number, nowMs: number): number {
    const index = indexOf(directory);
    const bytesPerMs = Atomics.load(this.#words, index + rateWord);
    if (bytesPerMs === 0) return 0;
    const now = Math.floor(nowMs) | 0;
    const costMs = Math.ceil(bytes / bytesPerMs);
    for (;;) {
      const paidUntil = Atomics.load(this.#words, index + paidUntilWord);
      const owedMs = (paidUntil - now) | 0;
      const standingMs = owedMs > 0 && owedMs <= throttleMsMax ? owedMs : 0;
      const heldMs = Math.min(throttleMsMax, standingMs + costMs);
      const next = (now + heldMs) | 0;
      if (Atomics.compareExchange(this.#words, index + paidUntilWord, paidUntil, next) === paidUntil) return heldMs;
    }
  }
}

/** The first line counts the changes of all directories. */
function indexOf(directory: number): number {
  return (directory + 1) * logDirectoryLineWords;
}
