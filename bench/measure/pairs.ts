/**
 * Two programs beside each other on a machine that others use, too: they run in turns, each run of the one belongs to a
 * run of the other right before or after it, and what is looked at is the ratio within a pair.
 */
import { median } from './statistics.ts';

/** Resamples of the bootstrap. */
const RESAMPLES = 4000;
const SEED = 0x6d696c6c;

/** The first of each pair: base, head, head, base, … so that what drifts meets both alike (ABBA). */
export function pairOrder(pairs: number): ('base' | 'head')[] {
  return Array.from({ length: pairs }, (_, pair) => (pair % 2 === 0 ? 'base' : 'head'));
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * 95 % bootstrap interval of the median: the middle 95 % of the medians of samples drawn from `values` with replacement. The
 * draws are the same each time, so that the same values give the same interval.
 */
export function bootstrapInterval(values: readonly number[]): Interval {
  if (values.length === 0) return { low: 0, high: Number.POSITIVE_INFINITY };
  let state = SEED;
  const random = (): number => {
    // xorshift of 32 bits
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const medians = new Float64Array(RESAMPLES);
  const sample = new Float64Array(values.length);
  for (let round = 0; round < RESAMPLES; round++) {
    for (let index = 0; index < sample.length; index++) sample[index] = values[Math.floor(random() * values.length)]!;
    medians[round] = median([...sample]);
  }
  medians.sort();
  return { low: medians[Math.floor(RESAMPLES * 0.025)]!, high: medians[Math.ceil(RESAMPLES * 0.975) - 1]! };
}

/** What one pair told. */
export interface Pair {
  /** CPU-seconds for a unit of work. */
  readonly base: number;
  readonly head: number;
  /** Cores that others used meanwhile. */
  readonly others: number;
}

export interface PairLimits {
  /** The median pair is worse than this, */
  readonly worse: number;
  /** and the interval lies wholly above this: the head fails. */
  readonly surely: number;
  /** Half the width of the interval beside the median, and cores used by others, from which on nothing is said. */
  readonly widthMax: number;
  readonly othersMax: number;
}

export const TIME_LIMITS: PairLimits = { worse: 1.25, surely: 1.1, widthMax: 0.15, othersMax: 0.3 };

export interface PairVerdict {
  readonly verdict: 'worse' | 'passes' | 'inconclusive';
  /** Head over base, of the median pair. */
  readonly ratio: number;
  readonly interval: Interval;
  readonly others: number;
  readonly why: string;
}

export function judgePairs(pairs: readonly Pair[], limits: PairLimits): PairVerdict {
  const ratios = pairs.map((pair) => pair.head / pair.base);
  const ratio = median(ratios);
  const interval = bootstrapInterval(ratios);
  const others = median(pairs.map((pair) => pair.others));
  const told = { ratio, interval, others };
  const width = ratio === 0 ? Number.POSITIVE_INFINITY : (interval.high - interval.low) / 2 / ratio;
  if (others > limits.othersMax) {
    return { ...told, verdict: 'inconclusive', why: `others used ${others.toFixed(2)} cores` };
  }
  if (!(width <= limits.widthMax)) {
    return { ...told, verdict: 'inconclusive', why: `the interval is ±${(width * 100).toFixed(0)} % wide` };
  }
  const worse = ratio > limits.worse && interval.low > limits.surely;
  return { ...told, verdict: worse ? 'worse' : 'passes', why: '' };
}
