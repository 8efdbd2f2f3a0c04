/** Which foreign clients this machine has, and how they are run. `prepare.sh` fetches what is missing. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const clientsDirectory = process.env['MILLRACE_CLIENTS'] ?? '/tmp/millrace-clients';
const advice = 'run test/clients/prepare.sh';

const answers = (program: string, ...programArguments: readonly string[]): boolean =>
  spawnSync(program, programArguments, { stdio: 'ignore' }).status === 0;

export const kcat = 'kcat';
export const python = join(clientsDirectory, 'venv/bin/python');
const kafkaLibraries = join(clientsDirectory, 'kafka');

/** For `{ skip }`: why not, or false. */
export const skipKcat = answers(kcat, '-V') ? false : `kcat is not installed: ${advice}`;
export const skipPython = answers(python, '-c', 'import confluent_kafka')
  ? false
  : `${python} has no confluent_kafka: ${advice}`;
export const skipKafkaTools =
  existsSync(kafkaLibraries) && readdirSync(kafkaLibraries).some((name) => name.startsWith('kafka-tools-'))
    ? answers('java', '-version')
      ? false
      : 'java is not installed'
    : `${kafkaLibraries} has no Kafka tools: ${advice}`;

export interface ToolRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ToolOptions {
  readonly input?: string;
  /** Told of each line of the tool's output as it comes. */
  readonly onLine?: (line: string) => void;
}

/** Far above what any of them needs: against a client that waits for ever. */
const toolLimitMs = 60_000;

/** Runs a tool to its end. */
export async function runTool(
  program: string,
  programArguments: readonly string[],
  { input = '', onLine }: ToolOptions = {},
): Promise<ToolRun> {
  const child = spawn(program, programArguments, { stdio: 'pipe', timeout: toolLimitMs, killSignal: 'SIGKILL' });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (bytes: Buffer) => stdout.push(bytes));
  child.stderr.on('data', (bytes: Buffer) => stderr.push(bytes));
  if (onLine !== undefined) createInterface({ input: child.stdout }).on('line', onLine);
  // A tool that has ended does not read its input.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.on('error', reject);
  child.on('close', resolve);
  const code = await promise;
  return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}

/** As `runTool`, and the tool must have succeeded. Returns its output. */
export async function runToolWell(
  program: string,
  programArguments: readonly string[],
  options: ToolOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await runTool(program, programArguments, options);
  if (code !== 0) throw new Error(`${program} ${programArguments.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

/** One of Apache Kafka's command line tools, by the class behind its script. */
export async function runKafkaTool(
  className: string,
  programArguments: readonly string[],
  options: ToolOptions = {},
): Promise<string> {
  const java = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-cp', `${kafkaLibraries}/*`, className];
  return runToolWell('java', [...java, ...programArguments], options);
}
