/**
 * Shows that the gates see what they should: `node bench/planted.ts [copy|spin|nothing] [--runs N] [--others CORES]`.
 * Clones this repository, plants a slow-down in the clone and runs a gate there; without a word all of them in turn.
 *
 *     copy      each produced byte is copied once more      the count gate must fail
 *     spin      20 µs of spinning for each request          the time gate must fail
 *     nothing   the clone as it is, `--runs` times (10)     the time gate must pass each time
 *
 * What is committed is what is tried.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { REPOSITORY } from './broker_process.ts';
import { plant, plants } from './plants.ts';

interface Trial {
  readonly name: 'copy' | 'spin' | 'nothing';
  readonly gate: readonly string[];
  readonly fails: boolean;
}

const trials: readonly Trial[] = [
  { name: 'copy', gate: ['--counts'], fails: true },
  { name: 'spin', gate: ['--quick', '--base', 'HEAD'], fails: true },
  { name: 'nothing', gate: ['--quick', '--base', 'HEAD'], fails: false },
];

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '10' }, others: { type: 'string' } },
});

let wrong = 0;
for (const trial of trials) {
  if (positionals.length > 0 && !positionals.includes(trial.name)) continue;
  const runs = trial.fails ? 1 : Number(options.runs);
  for (let run = 1; run <= runs; run++) if (!attempt(trial, run)) wrong++;
}
console.log(wrong === 0 ? 'The gates said what they should.' : `${wrong} times a gate did not say what it should.`);
process.exitCode = wrong === 0 ? 0 : 1;

function attempt(trial: Trial, run: number): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-planted-'));
  try {
    const clone = join(directory, 'clone');
    execFileSync('git', ['clone', '--quiet', '--shared', REPOSITORY, clone]);
    symlinkSync(join(REPOSITORY, 'node_modules'), join(clone, 'node_modules'));
    for (const { file, from, to } of trial.name === 'nothing' ? [] : plants[trial.name]) {
      const path = join(clone, file);
      writeFileSync(path, plant(readFileSync(path, 'utf8'), from, to));
    }
    const others = options.others === undefined || trial.gate[0] !== '--quick' ? [] : ['--others', options.others];
    const command = ['bench/main.ts', ...trial.gate, ...others];
    const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: clone, encoding: 'utf8' });
    const right = (status === 1) === trial.fails && (status === 0 || status === 1);
    console.log(
      `\n${trial.name}, run ${run}: the gate ${status === 0 ? 'passed' : 'failed'}${right ? '' : ', which is WRONG'}`,
    );
    console.log(`${stdout}${right && !trial.fails ? '' : stderr}`.trimEnd().replaceAll(/^/gm, '    '));
    return right;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
