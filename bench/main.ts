/**
 * `npm run bench`: how fast this broker is, and whether it stays so. Runs the rows of `rows.ts` beside the machine's own
 * limit (and another broker, if one is named) and leaves a table on the terminal and a JSON file and an HTML page in
 * bench/results/; or holds one of the gates.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release, tmpdir, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { defaultShards } from '../src/config/build_node_config.ts';
import { git } from './base_tree.ts';
import { baselineRows, holdAgainst, type Baseline } from './baseline.ts';
import { runCountGate } from './count_gate.ts';
import type { BrokerAddress } from './load/session.ts';
import { runMatrix } from './matrix.ts';
import { TIME_LIMITS } from './measure/pairs.ts';
import { Progress } from './progress.ts';
import { renderPage } from './report/page.ts';
import { renderTable } from './report/table.ts';
import { RESULT_FORMAT, type BenchResult, type RowResult } from './result.ts';
import { benchRows, fullRows, quickRows, type BenchRow, type LoadRow } from './rows.ts';
import { runTimeGate } from './time_gate.ts';

const USAGE = `npm run bench -- [options]

What to measure
  (nothing)                every row in about seven minutes, into a table, a JSON file and a page in bench/results/
  --only PATTERN           rows whose name matches this regular expression
  --full                   also every combination of batch, partitions, connections, acks and compression: hours
  --seconds N (2)          length of a run;  --repetitions N (3)
  --difference PERCENT (5) the smallest difference that matters: "inconclusive" where noise would hide it

Whom
  --shards N               of the broker, if not what it takes by itself;  --override KEY=VALUE, more than once, for its configuration
  --against HOST:PORT      another broker beside this one;  --pid PID counts its CPU time and memory
  --against-kafka DIR      the same with Apache Kafka, started from the unpacked release in DIR
  --warm-up SECONDS (60)   how long another broker works before it is measured, for the compilers of its JVM
  --compare FILE           an earlier result (JSON) beside this one
  --directory DIR          where data lies during the run (${tmpdir()})

Gates: exit code 1 names what got worse
  --counts                 exact counts for each request against bench/limits.json; --write-limits writes them there
  --quick                  about a minute: four rows beside an earlier commit, in pairs, by CPU-seconds for each unit
                           --base COMMIT; --pairs N (7); --others CORES (${TIME_LIMITS.othersMax}): used by others, nothing is said from there on
  --gate                   every row against the ratios of bench/baseline.json: for a quiet machine, before a release
  --update-baseline        every row; its ratios become bench/baseline.json

Rows: ${benchRows.map((row) => row.name).join(', ')}`;

const RESULTS = fileURLToPath(new URL('./results/', import.meta.url));
const BASELINE = fileURLToPath(new URL('./baseline.json', import.meta.url));

const text = (value: string) => ({ type: 'string', default: value }) as const;
const flag = { type: 'boolean', default: false } as const;
const progress = new Progress(process.stderr);

try {
  const { values: options } = parseArgs({
    options: {
      only: text(''),
      full: flag,
      seconds: text('2'),
      repetitions: text('3'),
      difference: text('5'),
      shards: { type: 'string' },
      override: { type: 'string', multiple: true, default: [] },
      against: { type: 'string' },
      pid: { type: 'string' },
      'against-kafka': { type: 'string' },
      'warm-up': text('60'),
      compare: { type: 'string' },
      directory: text(tmpdir()),
      counts: flag,
      'write-limits': flag,
      quick: flag,
      base: { type: 'string' },
      pairs: text('7'),
      others: text(String(TIME_LIMITS.othersMax)),
      gate: flag,
      'update-baseline': flag,
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (options.help) console.log(USAGE);
  else if (options.counts) process.exitCode = await runCountGate(options.directory, options['write-limits']);
  else if (options.quick) {
    const rows = options.only === '' ? quickRows : matching(benchRows, options.only).filter(isPairable);
    if (rows.length === 0) throw new Error(`no row that can be compared in pairs matches ${options.only}`);
    const { directory, base } = options;
    const gate = { rows, directory, base, pairs: number(options.pairs), othersMax: number(options.others) };
    process.exitCode = await runTimeGate(gate, progress);
  } else {
    if (options.gate && readBaseline() === null)
      throw new Error('there is no bench/baseline.json yet: --update-baseline writes it');
    const measureRows = (chosen: readonly BenchRow[]): Promise<RowResult[]> =>
      runMatrix(
        {
          rows: chosen,
          directory: options.directory,
          seconds: number(options.seconds),
          repetitions: number(options.repetitions),
          shards: options.shards === undefined ? defaultShards(availableParallelism()) : number(options.shards),
          overrides: options.override,
          against: options.against === undefined ? null : addressOf(options.against),
          pid: options.pid === undefined ? null : number(options.pid),
          kafka: options['against-kafka'] ?? null,
          warmUp: number(options['warm-up']),
        },
        progress,
      );
    const rows = await measureRows(matching(options.full ? fullRows() : benchRows, options.only));
    progress.clear();
    report(describe(withEarlier(rows, options.compare), number(options.difference) / 100));
    if (options.gate) process.exitCode = await gateAgainstBaseline(rows, measureRows);
    if (options['update-baseline']) writeBaseline(rows);
  }
} catch (error) {
  progress.clear();
  console.error(`bench: ${(error as Error).message}`);
  process.exitCode = 1;
}

function matching(rows: readonly BenchRow[], pattern: string): BenchRow[] {
  const found = rows.filter((row) => new RegExp(pattern).test(row.name));
  if (found.length === 0) throw new Error(`no row matches ${pattern}`);
  return found;
}

/** One broker at a time, by the work that it does for a CPU-second. */
function isPairable(row: BenchRow): row is LoadRow {
  return row.kind === 'load' && !row.acrossShards && row.workload !== 'paced';
}

