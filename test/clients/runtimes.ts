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
export const javaOptions = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', `${kafkaLibraries}/*`];

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

/** A foreign client that takes orders (`foreign_client.test.ts`). */
export interface ForeignClient {
  readonly name: string;
  readonly program: string;
  readonly programArguments: readonly string[];
  /** For `{ skip }`: why not, or false. */
  readonly skip: string | false;
  /** What it calls a record that is too large. */
  readonly tooLarge: RegExp;
  /** It has calls for settings and partitions too. */
  readonly administersAll: boolean;
  /** Records with neither key nor value; headers without a value. */
  readonly sendsEmptyRecords: boolean;
  readonly sendsNullHeaders: boolean;
  /** An empty key is not made a missing one. */
  readonly sendsEmptyKeys: boolean;
}

const foreign = join(import.meta.dirname, 'foreign');
const franzGo = join(clientsDirectory, 'franz_go');
const javascript = join(clientsDirectory, 'javascript');
/** Native modules are built for one version of Node: the machine's own, not ours. */
const javascriptNode = join(javascript, 'node');

export const foreignClients: readonly ForeignClient[] = [
  {
    name: 'librdkafka by its Python binding',
    program: python,
    programArguments: [join(foreign, 'confluent_client.py')],
    skip: skipPython,
    tooLarge: /^MSG_SIZE_TOO_LARGE$/,
    administersAll: true,
    sendsEmptyRecords: true,
    sendsNullHeaders: true,
    sendsEmptyKeys: true,
  },
  {
    name: 'kafka-python',
    program: python,
    programArguments: [join(foreign, 'kafka_python_client.py')],
    skip: answers(python, '-c', 'import kafka, snappy, lz4, zstandard') ? false : `no kafka-python: ${advice}`,
    tooLarge: /^MessageSizeTooLargeError$/,
    administersAll: true,
    sendsEmptyRecords: false,
    sendsNullHeaders: false,
    sendsEmptyKeys: true,
  },
  {
    name: 'Apache Kafka’s Java client',
    program: 'java',
    programArguments: [...javaOptions, join(foreign, 'JavaClient.java')],
    skip: skipKafkaTools,
    tooLarge: /^RecordTooLargeException$/,
    administersAll: true,
    sendsEmptyRecords: true,
    sendsNullHeaders: true,
    sendsEmptyKeys: true,
  },
  {
    name: 'franz-go',
    program: franzGo,
    programArguments: [],
    skip: existsSync(franzGo) ? false : `${franzGo} is not there: ${advice}`,
    tooLarge: /^MESSAGE_TOO_LARGE/,
    administersAll: true,
    sendsEmptyRecords: true,
    sendsNullHeaders: true,
    sendsEmptyKeys: true,
  },
  {
    name: 'confluent-kafka-javascript',
    program: javascriptNode,
    programArguments: [join(foreign, 'confluent_javascript_client.cjs'), javascript],
    skip: existsSync(javascriptNode) ? false : `${javascript} has no client: ${advice}`,
    tooLarge: /too large/i,
    administersAll: false,
    sendsEmptyRecords: true,
    sendsNullHeaders: false,
    sendsEmptyKeys: false,
  },
];

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
