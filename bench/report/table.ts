/** The result on the terminal. */
import {
  busyThreads,
  compareTargets,
  mainMetric,
  summarize,
  valuesOf,
  type BenchResult,
  type Figure,
  type LoadRowResult,
  type RowResult,
  type StateRowResult,
  type TargetResult,
  type TargetSummary,
} from '../result.ts';
import { median, spread, type Comparison } from '../measure/statistics.ts';

export type Column = readonly [title: string, value: (summary: TargetSummary) => string];

/** One column of the table for each figure of a target. */
export const COLUMNS: readonly Column[] = [
  ['', (summary) => summary.name],
  ['MB/s', (summary) => megabytes(summary.bytesPerSecond)],
  ['req/s', (summary) => count(summary.requestsPerSecond)],
  ['MB/CPU-s', (summary) => megabytes(summary.bytesPerCpuSecond)],
  ['req/CPU-s', (summary) => count(summary.requestsPerCpuSecond)],
  ['user', (summary) => summary.userCores.toFixed(2)],
  ['kernel', (summary) => summary.kernelCores.toFixed(2)],
  ['generator', (summary) => summary.generatorCores.toFixed(2)],
  ['others', (summary) => summary.othersCores.toFixed(2)],
  ['p50 ms', (summary) => milliseconds(summary.p50Us)],
  ['p99 ms', (summary) => milliseconds(summary.p99Us)],
  ['p99.9', (summary) => milliseconds(summary.p999Us)],
  ['peak MiB', (summary) => (summary.peakMemory === null ? '–' : (summary.peakMemory / 2 ** 20).toFixed(0))],
  ['crossed', (summary) => (summary.crossing === null ? '–' : percent(summary.crossing))],
  ['spread', (summary) => percent(summary.spread)],
];

export function renderTable(result: BenchResult): string {
  const lines = [
    `${result.machine.processor}, ${result.machine.cores} cores, ${result.machine.system}, Node ${result.node}, commit ${result.commit}`,
    'user, kernel, generator and others are cores in use; per CPU-second counts the CPU of the target alone; medians',
  ];
  for (const row of result.rows) {
    lines.push('', row.title === '' ? row.name : `${row.name}: ${row.title}`);
    lines.push(...(row.kind === 'load' ? rowLines(row, result.difference) : stateLines(row)));
  }
  lines.push(...overviewLines(result.rows));
  return lines.join('\n');
}

export interface OverviewLine {
  readonly name: string;
  /** The first target's main figure. */
  readonly figure: string;
  /** It over that of each other target; of what less of is better, how many times as much it takes. */
  readonly ratios: readonly { readonly against: string; readonly ratio: number; readonly more: 'better' | 'worse' }[];
}

/** A line for each figure that a reader looks for first. */
export function overview(rows: readonly RowResult[]): OverviewLine[] {
  return rows.flatMap((row): OverviewLine[] => {
    const first = row.targets[0];
    if (first === undefined) return [];
    if (row.kind === 'load') return row.paced ? [loadLine(row), latencyLine(row)] : [loadLine(row)];
    return row.targets[0]!.figures.map((figure) => ({
      name: `${row.name}, ${figure.name}`,
      figure: `${short(median(figure.values))} ${figure.unit}`,
      ratios: row.targets.slice(1).flatMap((target) => {
        const other = target.figures.find(({ name }) => name === figure.name);
        return other === undefined ? [] : [ratioTo(target.name, median(figure.values), median(other.values), 'worse')];
      }),
    }));
  });
}

function loadLine(row: LoadRowResult): OverviewLine {
  const metric = mainMetric(row.unit);
  const [own = 0, ...others] = row.targets.map((target) => median(valuesOf(target, metric)));
  const unit = row.unit === 'requests' ? `${count(own)} req/CPU-s` : `${megabytes(own)} MB/CPU-s`;
  const ratios = others.map((value, index) => ratioTo(row.targets[index + 1]!.name, own, value, 'better'));
  return { name: row.name, figure: unit, ratios };
}

