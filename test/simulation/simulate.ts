import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { allPlantedBugs, plantedBugNamed } from './planted/all.ts';
import type { PlantedBug } from './planted/planted_bug.ts';
import { describeFailure, runSeed, runWithBug, seedsFor } from './run.ts';
import type { RunReport, Suite } from './run.ts';
import { currentCommit, seedOfCommit } from './seeds.ts';
import { allSuites, suiteNamed } from './suites/all.ts';

const usage = `npm run simulate -- [options]
  --suite NAME     one suite instead of all: ${allSuites.map((suite) => suite.name).join(', ')}
  --seed N         one run of each suite with this seed
  --seeds N        N runs of each suite (200 by default), from a seed drawn from the commit
  --time S         as many runs as fit S seconds, the suites in turn
  --from N         the first seed of --seeds and --time
  --planted [NAME] with a planted bug: NAME, or each in turn; succeeds when the simulation finds it
  --record         writes failing seeds to test/simulation/seeds/
  --trace          shows what happens, with --seed`;

/** Runs until the first of the limits is reached; true when every run passed. */
function main(): boolean {
  const { values } = parseArgs({
    options: {
      suite: { type: 'string' },
      seed: { type: 'string' },
      seeds: { type: 'string' },
      time: { type: 'string' },
      from: { type: 'string' },
      planted: { type: 'boolean' },
      record: { type: 'boolean' },
      trace: { type: 'boolean' },
      help: { type: 'boolean' },
    },
    allowPositionals: true,
    args: process.argv.slice(2),
  });
  const positionals = process.argv
    .slice(2)
    .filter((word, at, all) => all[at - 1] === '--planted' && !word.startsWith('-'));
  if (values.help === true) {
    console.log(usage);
    return true;
  }
  const suites = values.suite === undefined ? allSuites : [knownSuite(values.suite)];
  const seedsMax = Number(values.seeds ?? 200);
  if (values.planted === true) {
    const bugs = positionals[0] === undefined ? allPlantedBugs : [knownBug(positionals[0])];
    const seed = values.seed === undefined ? null : Number(values.seed);
    return bugs.map((bug) => hunt(bug, seed, seedsMax)).every(Boolean);
  }
  if (values.seed !== undefined) {
    const trace = values.trace === true ? console.log : null;
    return suites.map((suite) => runOne(suite, Number(values.seed), trace)).every(Boolean);
  }
  const first = values.from === undefined ? seedOfCommit(currentCommit()) : Number(values.from);
  const secondsMax = values.time === undefined ? Infinity : Number(values.time);
  const runsMax = values.time !== undefined && values.seeds === undefined ? Infinity : seedsMax;
  return runMany(suites, first, runsMax, secondsMax, values.record === true);
}

function runOne(suite: Suite, seed: number, trace: ((line: string) => void) | null): boolean {
  const report = runSeed(suite, seed, trace);
  if (report.findings.length > 0) {
    console.error(describeFailure(report, currentCommit()));
    return false;
  }
  console.log(`suite ${suite.name} seed ${seed}: passed, hash ${report.hash}`);
  console.log(`  options ${JSON.stringify(report.options)}`);
  console.log(`  counts ${JSON.stringify(report.counts)}`);
  return true;
}

interface Totals {
  runs: number;
  failed: number;
  simulatedMs: number;
  steps: number;
  wallMs: number;
  counts: Map<string, number>;
}

function runMany(
  suites: readonly Suite[],
  first: number,
  runsMax: number,
  secondsMax: number,
  record: boolean,
): boolean {
  const totals = new Map(suites.map((suite) => [suite, emptyTotals()]));
  const endMs = performance.now() + secondsMax * 1000;
  for (let run = 0; run < runsMax && performance.now() < endMs; run++) {
    for (const suite of suites) {
      const beganMs = performance.now();
      const report = runSeed(suite, (first + run) >>> 0);
      add(totals.get(suite) as Totals, report, performance.now() - beganMs);
      if (report.findings.length === 0) continue;
      console.error(describeFailure(report, currentCommit()));
      if (record) recordSeed(report);
    }
  }
  let passed = true;
  for (const [suite, { runs, failed, simulatedMs, steps, wallMs, counts }] of totals) {
    passed &&= failed === 0;
    const rate = ((60_000 * runs) / wallMs).toFixed(0);
    const speed = (simulatedMs / wallMs).toFixed(0);
    console.log(`suite ${suite.name}: ${runs} seeds from ${first}, ${failed} failed, ${steps} events`);
    console.log(`  ${rate} seeds a minute, ${speed} simulated seconds a second`);
    console.log(`  ${[...counts].map(([name, count]) => `${name} ${count}`).join(', ')}`);
  }
  return passed;
}

/** Looks for the planted bug in its suite; true when it is found, and not there once it is taken out. */
function hunt(bug: PlantedBug, seed: number | null, seedsMax: number): boolean {
  const suite = knownSuite(bug.suite);
  const seeds = seed === null ? seedsFor(bug, seedsMax) : [seed];
  for (const [tried, candidate] of seeds.entries()) {
    const report = runWithBug(suite, bug, candidate);
    const finding = report.findings.find(({ rule }) => bug.finding.test(rule));
    if (finding === undefined) continue;
    const clean = runSeed(suite, candidate).findings.length === 0;
    console.log(`${bug.name}: found by seed ${candidate} of ${suite.name} after ${tried + 1} runs (${finding.rule})`);
    if (!clean) console.error(`${bug.name}: seed ${candidate} fails without the bug too`);
    return clean;
  }
  console.error(`${bug.name}: not found by ${seeds.length} seeds of ${suite.name}`);
  return false;
}

function emptyTotals(): Totals {
  return { runs: 0, failed: 0, simulatedMs: 0, steps: 0, wallMs: 0, counts: new Map() };
}

function add(totals: Totals, report: RunReport, wallMs: number): void {
  totals.runs++;
  totals.simulatedMs += report.simulatedMs;
  totals.steps += report.steps;
  totals.wallMs += wallMs;
  if (report.findings.length > 0) totals.failed++;
  for (const [name, count] of Object.entries(report.counts)) {
    totals.counts.set(name, (totals.counts.get(name) ?? 0) + count);
  }
}

function recordSeed(report: RunReport): void {
  const directory = new URL('./seeds/', import.meta.url);
  mkdirSync(directory, { recursive: true });
  const rules = [...new Set(report.findings.map(({ rule }) => rule))];
  const text = JSON.stringify({ suite: report.suite, seed: report.seed, rules }, null, 2);
  writeFileSync(new URL(`${report.suite}-${report.seed}.json`, directory), `${text}\n`);
}

function knownSuite(name: string): Suite {
  const suite = suiteNamed(name);
  if (suite === null) throw new Error(`no suite ${name}\n${usage}`);
  return suite;
}

function knownBug(name: string): PlantedBug {
  const bug = plantedBugNamed(name);
  if (bug === null) throw new Error(`no planted bug ${name}: ${allPlantedBugs.map((known) => known.name).join(', ')}`);
  return bug;
}

process.exitCode = main() ? 0 : 1;
