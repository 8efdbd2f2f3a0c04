import { assert } from '../base/assert.ts';

/**
 * Log-linear buckets: each power of two is divided into 8, so a value is known to an eighth of itself. Values 0 to 15
 * have buckets of their own; those from 2^34 on share the last one.
 */
const divisions = 8;
const valueBitsMax = 34;
export const histogramBuckets = (valueBitsMax - 2) * divisions;

/** The bucket of a whole value ≥ 0. */
export function bucketOf(value: number): number {
  if (value < 2 * divisions) return value < 0 ? 0 : Math.floor(value);
  const exponent = value < 0x8000_0000 ? 31 - Math.clz32(value) : Math.floor(Math.log2(value));
  if (exponent >= valueBitsMax) return histogramBuckets - 1;
  const division = Math.floor(value / 2 ** (exponent - 3)) - divisions;
  return (exponent - 2) * divisions + division;
}

/** The smallest value of a bucket. */
export function lowestOf(bucket: number): number {
  if (bucket < 2 * divisions) return bucket;
  const exponent = Math.floor(bucket / divisions) + 2;
  return (divisions + (bucket % divisions)) * 2 ** (exponent - 3);
}

/**
 * The value at or below which `fraction` of the observations lie, as the highest whole value of its bucket. 0 when
 * nothing was observed.
 */
export function quantileOf(buckets: Float64Array, fraction: number): number {
  let total = 0;
  for (let bucket = 0; bucket < histogramBuckets; bucket++) total += buckets[bucket] as number;
  let rank = Math.max(1, Math.ceil(total * fraction));
  for (let bucket = 0; bucket < histogramBuckets; bucket++) {
    rank -= buckets[bucket] as number;
    if (rank <= 0 && total > 0) return lowestOf(bucket + 1) - 1;
  }
  return 0;
}

for (let bucket = 0; bucket < histogramBuckets; bucket++) {
  assert(bucketOf(lowestOf(bucket)) === bucket, 'a bucket holds its lowest value');
}
