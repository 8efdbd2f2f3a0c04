import { parseArgs } from 'node:util';
import { Broker, listeners } from './conformance_broker.ts';
import { parseAddress, type Address } from './conformance_connection.ts';
import { replay } from './conformance_replay.ts';
import { Report, type Progress } from './conformance_report.ts';
import { readScenarios } from './conformance_transcript.ts';

const HELP = `Plays recorded conversations with Apache Kafka to a broker, and says where its answers differ.

  npm run -s conformance -- --bootstrap HOST:PORT [options] FILE…

  FILE…                   transcripts: JSON lines, one step a line, perhaps gzipped
  --bootstrap HOST:PORT   the broker's plain listener
  --controller HOST:PORT  the controller's listener, for steps that speak to it
  --sasl HOST:PORT        the listener with SASL, for steps that speak to it
  --fresh                 the broker was just formatted: play the scenarios that need that, first
  --only TEXT             play only scenarios whose name contains it
  -v, --verbose           name every step
  -h, --help              this text

Steps are skipped when the broker's ApiVersions answer does not list their API and version, when they need a value that
a skipped or failed step should have captured, and when they speak to a listener without an address. Scenarios make
topics and groups of fixed names: play each once to a broker.

The last line is "N passed, N failed, N skipped". Ends with 1 if any failed, 2 if the arguments are wrong or the broker
cannot be reached.
`;

const { values, positionals } = readArguments();
if (values.help === true) {
  process.stdout.write(HELP);
  process.exit(0);
}
if (values.bootstrap === undefined) complain('--bootstrap is missing');
if (positionals.length === 0) complain('no transcripts are given');

let exitCode = 2;
try {
  const scenarios = readScenarios(positionals).filter(({ name }) => name.includes(values.only ?? ''));
  const stepCount = scenarios.reduce((sum, { steps }) => sum + steps.length, 0);
  const report = new Report(progressOf(values.verbose === true), stepCount, (text) => process.stdout.write(text));
  const isFresh = values.fresh === true;
  for (const scenario of scenarios) {
    if (scenario.needsFreshBroker && !isFresh) report.skip(scenario, 'needs a newly formatted broker (--fresh)');
  }
  const broker = await Broker.ask(addresses());
  await replay(
    broker,
    scenarios.filter(({ needsFreshBroker }) => isFresh || !needsFreshBroker),
    report,
  );
  report.end();
  exitCode = report.failed === 0 ? 0 : 1;
} catch (error) {
  process.stderr.write(`conformance: ${error instanceof Error ? error.message : String(error)}\n`);
}
process.exit(exitCode);

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        bootstrap: { type: 'string' },
        controller: { type: 'string' },
        sasl: { type: 'string' },
        fresh: { type: 'boolean' },
        only: { type: 'string' },
        verbose: { type: 'boolean', short: 'v' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    return complain((error as Error).message);
  }
}

function addresses(): ReadonlyMap<string, Address> {
  const found = new Map([[listeners.plain as string, parseAddress(values.bootstrap!)]]);
  if (values.controller !== undefined) found.set(listeners.controller, parseAddress(values.controller));
  if (values.sasl !== undefined) found.set(listeners.sasl, parseAddress(values.sasl));
  return found;
}

/** `npm run -s` says so in the environment: then only what is wrong is printed, unless a person watches. */
function progressOf(isVerbose: boolean): Progress {
  if (isVerbose) return 'steps';
  if (process.stdout.isTTY) return 'bar';
  return process.env['npm_config_loglevel'] === 'silent' ? 'failures' : 'lines';
}

function complain(what: string): never {
  process.stderr.write(`conformance: ${what}; --help says how it is used\n`);
  process.exit(2);
}
