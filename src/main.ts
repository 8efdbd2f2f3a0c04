import './platform/thread_pool.ts';
import { flushCompileCache } from 'node:module';
import { hostname } from 'node:os';
import { bannerLines } from './cli/banner.ts';
import { RecoveryProgressReport } from './cli/recovery_progress.ts';
import { readCommandLine, type Output } from './cli/command_line.ts';
import { complainOf } from './cli/complaints.ts';
import type { FormatMachine } from './cli/format_command.ts';
import type { Tuner } from './cli/tune_request.ts';
import { loadConfig, type StartOptions, type Surroundings } from './cli/start_options.ts';
import type { NodeConfig } from './config/node_config.ts';
import { availableResources } from './platform/cores.ts';
import { exitNow } from './platform/exit.ts';
import { logToTerminal, terminalOfErrors } from './platform/log.ts';
import { programVersion, tuneUrl } from './platform/program_files.ts';
import { giveBackAfterStart } from './platform/spare_heap.ts';
import { onStopSignals } from './platform/signals.ts';
import { startNode } from './node.ts';
import type { Log } from './port/log.ts';

const output: Output = {
  say: (text) => void process.stdout.write(text),
  complain: (text) => void process.stderr.write(text),
};

const formatMachine = async (): Promise<FormatMachine> => (await import('./format_machine.ts')).createFormatMachine();
const args = process.argv.slice(2);
const tune: Tuner = async (...asked) => {
  const { tuneHere } = (await import(tuneUrl('tune').href)) as typeof import('./tune.ts');
  return tuneHere(...asked);
};
const request = await readCommandLine(args, programVersion(), surroundings, output, formatMachine, tune);
if (request.kind === 'end') process.exitCode = request.exitCode;
else await start(request.options);

async function start(options: StartOptions): Promise<void> {
  const config = readConfig(options);
  if (config === null) {
    process.exitCode = 1;
    return;
  }
  const terminalLog = logToTerminal('control');
  const recovery = new RecoveryProgressReport(terminalOfErrors(), terminalLog, () => performance.now());
  const log: Log = {
    info: (message, fields) => recovery.beside(() => terminalLog.info(message, fields)),
    warn: (message, fields) => recovery.beside(() => terminalLog.warn(message, fields)),
    error: (message, fields) => recovery.beside(() => terminalLog.error(message, fields)),
  };
  const fail = (message: string, exitCode: number): void => {
    recovery.end();
    output.complain(`error: ${message}\n`);
    exitNow(exitCode);
  };
  const started = await startNode(config, log, {
    recovering: (progress) => recovery.show(progress),
    ready({ clusterId, isNewCluster, ports }) {
      const facts = { version: programVersion(), clusterId, isNewCluster, ports, startMs: performance.now() };
      recovery.beside(() => output.say(`${bannerLines(config, facts).join('\n')}\n`));
      flushCompileCache();
    },
    failed: fail,
    stopped() {
      exitNow(0);
    },
  });
  if (typeof started === 'string') return fail(started, 1);
  giveBackAfterStart('control');
  onStopSignals(
    (signal) => {
      recovery.end();
      log.info('stopping; another signal ends at once', { signal });
      started.control.stop();
    },
    () => exitNow(1),
  );
}

function readConfig(options: StartOptions): NodeConfig | null {
  const resolved = loadConfig(options, surroundings());
  complainOf(resolved, output);
  return typeof resolved === 'string' ? null : resolved.node;
}

function surroundings(): Surroundings {
  return {
    environment: process.env,
    machine: { hostName: hostname(), ...availableResources() },
  };
}