function number(value: string): number {
  const read = Number(value);
  if (value === '' || !Number.isFinite(read) || read < 0) throw new Error(`${value} is not a number`);
  return read;
}

function addressOf(value: string): BrokerAddress {
  const colon = value.lastIndexOf(':');
  return { host: value.slice(0, colon), port: number(value.slice(colon + 1)) };
}

/** The same rows of an earlier result become one more target. */
function withEarlier(rows: readonly RowResult[], file: string | undefined): readonly RowResult[] {
  if (file === undefined) return rows;
  const earlier = JSON.parse(readFileSync(file, 'utf8')) as BenchResult;
  if (earlier.format !== RESULT_FORMAT) throw new Error(`${file} is of another format`);
  return rows.map((row): RowResult => {
    const before = earlier.rows.find((other) => other.name === row.name);
    if (row.kind === 'load' && before?.kind === 'load' && before.targets.length > 0)
      return { ...row, targets: [...row.targets, { ...before.targets[0]!, name: 'earlier' }] };
    if (row.kind === 'state' && before?.kind === 'state' && before.targets.length > 0)
      return { ...row, targets: [...row.targets, { ...before.targets[0]!, name: 'earlier' }] };
    return row;
  });
}

function describe(rows: readonly RowResult[], difference: number): BenchResult {
  const all = cpus();
  return {
    format: RESULT_FORMAT,
    when: new Date().toISOString(),
    commit: git('describe', '--always', '--dirty') ?? 'unknown',
    machine: {
      processor: all[0]?.model ?? 'unknown',
      cores: all.length,
      memory: totalmem(),
      system: `${type()} ${release()}`,
    },
    node: process.versions.node,
    difference,
    rows,
  };
}

function report(result: BenchResult): void {
  console.log(renderTable(result));
  mkdirSync(RESULTS, { recursive: true });
  const name = join(RESULTS, result.when.replaceAll(':', '-').slice(0, 19));
  writeFileSync(`${name}.json`, JSON.stringify(result, null, 1));
  writeFileSync(`${name}.html`, renderPage(result));
  console.log(`\n${name}.json\n${name}.html`);
}

/** Rows that look worse are measured once more, at once: worse is what is worse both times. */
async function gateAgainstBaseline(
  rows: readonly RowResult[],
  measureRows: (rows: readonly BenchRow[]) => Promise<RowResult[]>,
): Promise<number> {
  const baseline = readBaseline()!;
  console.log(`\nAgainst the baseline of ${baseline.when} (commit ${baseline.commit}):`);
  const suspects = sayWorse(rows, baseline);
  if (suspects.size === 0) return 0;
  console.log('Once more:');
  const again = await measureRows(benchRows.filter((row) => suspects.has(row.name)));
  progress.clear();
  const worse = sayWorse(again, baseline);
  if (worse.size === 0) return 0;
  console.error(`Worse than the baseline, twice: ${[...worse].join(', ')}`);
  return 1;
}

function sayWorse(rows: readonly RowResult[], baseline: Baseline): Set<string> {
  const findings = holdAgainst(rows, baseline, processors());
  for (const { row, what, verdict, said } of findings) console.log(`  ${row}, ${what}: ${verdict}: ${said}`);
  const worse = new Set(findings.filter((finding) => finding.verdict === 'worse').map((finding) => finding.row));
  if (worse.size === 0)
    console.log(findings.length === 0 ? '  every row is as good, or better' : '  no row is surely worse');
  return worse;
}

function processors(): string {
  const all = cpus();
  return `${all.length} x ${all[0]?.model ?? 'unknown'}`;
}

function readBaseline(): Baseline | null {
  return existsSync(BASELINE) ? (JSON.parse(readFileSync(BASELINE, 'utf8')) as Baseline) : null;
}

/** Rows that were not measured keep what they had. */
function writeBaseline(rows: readonly RowResult[]): void {
  const before = readBaseline()?.rows ?? {};
  const known = new Set(benchRows.map((row) => row.name));
  const kept = Object.entries({ ...before, ...baselineRows(rows) }).filter(([name]) => known.has(name));
  const commit = git('rev-parse', '--short=12', 'HEAD') ?? 'unknown';
  const when = new Date().toISOString().slice(0, 10);
  const baseline: Baseline = { commit, when, processors: processors(), rows: Object.fromEntries(kept) };
  writeFileSync(BASELINE, `${JSON.stringify(baseline, null, 2)}\n`);
  console.log(BASELINE);
}
