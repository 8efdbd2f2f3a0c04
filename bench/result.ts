/** The result of a bench run, as it lies in bench/results/*.json. Times in seconds, memory in bytes. */
import type { CpuSeconds, ThreadCpu } from './measure/proc_stat.ts';
import { compare, median, spread, type Comparison } from './measure/statistics.ts';

export const RESULT_FORMAT = 2;
const THREADS_SHOWN = 8;

/** One run of one row against one target. */
export interface Measurement {
  readonly seconds: number;
  readonly requests: number;
  /** Bytes of record batches moved, before compression. */
  readonly bytes: number;
  readonly records: number;
  readonly latencyUs: { readonly p50: number; readonly p99: number; readonly p999: number; readonly max: number };
  /** CPU of what is measured; null when its process is not known. */
  readonly cpu: CpuSeconds | null;
  readonly threads: readonly ThreadCpu[];
  readonly generator: CpuSeconds;
  /** CPU-seconds that neither the target nor the generator used. */
  readonly others: number;
  /** CPU-seconds that the host kept from this machine. */
  readonly stolen: number;
  readonly peakMemory: number | null;
  /** Share of the requests that took effect on another shard; null when the target does not tell. */
  readonly crossing: number | null;
}

export interface TargetResult {
  readonly name: string;
  readonly repetitions: readonly Measurement[];
}

export interface LoadRowResult {
  readonly kind: 'load';
  readonly name: string;
  readonly title: string;
  readonly unit: 'requests' | 'bytes';
  /** The load comes at a rate of its own: what counts is latency, not throughput. */
  readonly paced: boolean;
  readonly targets: readonly TargetResult[];
}

/** One thing that a state row tells; less is better. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  /** One for each repetition. */
  readonly values: readonly number[];
}

export interface StateRowResult {
  readonly kind: 'state';
  readonly name: string;
  readonly title: string;
  readonly targets: readonly { readonly name: string; readonly figures: readonly Figure[] }[];
}

export type RowResult = LoadRowResult | StateRowResult;

export interface BenchResult {
  readonly format: typeof RESULT_FORMAT;
  readonly when: string;
  readonly commit: string;
  readonly machine: {
    readonly processor: string;
    readonly cores: number;
    readonly memory: number;
    readonly system: string;
  };
  readonly node: string;
  /** The smallest difference that the run was to show: 0.05 is 5 %. */
  readonly difference: number;
  readonly rows: readonly RowResult[];
}

export type Metric = 'bytesPerSecond' | 'requestsPerSecond' | 'bytesPerCpuSecond' | 'requestsPerCpuSecond';

/** One value for each repetition that has it. */
export function valuesOf(target: TargetResult, metric: Metric): number[] {
  const values: number[] = [];
  for (const run of target.repetitions) {
    const amount = metric.startsWith('bytes') ? run.bytes : run.requests;
    if (!metric.endsWith('CpuSecond')) values.push(amount / run.seconds);
    else if (run.cpu !== null && run.cpu.user + run.cpu.kernel > 0)
      values.push(amount / (run.cpu.user + run.cpu.kernel));
  }
  return values;
}

/** The metric that a row is compared by: how much of its unit a CPU-second does. */
export function mainMetric(unit: 'requests' | 'bytes'): Metric {
  return unit === 'requests' ? 'requestsPerCpuSecond' : 'bytesPerCpuSecond';
}

export interface TargetSummary {
  readonly name: string;
  readonly bytesPerSecond: number;
  readonly requestsPerSecond: number;
  readonly bytesPerCpuSecond: number;
  readonly requestsPerCpuSecond: number;
  /** Cores' worth of CPU, medians over the repetitions. */
  readonly userCores: number;
  readonly kernelCores: number;
  readonly generatorCores: number;
  readonly othersCores: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly peakMemory: number | null;
  readonly crossing: number | null;
  /** Of the row's main metric. */
  readonly spread: number;
}

export function summarize(target: TargetResult, unit: 'requests' | 'bytes'): TargetSummary {
  const runs = target.repetitions;
  const middle = (value: (run: Measurement) => number) => median(runs.map(value));
  const known = <T>(values: readonly (T | null)[]): T[] => values.filter((value) => value !== null);
  const memory = known(runs.map((run) => run.peakMemory));
  const crossing = known(runs.map((run) => run.crossing));
  return {
    name: target.name,
    bytesPerSecond: median(valuesOf(target, 'bytesPerSecond')),
    requestsPerSecond: median(valuesOf(target, 'requestsPerSecond')),
    bytesPerCpuSecond: median(valuesOf(target, 'bytesPerCpuSecond')),
    requestsPerCpuSecond: median(valuesOf(target, 'requestsPerCpuSecond')),
    userCores: middle((run) => (run.cpu?.user ?? 0) / run.seconds),
    kernelCores: middle((run) => (run.cpu?.kernel ?? 0) / run.seconds),
    generatorCores: middle((run) => (run.generator.user + run.generator.kernel) / run.seconds),
    othersCores: middle((run) => run.others / run.seconds),
    p50Us: middle((run) => run.latencyUs.p50),
    p99Us: middle((run) => run.latencyUs.p99),
    p999Us: middle((run) => run.latencyUs.p999),
    peakMemory: memory.length === 0 ? null : Math.max(...memory),
    crossing: crossing.length === 0 ? null : median(crossing),
    spread: spread(valuesOf(target, mainMetric(unit))),
  };
}

/** Cores' worth of CPU by thread name, mean of the repetitions, busiest first; what did next to nothing is left out. */
export function busyThreads(target: TargetResult): { readonly name: string; readonly cores: number }[] {
  const cores = new Map<string, number>();
  for (const run of target.repetitions) {
    for (const { name, user, kernel } of run.threads) {
      const share = (user + kernel) / run.seconds / target.repetitions.length;
      cores.set(name, (cores.get(name) ?? 0) + share);
    }
  }
  const busy = [...cores].map(([name, used]) => ({ name, cores: used })).filter((thread) => thread.cores >= 0.01);
  return busy.sort((left, right) => right.cores - left.cores).slice(0, THREADS_SHOWN);
}

/** The first target beside another one, by the row's main metric. */
export function compareTargets(row: LoadRowResult, against: TargetResult, difference: number): Comparison {
  const metric = mainMetric(row.unit);
  return compare(valuesOf(row.targets[0]!, metric), valuesOf(against, metric), difference);
}
