import { assert } from '../base/assert.ts';

/**
 * Rates that are limited over all shards: connections created per second, later quotas of bytes and requests. A
 * bucket fills with `ratePerSecond` tokens up to `burst`; any shard takes from it.
 *
 * | word of a bucket (128 bytes) | field | writer |
 * | --- | --- | --- |
 * | 0 | units in the bucket, negative for a debt | anyone, by add |
 * | 1 | milliseconds at which it was last filled, wrapping | who fills, by compare and exchange |
 * | 2 | units added each millisecond; 0: no limit | control |
 * | 3 | units when full | control |
 * | 4 | units of one token, a power of two | control |
 *
 * A token is divided into units so that a millisecond's worth of a slow rate is still many of them. Whoever finds that
 * time has passed and moves the clock word on fills in what that time brings; nobody waits for it.
 */
export const tokenBucketStride = 128;
const bucketWords = tokenBucketStride / 4;
const unitsWord = 0;
const filledAtWord = 1;
const unitsPerMsWord = 2;
const fullWord = 3;
const unitsPerTokenWord = 4;
const unitsMax = 2 ** 30;
/** A clock word this far ahead of now is not another shard's slightly later now, but weeks behind. */
const clockSkewMsMax = 60_000;

export class TokenBuckets {
  readonly buckets: number;
  readonly #words: Int32Array<SharedArrayBuffer>;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
    this.buckets = memory.byteLength / tokenBucketStride;
  }

  /** Control only. `ratePerSecond` and `burst` are at least 1; an infinite rate is no limit. The bucket is full. */
  configure(bucket: number, ratePerSecond: number, burst: number, nowMs: number): void {
    const start = this.#start(bucket);
    if (ratePerSecond === Infinity) {
      Atomics.store(this.#words, start + unitsPerMsWord, 0);
      return;
    }
    assert(ratePerSecond >= 1 && burst >= 1 && burst <= unitsMax && ratePerSecond <= unitsMax, 'a rate of a bucket');
    let unitsPerToken = 1;
    while (unitsPerToken * 2 * Math.max(burst, ratePerSecond) <= unitsMax) unitsPerToken *= 2;
    Atomics.store(this.#words, start + unitsPerTokenWord, unitsPerToken);
    Atomics.store(this.#words, start + fullWord, Math.floor(burst * unitsPerToken));
    Atomics.store(this.#words, start + filledAtWord, Math.floor(nowMs) | 0);
    Atomics.store(this.#words, start + unitsWord, Math.floor(burst * unitsPerToken));
    Atomics.store(this.#words, start + unitsPerMsWord, Math.max(1, Math.round((ratePerSecond * unitsPerToken) / 1000)));
  }

  /** Takes `tokens` if they are there. `nowMs` is the monotonic clock that all threads of the process share. */
  take(bucket: number, tokens: number, nowMs: number): boolean {
    const start = this.#start(bucket);
    if (!this.#fill(start, nowMs)) return true;
    const units = this.#unitsOf(start, tokens);
    if (Atomics.sub(this.#words, start + unitsWord, units) >= units) return true;
    Atomics.add(this.#words, start + unitsWord, units);
    return false;
  }

  /**
   * Takes `tokens` whether they are there or not, for work that is done already. Returns the milliseconds until the
   * debt is paid: how long the one who made it is to be held off. The debt of a bucket is bounded.
   */
  charge(bucket: number, tokens: number, nowMs: number): number {
    const start = this.#start(bucket);
    if (!this.#fill(start, nowMs)) return 0;
    const units = this.#unitsOf(start, tokens);
    const left = Atomics.sub(this.#words, start + unitsWord, units) - units;
    if (left < -unitsMax / 2) Atomics.add(this.#words, start + unitsWord, units);
    return left >= 0 ? 0 : Math.ceil(-left / Atomics.load(this.#words, start + unitsPerMsWord));
  }

  /** Tokens there now, negative for a debt; as of the last take. */
  level(bucket: number): number {
    const start = this.#start(bucket);
    return Atomics.load(this.#words, start + unitsWord) / Atomics.load(this.#words, start + unitsPerTokenWord);
  }

  /** False: this bucket is no limit. */
  #fill(start: number, nowMs: number): boolean {
    const unitsPerMs = Atomics.load(this.#words, start + unitsPerMsWord);
    if (unitsPerMs === 0) return false;
    const now = Math.floor(nowMs) | 0;
    const filledAt = Atomics.load(this.#words, start + filledAtWord);
    const passed = (now - filledAt) | 0;
    if (passed === 0 || (passed < 0 && passed >= -clockSkewMsMax)) return true;
    if (Atomics.compareExchange(this.#words, start + filledAtWord, filledAt, now) !== filledAt) return true;
    const full = Atomics.load(this.#words, start + fullWord);
    for (;;) {
      const units = Atomics.load(this.#words, start + unitsWord);
      const filled = passed < 0 ? full : Math.min(full, units + passed * unitsPerMs);
      if (filled === units) return true;
      if (Atomics.compareExchange(this.#words, start + unitsWord, units, filled) === units) return true;
    }
  }

  /** No single taking is above half of what a word holds. */
  #unitsOf(start: number, tokens: number): number {
    assert(tokens >= 0, 'tokens are taken, not given');
    return Math.min(Math.ceil(tokens * Atomics.load(this.#words, start + unitsPerTokenWord)), unitsMax / 2);
  }

  #start(bucket: number): number {
    assert(bucket >= 0 && bucket < this.buckets, 'a bucket of the table');
    return bucket * bucketWords;
  }
}
