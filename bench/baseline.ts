/**
 * The gate before a release: what each row did beside the machine's own limit in the same run, held against the ratios in
 * bench/baseline.json, which hold on another machine too. Throughput for a CPU-second that fell by more than 15 %, or latency that
 * rose by more than 30 %, fails and names the row; where the repetitions differ by more than that, now or when the baseline was
 * taken, it is inconclusive. On a machine like the baseline's the figure itself must have fallen as much: the limit has moods of its own,
 * and a broker is no worse because the loop was better.
 */
import { median, spread } from './measure/statistics.ts';
import { mainMetric, valuesOf, type LoadRowResult, type RowResult, type TargetResult } from './result.ts';

export const THROUGHPUT_FALL_MAX = 0.15;
export const LATENCY_RISE_MAX = 0.3;

/** Of a row: this broker's figure over the limit's. */
export interface BaselineRow {
  /** Work for a CPU-second. */
  readonly throughput: number;
  /** Over nothing: work of this broker for a CPU-second. */
  readonly own: number;
  /** By how much it may be off, as the repetitions differed. */
  readonly noise: number;
  /** Median and 99th percentile; of paced rows only: elsewhere latency is what the queue makes it. */
  readonly p50?: number;
  readonly p99?: number;
}

export interface Baseline {
  readonly commit: string;
  readonly when: string;
  /** Model and number of the processors. */
  readonly processors: string;
  readonly rows: Readonly<Record<string, BaselineRow>>;
}

/** Rows that were measured beside the limit. */
export function baselineRows(rows: readonly RowResult[]): Record<string, BaselineRow> {
  const found: Record<string, BaselineRow> = {};
  for (const row of rows) {
    if (row.kind !== 'load') continue;
    const sides = sidesOf(row);
    if (sides === null) continue;
    const metric = mainMetric(row.unit);
    const own = rounded(median(valuesOf(sides.own, metric)));
    const throughput = rounded(median(valuesOf(sides.own, metric)) / median(valuesOf(sides.limit, metric)));
    const noise = rounded(noiseOf(valuesOf(sides.own, metric), valuesOf(sides.limit, metric)));
    if (!row.paced) found[row.name] = { throughput, own, noise };
    else found[row.name] = { throughput, own, noise, p50: latencyRatio(sides, 'p50'), p99: latencyRatio(sides, 'p99') };
  }
  return found;
}

export interface GateFinding {
  readonly row: string;
  readonly what: 'throughput' | 'p50' | 'p99' | 'row';
  readonly verdict: 'worse' | 'inconclusive' | 'unknown';
  readonly said: string;
}

/** What is not as good as the baseline, or cannot be told. */
export function holdAgainst(rows: readonly RowResult[], baseline: Baseline, processors: string): GateFinding[] {
  const findings: GateFinding[] = [];
  const now = baselineRows(rows);
  for (const row of rows) {
    const measured = now[row.name];
    if (row.kind !== 'load' || measured === undefined) continue;
    const before = baseline.rows[row.name];
    if (before === undefined) {
      findings.push({ row: row.name, what: 'row', verdict: 'unknown', said: 'is not in the baseline' });
      continue;
    }
    // Where either run is unsteady, so is the ratio of their ratios.
    const ratioFall = 1 - measured.throughput / before.throughput;
    const ownFall = processors === baseline.processors ? 1 - measured.own / before.own : 1;
    const fall = Math.min(ratioFall, ownFall);
    const noise = Math.max(measured.noise, before.noise);
    judge(findings, row.name, 'throughput', fall, THROUGHPUT_FALL_MAX, noise, measured.throughput, before.throughput);
    for (const what of ['p50', 'p99'] as const) {
      const [value, reference] = [measured[what], before[what]];
      if (value === undefined || reference === undefined) continue;
      const rise = value / reference - 1;
      const { own, limit } = sidesOf(row)!;
      const latencyNoise = noiseOf(latencies(own, what), latencies(limit, what));
      judge(findings, row.name, what, rise, LATENCY_RISE_MAX, latencyNoise, value, reference);
    }
  }
  return findings;
}

function judge(
  findings: GateFinding[],
  row: string,
  what: 'throughput' | 'p50' | 'p99',
  change: number,
  changeMax: number,
  noise: number,
  value: number,
  reference: number,
): void {
  const said = `${value} times the limit, baseline ${reference}, noise ${(noise * 100).toFixed(0)} %`;
  if (change > Math.max(changeMax, noise)) findings.push({ row, what, verdict: 'worse', said });
  else if (noise > changeMax) findings.push({ row, what, verdict: 'inconclusive', said });
}

interface Sides {
  readonly own: TargetResult;
  readonly limit: TargetResult;
}

/** Null: the row has no limit beside it, or one of them did not tell its CPU time. */
function sidesOf(row: LoadRowResult): Sides | null {
  const own = row.targets[0];
  const limit = row.targets.find((target) => target.name === 'limit');
  if (own === undefined || limit === undefined || own === limit) return null;
  const metric = mainMetric(row.unit);
  return valuesOf(own, metric).length > 0 && median(valuesOf(limit, metric)) > 0 ? { own, limit } : null;
}

function latencyRatio({ own, limit }: Sides, what: 'p50' | 'p99'): number {
  return rounded(median(latencies(own, what)) / Math.max(1, median(latencies(limit, what))));
}

function latencies(target: TargetResult, what: 'p50' | 'p99'): number[] {
  return target.repetitions.map((run) => run.latencyUs[what]);
}

function noiseOf(own: readonly number[], limit: readonly number[]): number {
  return (spread(own) + spread(limit)) / 2;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