function latencyLine(row: LoadRowResult): OverviewLine {
  const [own = 0, ...others] = row.targets.map((target) => median(target.repetitions.map((run) => run.latencyUs.p99)));
  const ratios = others.map((value, index) => ratioTo(row.targets[index + 1]!.name, own, value, 'worse'));
  return { name: `${row.name}, p99`, figure: `${milliseconds(own)} ms`, ratios };
}

function ratioTo(
  against: string,
  own: number,
  other: number,
  more: 'better' | 'worse',
): OverviewLine['ratios'][number] {
  return { against, ratio: other === 0 ? 0 : own / other, more };
}

function overviewLines(rows: readonly RowResult[]): string[] {
  const lines = overview(rows);
  if (lines.length < 2) return [];
  const ratio = (line: OverviewLine) => line.ratios.map((one) => `${one.ratio.toFixed(2)} × ${one.against}`).join(', ');
  return ['', 'In short:', ...aligned(lines.map((line) => [line.name, line.figure, ratio(line)]))];
}

/** Cells as columns of one width each, the first one to the left. */
function aligned(cells: readonly (readonly string[])[]): string[] {
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)));
  return cells.map(
    (line) =>
      '  ' +
      line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  '),
  );
}

function stateLines(row: StateRowResult): string[] {
  const first = row.targets[0];
  if (first === undefined) return ['  nothing was told'];
  const figure = (name: string, among: readonly Figure[]) => among.find((other) => other.name === name);
  return aligned([
    ['', ...first.figures.map(({ name, unit }) => `${name}, ${unit}`)],
    ...row.targets.map((target) => [
      target.name,
      ...first.figures.map(({ name }) => figureText(figure(name, target.figures))),
    ]),
  ]);
}

/** The median, and how far apart the repetitions are. */
export function figureText(figure: Figure | undefined): string {
  if (figure === undefined || figure.values.length === 0) return '–';
  const middle = short(median(figure.values));
  return figure.values.length < 2 ? middle : `${middle} ±${percent(spread(figure.values) / 2)}`;
}

export function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function rowLines(row: LoadRowResult, difference: number): string[] {
  const summaries = row.targets.map((target) => summarize(target, row.unit));
  const lines = aligned([
    COLUMNS.map(([title]) => title),
    ...summaries.map((summary) => COLUMNS.map(([, value]) => value(summary))),
  ]);
  const first = row.targets[0]!.name;
  const threads = threadLine(row.targets[0]!);
  if (threads !== '') lines.push(`  ${threads}`);
  for (const against of row.targets.slice(1)) {
    lines.push(`  ${sentence(first, against.name, compareTargets(row, against, difference), difference)}`);
  }
  return lines;
}

/** Where the first target's CPU time went. */
export function threadLine(target: TargetResult): string {
  const threads = busyThreads(target).map(({ name, cores }) => `${name} ${cores.toFixed(2)}`);
  return threads.length === 0 ? '' : `cores by thread of ${target.name}: ${threads.join(', ')}`;
}

/** What a comparison says, per CPU-second. */
export function sentence(first: string, second: string, comparison: Comparison, difference: number): string {
  const noise = comparison.repeated ? `noise ${percent(comparison.noise)}` : 'not repeated';
  const figures = `${comparison.ratio.toFixed(2)} times ${second}, ${noise}`;
  switch (comparison.verdict) {
    case 'inconclusive':
      if (!comparison.repeated) return `inconclusive: ${first} did ${figures}`;
      return `inconclusive: ${first} did ${figures} per CPU-second; a difference of ${percent(difference)} would not show`;
    case 'same':
      return `no difference of ${percent(difference)} or more: ${first} did ${figures} per CPU-second`;
    default:
      return `${first} did ${comparison.verdict} per CPU-second: ${figures}`;
  }
}

export function megabytes(bytes: number): string {
  const value = bytes / 1e6;
  return value.toFixed(value < 100 ? 1 : 0);
}

export function count(value: number): string {
  return value.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ' ');
}

export function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(fraction < 0.1 ? 1 : 0)} %`;
}

function milliseconds(microseconds: number): string {
  return (microseconds / 1000).toFixed(microseconds < 10_000 ? 2 : 0);
}
