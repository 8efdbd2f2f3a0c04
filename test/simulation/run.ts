import type { Finding } from './checkers.ts';
import type { PlantedBug } from './planted/planted_bug.ts';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { World } from './world.ts';

/** Memory of ended nodes that may wait for the garbage collector, which does not count what threads share. */
const leftBytesMax = 256 * 1024 * 1024;

/** Values that a suite derived from its seed, for the report. */
export type DerivedOptions = Readonly<Record<string, unknown>>;

/** What a suite leaves behind. */
export interface SuiteOutcome {
  readonly options: DerivedOptions;
  readonly findings: readonly Finding[];
  /** What happened how often: a suite whose faults never strike tests nothing. */
  readonly counts: Readonly<Record<string, number>>;
}

/** One kind of run. Everything that differs between two runs of a suite is drawn from the world's seed. */
export interface Suite {
  readonly name: string;
  /** One sentence: what runs, which faults, which promises. */
  readonly title: string;
  run(world: World): SuiteOutcome;
}

export interface RunReport extends SuiteOutcome {
  readonly suite: string;
  readonly seed: number;
  readonly hash: string;
  readonly simulatedMs: number;
  readonly steps: number;
}

/** One run from one seed: violations seen by the ports, findings of the checkers, and what the product threw. */
export function runSeed(suite: Suite, seed: number, trace: ((line: string) => void) | null = null): RunReport {
  const world = new World(seed);
  world.trace = trace;
  let outcome: SuiteOutcome;
  try {
    outcome = suite.run(world);
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const detail = error.stack ?? error.message;
    outcome = { options: {}, findings: [{ rule: 'the run threw', detail }], counts: {} };
  }
  collectGarbage();
  const violations = world.violations.map(({ rule, message }) => ({ rule, detail: message }));
  return {
    suite: suite.name,
    seed,
    hash: world.hash,
    simulatedMs: world.nowMs,
    steps: world.steps,
    options: outcome.options,
    findings: [...violations, ...outcome.findings],
    counts: outcome.counts,
  };
}

function collectGarbage(): void {
  if (process.memoryUsage().arrayBuffers < leftBytesMax) return;
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** The text that a failing run leaves: what to know, and the one command that runs it again. */
export function describeFailure(report: RunReport, commit: string): string {
  const shown = report.findings.slice(0, 10).map(({ rule, detail }) => `  ${rule}: ${detail}`);
  if (report.findings.length > shown.length) shown.push(`  … and ${report.findings.length - shown.length} more`);
  return [
    `suite ${report.suite} fails with seed ${report.seed} (commit ${commit}, hash ${report.hash})`,
    ...shown,
    `  options ${JSON.stringify(report.options)}`,
    `  counts ${JSON.stringify(report.counts)}`,
    `  again: npm run simulate -- --suite ${report.suite} --seed ${report.seed} --trace`,
  ].join('\n');
}

/** The bug's own seed first, then others: which one finds it changes with every change of the product. */
export function seedsFor(bug: PlantedBug, others: number): number[] {
  return [bug.seed, ...Array.from({ length: others }, (_, at) => at)];
}

/** Runs one seed with the bug in. */
export function runWithBug(suite: Suite, bug: PlantedBug, seed: number): RunReport {
  const restore = bug.plant();
  try {
    return runSeed(suite, seed);
  } finally {
    restore();
  }
}
