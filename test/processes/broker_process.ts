/**
 * A broker as an operating system process: started, watched, stopped, killed and paused, with a temporary directory
 * of its own. Nothing of it outlives the test.
 *
 * `MILLRACE_TEST_BROKER=kafka` starts Apache Kafka instead, to hold the tests' expectations against it;
 * `kafka_process.ts` says how.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type LaunchCommand, kafkaCommand } from './kafka_process.ts';

export const brokerKind = process.env['MILLRACE_TEST_BROKER'] === 'kafka' ? 'kafka' : 'millrace';

/** For `{ skip }` of a test about what Millrace alone promises. */
export const skipOnKafka: string | false =
  brokerKind === 'kafka' ? 'Apache Kafka behaves differently or has no such thing' : false;

const repository = dirname(dirname(import.meta.dirname));
const readyLine = /listening on (?:127\.0\.0\.1|\[::\]|0\.0\.0\.0|localhost):(\d+)/;
/** Far above what a start takes on a loaded machine: only a hang reaches it. */
const startLimitMs = 60_000;
const stopLimitMs = 60_000;

export interface BrokerOptions {
  /** Left out: a new temporary one, removed with the process. */
  readonly dataDirectory?: string;
  /** 0, the default, lets the kernel choose. */
  readonly port?: number;
  readonly shards?: number;
  readonly overrides?: Readonly<Record<string, string | number | boolean>>;
  readonly extraArguments?: readonly string[];
  /** Options of Node itself, before the entry. */
  readonly nodeArguments?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly uid?: number;
  /** A shell line that is carried out before, in the same process: a limit, a mount. */
  readonly preparedBy?: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that may never become ready: for starts that must fail, and the ground of `BrokerProcess`. */
export class ChildProgram implements AsyncDisposable {
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #temporary: string[] = [];
  #exit: Exit | null = null;
  #waiting: (() => void)[] = [];

