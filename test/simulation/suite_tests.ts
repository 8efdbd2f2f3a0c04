import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allPlantedBugs } from './planted/all.ts';
import { describeFailure, runSeed, runWithBug, seedsFor } from './run.ts';
import type { RunReport, Suite } from './run.ts';
import { currentCommit, recordedSeeds, seedOfCommit } from './seeds.ts';

/** A planted bug that so many seeds do not find is not found. */
const plantedSeedsMax = 100;

/** Of each suite, unless `SIMULATION_SEEDS` says otherwise. */
const seedsDefault = 60;

/** How much of a suite every run of the tests does. */
export interface SuiteBudget {
  /** For 200 seeds. Seeds that are left when it is over are left out, and the test says so. */
  readonly seconds: number;
  /** Counts that must not be zero over all seeds: what never happens is not tested. */
  readonly mustHappen: readonly string[];
}

/** The tests of one suite: fresh seeds, recorded seeds, determinism, planted bugs. */
export function testSuite(suite: Suite, budget: SuiteBudget): void {
  const commit = currentCommit();

  test(`${suite.name}: seeds drawn from the commit pass`, (context) => {
    const first = seedOfCommit(commit);
    const seeds = Number(process.env['SIMULATION_SEEDS'] ?? seedsDefault);
    const seconds = (budget.seconds * seeds) / 200;
    const endMs = performance.now() + seconds * 1000;
    const counts = new Map<string, number>();
    const failures: string[] = [];
    let run = 0;
    for (; run < seeds && performance.now() < endMs && failures.length < 3; run++) {
      const report = runSeed(suite, (first + run) >>> 0);
      for (const [name, count] of Object.entries(report.counts)) counts.set(name, (counts.get(name) ?? 0) + count);
      if (report.findings.length > 0) failures.push(describeFailure(report, commit));
    }
    if (run < seeds) context.diagnostic(`${run} of ${seeds} seeds in ${seconds} s`);
    assert.equal(failures.length, 0, failures.join('\n'));
    for (const name of budget.mustHappen) assert.ok((counts.get(name) ?? 0) > 0, `${name} never happened`);
  });

  test(`${suite.name}: the same seed twice is the same run`, () => {
    for (const seed of [1, 2, 3]) {
      assert.deepEqual(essence(runSeed(suite, seed)), essence(runSeed(suite, seed)));
    }
    assert.notEqual(runSeed(suite, 1).hash, runSeed(suite, 2).hash);
  });

  for (const { seed, rules } of recordedSeeds().filter((recorded) => recorded.suite === suite.name)) {
    test(`${suite.name}: seed ${seed}, which once found ${rules.join(', ')}`, () => {
      const report = runSeed(suite, seed);
      assert.equal(report.findings.length, 0, describeFailure(report, commit));
    });
  }

  for (const bug of allPlantedBugs.filter((planted) => planted.suite === suite.name)) {
    test(`${suite.name}: a planted bug is found: ${bug.title}`, () => {
      const finds = ({ findings }: RunReport): boolean => findings.some(({ rule }) => bug.finding.test(rule));
      const seed = seedsFor(bug, plantedSeedsMax).find((candidate) => finds(runWithBug(suite, bug, candidate)));
      assert.ok(seed !== undefined, `no seed up to ${plantedSeedsMax} finds it`);
      const clean = runSeed(suite, seed);
      assert.equal(clean.findings.length, 0, describeFailure(clean, commit));
    });
  }
}

function essence({ hash, steps, simulatedMs, options, findings, counts }: RunReport): unknown {
  return { hash, steps, simulatedMs, options, findings, counts };
}
