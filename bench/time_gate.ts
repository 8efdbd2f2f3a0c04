/**
 * The time gate: this tree's broker beside that of an earlier commit, in pairs of short runs, by CPU-seconds for each
 * unit of work. One shard, so that nothing depends on where connections land. A row fails only if it is clearly slower
 * (`TIME_LIMITS`) and a second measurement at once says the same; where the machine is too busy to tell it says
 * so and passes. Latency is not looked at.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { checkOut, findBase } from './base_tree.ts';
import { GeneratorProcess } from './load/client.ts';
import { judgePairs, pairOrder, TIME_LIMITS, type Pair, type PairLimits, type PairVerdict } from './measure/pairs.ts';
import { PagePool } from './measure/page_pool.ts';
import type { Progress } from './progress.ts';
import { percent } from './report/table.ts';
import type { Measurement } from './result.ts';
import type { LoadRow } from './rows.ts';
import { measure, type MeasureBounds } from './runner.ts';
import { BrokerTarget, type Target } from './targets.ts';

/** No pair begins later than this after the start of the gate; a row that lacks a pair then tells nothing. */
const SECONDS_MAX = 80;
/** What one run may write: little, so that many runs fit into a minute. */
const RUN_BYTES = 192 * 2 ** 20;
const RUN_SECONDS = 0.5;
const WARM_UP_SECONDS = 0.12;
/** Before the pairs of a row, on each side: until then the engine compiles. */
const FIRST_SECONDS = 1;

export interface TimeGateOptions {
  readonly rows: readonly LoadRow[];
  readonly directory: string;
  readonly base: string | undefined;
  readonly pairs: number;
  readonly othersMax: number;
}

/** What the rows of one gate share. */
interface Course {
  readonly sides: readonly Side[];
  readonly bounds: MeasureBounds;
  readonly generator: GeneratorProcess;
  readonly progress: Progress;
  /** On the clock of `performance.now()`. */
  readonly untilMs: number;
}

interface Side {
  readonly target: Target;
  readonly name: 'base' | 'head';
}

/** Returns the exit code. */
export async function runTimeGate(options: TimeGateOptions, progress: Progress): Promise<number> {
  const untilMs = performance.now() + SECONDS_MAX * 1000;
  const directory = mkdtempSync(join(options.directory, 'millrace-time-'));
  const generator = new GeneratorProcess();
  const sides: Side[] = [];
  try {
    const base = findBase(options.base);
    const common = { directory, shards: 1, overrides: [] };
    sides.push({ name: 'head', target: await BrokerTarget.start('head', { ...common }) });
    const bounds = { seconds: RUN_SECONDS, warmUpSeconds: WARM_UP_SECONDS, pages: new PagePool(directory, RUN_BYTES) };
    if (base === null) {
      console.log('There is no earlier commit to compare with: figures alone.');
      await reportAlone(options, sides[0]!.target, bounds, generator, progress);
      return 0;
    }
    const tree = checkOut(base, directory);
    console.log(`Base: ${tree.commit.slice(0, 12)} (${tree.why}). CPU-seconds for a unit of work, head beside base:`);
    sides.unshift({ name: 'base', target: await BrokerTarget.start('base', { ...common, tree: tree.path }) });
    return await compareRows(options, { sides, bounds, generator, progress, untilMs });
  } finally {
    generator.end();
    for (const { target } of sides) await target.end();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function compareRows(options: TimeGateOptions, course: Course): Promise<number> {
  const { sides, bounds, generator, progress } = course;
  const limits: PairLimits = { ...TIME_LIMITS, othersMax: options.othersMax };
  const failed: string[] = [];
  progress.expect(options.rows.length * options.pairs);
  for (const row of options.rows) {
    if (performance.now() > course.untilMs) {
      console.log(`  ${row.name.padEnd(16)} not measured: there was no time left`);
      continue;
    }
    for (const { target } of sides) await measure({ ...bounds, seconds: FIRST_SECONDS }, row, target, generator);
    let verdict = judge(await runPairs(row, options.pairs, course), options.pairs, limits);
    progress.clear();
    console.log(verdictLine(row.name, verdict));
    if (verdict.verdict !== 'worse') continue;
    progress.expect(options.pairs);
    verdict = judge(await runPairs(row, options.pairs, course), options.pairs, limits);
    progress.clear();
    console.log(`${verdictLine(row.name, verdict)}, measured again`);
    if (verdict.verdict === 'worse') failed.push(row.name);
  }
  if (failed.length === 0) {
    console.log('No row is clearly slower than the base.');
    return 0;
  }
  console.error(`Slower than the base, twice in a row: ${failed.join(', ')}`);
  return 1;
}

function judge(pairs: readonly Pair[], wanted: number, limits: PairLimits): PairVerdict {
  const told = judgePairs(pairs, limits);
  if (pairs.length === wanted) return told;
  return { ...told, verdict: 'inconclusive', why: `there was time for ${pairs.length} of ${wanted} pairs` };
}

async function runPairs(row: LoadRow, count: number, course: Course): Promise<Pair[]> {
  const { sides, bounds, generator, progress, untilMs } = course;
  const pairs: Pair[] = [];
  for (const first of pairOrder(count)) {
    if (performance.now() > untilMs) break;
    progress.step(`${row.name}, pair ${pairs.length + 1} of ${count}`);
    const cost = { base: 0, head: 0 };
    let others = 0;
    let seconds = 0;
    for (const side of first === 'base' ? sides : [...sides].reverse()) {
      const run = await measure(bounds, row, side.target, generator);
      cost[side.name] = costOf(row, run);
      others += run.others;
      seconds += run.seconds;
    }
    pairs.push({ ...cost, others: others / seconds });
  }
  return pairs;
}

/** CPU-seconds for a request, or for a byte. */
function costOf(row: LoadRow, run: Measurement): number {
  const cpu = run.cpu === null ? 0 : run.cpu.user + run.cpu.kernel;
  return cpu / (row.unit === 'requests' ? run.requests : run.bytes);
}

export function verdictLine(row: string, told: PairVerdict): string {
  const { low, high } = told.interval;
  const figures = `${told.ratio.toFixed(2)} (95 %: ${low.toFixed(2)} to ${high.toFixed(2)}), others ${told.others.toFixed(2)} cores`;
  const verdict = told.verdict === 'inconclusive' ? `inconclusive, ${told.why}` : told.verdict;
  return `  ${row.padEnd(16)} ${figures}: ${verdict}`;
}

async function reportAlone(
  options: TimeGateOptions,
  target: Target,
  bounds: MeasureBounds,
  generator: GeneratorProcess,
  progress: Progress,
): Promise<void> {
  progress.expect(options.rows.length);
  for (const row of options.rows) {
    progress.step(row.name);
    await measure({ ...bounds, seconds: FIRST_SECONDS }, row, target, generator);
    const run = await measure(bounds, row, target, generator);
    progress.clear();
    const unit = row.unit === 'requests' ? 'µs of CPU for a request' : 'CPU-seconds for a GB';
    const value = costOf(row, run) * (row.unit === 'requests' ? 1e6 : 1e9);
    console.log(`  ${row.name.padEnd(16)} ${value.toFixed(2)} ${unit}, others ${percent(run.others / run.seconds)}`);
  }
}
