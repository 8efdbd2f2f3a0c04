/**
 * `npm run bench`: a first picture of this broker's speed in about a minute. Starts the broker from this repository,
 * runs the rows of `rows.ts` beside the machine's own limit (and another broker, if one is named), and leaves a table on
 * the terminal and a JSON file and an HTML page in bench/results/.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BrokerProcess } from './broker_process.ts';
import { runCountGate } from './count_gate.ts';
import { GeneratorProcess } from './load/client.ts';
import { PagePool } from './measure/page_pool.ts';
import { renderPage } from './report/page.ts';
import { renderTable } from './report/table.ts';
import { RESULT_FORMAT, type BenchResult, type RowResult } from './result.ts';
import { benchRows } from './rows.ts';
import { runRows } from './runner.ts';
import { BrokerTarget, LimitTarget, type Target } from './targets.ts';

const USAGE = `npm run bench -- [options]
  --quick                a rougher picture in a quarter of the time
  --only PATTERN         rows whose name matches: ${benchRows.map((row) => row.name).join(', ')}
  --against HOST:PORT    another broker beside this one; --pid PID counts its CPU time
  --compare FILE         an earlier result (JSON) beside this one
  --difference PERCENT   the smallest difference that matters (5)
  --seconds N            length of a run (2); --repetitions N (3)
  --shards N             of the broker; --override KEY=VALUE, more than once, for its configuration
  --directory DIR        where data lies during the run (the system's temporary directory)
  --counts               the count gate alone: exact counts for each request against bench/limits.json
  --write-limits         with --counts: what was counted becomes the limits`;

/** What a run may write, warm-up included. */
const RUN_BYTES = 512 * 2 ** 20;
const RESULTS = fileURLToPath(new URL('./results/', import.meta.url));

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    against: { type: 'string' },
    pid: { type: 'string' },
    compare: { type: 'string' },
    difference: { type: 'string', default: '5' },
    seconds: { type: 'string' },
    repetitions: { type: 'string' },
    shards: { type: 'string' },
    override: { type: 'string', multiple: true, default: [] },
    directory: { type: 'string', default: tmpdir() },
    counts: { type: 'boolean', default: false },
    'write-limits': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

try {
  if (options.help) console.log(USAGE);
  else if (options.counts) process.exitCode = await runCountGate(options.directory, options['write-limits']);
  else await bench();
} catch (error) {
  progress('');
  console.error(`bench: ${(error as Error).message}`);
  process.exitCode = 1;
}

async function bench(): Promise<void> {
  const rows = benchRows.filter((row) => new RegExp(options.only).test(row.name));
  if (rows.length === 0) throw new Error(`no row matches ${options.only}`);
  const directory = mkdtempSync(join(options.directory, 'millrace-bench-'));
  const generator = new GeneratorProcess();
  const targets: Target[] = [];
  try {
    progress('starting the broker');
    targets.push(await ownBroker(directory));
    if (options.against !== undefined) targets.push(await otherBroker(options.against));
    targets.push(new LimitTarget(directory));
    const plan = {
      rows,
      targets,
      repetitions: Number(options.repetitions ?? (options.quick ? 2 : 3)),
      seconds: Number(options.seconds ?? (options.quick ? 0.7 : 2)),
      warmUpSeconds: options.quick ? 0.2 : 0.3,
      pages: new PagePool(directory, options.quick ? RUN_BYTES / 2 : RUN_BYTES),
    };
    const results = await runRows(plan, generator, progress);
    progress('');
    report(describe(withEarlier(results)));
  } finally {
    generator.end();
    for (const target of targets) await target.end();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function ownBroker(directory: string): Promise<Target> {
  const broker = await BrokerProcess.start({
    directory,
    shards: options.shards === undefined ? null : Number(options.shards),
    overrides: options.override,
    nodeOptions: [],
    countViews: false,
  });
  return BrokerTarget.reach('millrace', { host: '127.0.0.1', port: broker.port }, broker.pid, broker);
}

function otherBroker(address: string): Promise<Target> {
  const [host, port] = address.split(':');
  const pid = options.pid === undefined ? null : Number(options.pid);
  return BrokerTarget.reach('other', { host: host!, port: Number(port) }, pid, null);
}

/** The same rows of an earlier result become one more target. */
function withEarlier(rows: readonly RowResult[]): readonly RowResult[] {
  if (options.compare === undefined) return rows;
  const earlier = JSON.parse(readFileSync(options.compare, 'utf8')) as BenchResult;
  if (earlier.format !== RESULT_FORMAT) throw new Error(`${options.compare} is of another format`);
  return rows.map((row) => {
    const target = earlier.rows.find((other) => other.name === row.name)?.targets[0];
    return target === undefined ? row : { ...row, targets: [...row.targets, { ...target, name: 'earlier' }] };
  });
}

function describe(rows: readonly RowResult[]): BenchResult {
  const processors = cpus();
  return {
    format: RESULT_FORMAT,
    when: new Date().toISOString(),
    commit: commitName(),
    machine: {
      processor: processors[0]?.model ?? 'unknown',
      cores: processors.length,
      memory: totalmem(),
      system: `${type()} ${release()}`,
    },
    node: process.versions.node,
    difference: Number(options.difference) / 100,
    rows,
  };
}

function commitName(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return 'unknown';
  }
}

function report(result: BenchResult): void {
  console.log(renderTable(result));
  mkdirSync(RESULTS, { recursive: true });
  const name = join(RESULTS, result.when.replaceAll(':', '-').slice(0, 19));
  writeFileSync(`${name}.json`, JSON.stringify(result, null, 1));
  writeFileSync(`${name}.html`, renderPage(result));
  console.log(`\n${name}.json\n${name}.html`);
}

/** One line that is overwritten on a terminal; nothing elsewhere. */
function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
}