  constructor(command: LaunchCommand, uid?: number) {
    this.#child = spawn(command.program, command.arguments, {
      cwd: command.directory ?? repository,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...surroundings(), ...command.environment },
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    running.add(this.#child);
    this.#collect(this.#child.stdout as Readable);
    this.#collect(this.#child.stderr as Readable);
    this.exited = this.#watch();
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get hasExited(): boolean {
    return this.#exit !== null;
  }

  /** Everything said so far on both outputs, by line. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  get output(): string {
    return this.#lines.join('\n');
  }

  removeLater(directory: string): void {
    this.#temporary.push(directory);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** SIGKILL: nothing of the process runs any more when this resolves. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }

  /** SIGSTOP, as from a machine that hangs; the kernel goes on accepting connections and bytes for it. */
  pause(): void {
    this.signal('SIGSTOP');
  }

  resume(): void {
    this.signal('SIGCONT');
  }

  /** The first line, said already or to come, that matches; fails when the process ends without it. */
  async line(pattern: RegExp | ((line: string) => boolean), from = 0): Promise<string> {
    const matches = typeof pattern === 'function' ? pattern : (line: string) => pattern.test(line);
    for (let next = from; ;) {
      while (next < this.#lines.length) {
        const line = this.#lines[next++] as string;
        if (matches(line)) return line;
      }
      if (this.#exit !== null) {
        throw new Error(
          `ended (${JSON.stringify(this.#exit)}) without the line waited for (${String(pattern)}):\n${this.output}`,
        );
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.push(resolve);
      await within(
        startLimitMs,
        promise,
        () => `silent without the line waited for (${String(pattern)}):\n${this.output}`,
      );
    }
  }

  /** How the process ended, which it must do by itself. */
  async end(): Promise<Exit> {
    return within(stopLimitMs, this.exited, () => `did not end:\n${this.output}`);
  }

  /** Resident memory in bytes, as the kernel counts it. */
  residentBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#exit === null) await this.kill();
    for (const directory of this.#temporary) rmSync(directory, { recursive: true, force: true });
  }

  #collect(stream: Readable): void {
    createInterface({ input: stream }).on('line', (line) => {
      this.#lines.push(line);
      this.#wake();
    });
  }

  async #watch(): Promise<Exit> {
    const spawnFailure = once(this.#child, 'error').then(([error]) => {
      throw error as Error;
    });
    // 'close' comes after both outputs are read to their ends, so no last line is missed.
    const [code, signal] = (await Promise.race([once(this.#child, 'close'), spawnFailure])) as [number, NodeJS.Signals];
    running.delete(this.#child);
    this.#exit = { code, signal };
    this.#wake();
    return this.#exit;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** A broker that has said that it is ready. */
export class BrokerProcess extends ChildProgram {
  port = 0;
  dataDirectory = '';

  /** Starts a broker and waits until it listens. */
  static async start(options: BrokerOptions = {}): Promise<BrokerProcess> {
    const created = options.dataDirectory === undefined;
    const dataDirectory = options.dataDirectory ?? temporaryDirectory();
    const broker =
      brokerKind === 'kafka'
        ? await BrokerProcess.#startKafka(dataDirectory, options)
        : await BrokerProcess.#startMillrace(dataDirectory, options);
    if (created) broker.removeLater(dataDirectory);
    broker.dataDirectory = dataDirectory;
    return broker;
  }

  /** SIGTERM; the process must have ended cleanly. */
  async stop(): Promise<void> {
    this.signal('SIGTERM');
    const exit = await this.end();
    // A Java process reports the signal as 143 after its hooks have run.
    const cleanCode = brokerKind === 'kafka' ? 143 : 0;
    if (exit.code !== cleanCode) throw new Error(`stopped with ${JSON.stringify(exit)}:\n${this.output}`);
  }

  static async #startMillrace(dataDirectory: string, options: BrokerOptions): Promise<BrokerProcess> {
    const broker = new BrokerProcess(millraceCommand({ ...options, dataDirectory }), options.uid);
    const ready = await within(startLimitMs, broker.line(readyLine), () => `not ready:\n${broker.output}`);
    broker.port = Number(readyLine.exec(ready)?.[1]);
    return broker;
  }

  static async #startKafka(dataDirectory: string, options: BrokerOptions): Promise<BrokerProcess> {
    const { command, port } = await kafkaCommand(dataDirectory, options.overrides ?? {});
    const broker = new BrokerProcess(command);
    await within(startLimitMs, broker.line(/Kafka Server started/), () => `not ready:\n${broker.output}`);
    broker.port = port;
    return broker;
  }
}

/** Starts the program without waiting for anything: for starts that must fail, and for `--help`. */
export function launchMillrace(options: BrokerOptions & { readonly dataDirectory: string }): ChildProgram {
  return new ChildProgram(millraceCommand(options), options.uid);
}

export function launchWithArguments(programArguments: readonly string[]): ChildProgram {
  return new ChildProgram(entryCommand([], programArguments));
}

function millraceCommand(options: BrokerOptions & { readonly dataDirectory: string }): LaunchCommand {
  const programArguments = ['--data-dir', options.dataDirectory, '--shards', String(options.shards ?? 2)];
  // A port moves the default listener, which others replace.
  if (options.overrides?.['listeners'] === undefined) programArguments.push('--port', String(options.port ?? 0));
  for (const [key, value] of Object.entries(options.overrides ?? {})) {
    programArguments.push('--override', `${key}=${value}`);
  }
  programArguments.push(...(options.extraArguments ?? []));
  const { program, arguments: all } = entryCommand(options.nodeArguments ?? [], programArguments);
  const environment = options.environment ?? {};
  if (options.preparedBy === undefined) return { program, arguments: all, environment };
  return { program: 'sh', arguments: ['-c', `${options.preparedBy} && exec "$0" "$@"`, program, ...all], environment };
}

function entryCommand(nodeArguments: readonly string[], programArguments: readonly string[]): LaunchCommand {
  return {
    program: process.execPath,
    arguments: [...nodeArguments, join(repository, 'src/main.ts'), ...programArguments],
  };
}

/** Settings may come from `KAFKA_…` variables: those of whoever runs the tests are none of theirs. */
function surroundings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KAFKA_')));
}

export function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'millrace-test-'));
}

/** An end limit against hanging, not a measurement: far above what the event takes. */
export async function within<T>(limitMs: number, event: Promise<T>, what: () => string): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(what())), limitMs);
  try {
    return await Promise.race([event, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whatever ends this process (an uncaught error, the runner's time limit) takes its brokers along. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(1));
