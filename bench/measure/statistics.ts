/** What is said of a handful of repetitions. */

export function median(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The whole range of the values beside their median; 0 for less than two values. */
export function spread(values: readonly number[]): number {
  const middle = median(values);
  if (values.length < 2 || middle === 0) return 0;
  return (Math.max(...values) - Math.min(...values)) / middle;
}

export type Verdict = 'more' | 'less' | 'same' | 'inconclusive';

export interface Comparison {
  /** Median of `measured` over that of `reference`. */
  readonly ratio: number;
  /** How far the ratio may be off: half the spreads of both, added. 0 where one of them was not repeated. */
  readonly noise: number;
  readonly repeated: boolean;
  readonly verdict: Verdict;
}

/**
 * `more` and `less`: the difference is larger than the noise. `same`: it is not, and the noise is small enough that a
 * difference of `asked` (0.05 is 5 %) would have been seen. `inconclusive`: the noise would hide it.
 */
export function compare(measured: readonly number[], reference: readonly number[], asked: number): Comparison {
  const base = median(reference);
  const ratio = base === 0 ? 0 : median(measured) / base;
  const noise = (spread(measured) + spread(reference)) / 2;
  const repeated = measured.length >= 2 && reference.length >= 2;
  const told = { ratio, noise, repeated };
  if (base === 0 || !repeated) return { ...told, verdict: 'inconclusive' };
  if (ratio > 0 && Math.max(ratio, 1 / ratio) - 1 > noise) return { ...told, verdict: ratio > 1 ? 'more' : 'less' };
  return { ...told, verdict: noise <= asked ? 'same' : 'inconclusive' };
}
