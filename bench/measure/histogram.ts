/**
 * Counts of durations in log-linear classes, as HdrHistogram has them: 128 to each power of two, so that a percentile is
 * off by at most 1 %.
 * Holds 0 to 2^32 of whatever unit the caller has; more is counted as that.
 */
const SUB_BITS = 7;
const SUB = 1 << SUB_BITS;
const LARGEST = 2 ** 32 - 1;

export class LogLinearHistogram {
  readonly #counts = new Uint32Array((32 - SUB_BITS + 1) * SUB);
  total = 0;
  max = 0;

  record(value: number): void {
    const whole = value < 0 ? 0 : value > LARGEST ? LARGEST : value >>> 0;
    this.#counts[classOf(whole)]!++;
    this.total++;
    if (value > this.max) this.max = value;
  }

  /** The value that `fraction` of all values do not exceed; 0 when there are none. */
  percentile(fraction: number): number {
    let left = Math.max(1, Math.ceil(this.total * fraction));
    if (this.total === 0) return 0;
    for (let index = 0; index < this.#counts.length; index++) {
      left -= this.#counts[index]!;
      if (left <= 0) return Math.min(upperOf(index), this.max);
    }
    return this.max;
  }
}

function classOf(whole: number): number {
  if (whole < SUB) return whole;
  const shift = 31 - Math.clz32(whole) - SUB_BITS;
  return (shift + 1) * SUB + ((whole >>> shift) - SUB);
}

/** The largest value of a class. */
function upperOf(index: number): number {
  if (index < SUB) return index;
  const shift = Math.floor(index / SUB) - 1;
  return (SUB + (index % SUB) + 1) * 2 ** shift - 1;
}
