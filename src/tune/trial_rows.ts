import { median, spread } from '../../bench/measure/statistics.ts';
import type { LoadRow } from '../../bench/rows.ts';
import type { Sample } from './recommendation.ts';
import type { Trial } from './trial.ts';

/** What one way to run a broker did under one load: medians over the rounds. */
export interface TrialRow {
  readonly candidate: string;
  readonly load: string;
  readonly title: string;
  readonly unit: 'requests' | 'bytes';
  readonly perSecond: number;
  readonly perCpuSecond: number;
  /** What lies between the best and the worst round, beside the median; of the work for a CPU-second. */
  readonly spread: number;
  readonly p99Ms: number;
  readonly peakBytes: number;
  readonly others: number;
  /** What the medians are of. */
  readonly rounds: readonly Sample[];
}

export function trialRows<Key>(trial: Trial<Key>, loads: readonly LoadRow[], name: (key: Key) => string): TrialRow[] {
  return [...trial].flatMap(([key, byLoad]) =>
    loads.map((load) => {
      const samples = byLoad.get(load.name) ?? [];
      return {
        candidate: name(key),
        load: load.name,
        title: load.title,
        unit: load.unit,
        perSecond: median(samples.map((sample) => sample.perSecond)),
        perCpuSecond: median(samples.map((sample) => sample.perCpuSecond)),
        spread: spread(samples.map((sample) => sample.perCpuSecond)),
        p99Ms: median(samples.map((sample) => sample.p99Ms)),
        peakBytes: Math.max(0, ...samples.map((sample) => sample.peakBytes)),
        others: median(samples.map((sample) => sample.others)),
        rounds: samples,
      };
    }),
  );
}
