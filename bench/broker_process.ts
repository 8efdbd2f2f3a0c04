/** A broker from this repository as a process of its own, with a data directory that goes with it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { AcceptedAnswer, ProbeAnswer, ProbeQuestion } from './counting/questions.ts';

export const REPOSITORY: string = fileURLToPath(new URL('..', import.meta.url));
const PROBE = new URL('./counting/probe.ts', import.meta.url).href;
const READY = /listening on (\S+):(\d+)/;
const START_LIMIT_MS = 60_000;
const OUTPUT_LINES_KEPT = 40;

export interface BrokerOptions {
  readonly directory: string;
  readonly shards: number;
  /** `key=value` each. */
  readonly overrides: readonly string[];
  /** Options of Node, before the entry. */
  readonly nodeOptions: readonly string[];
  readonly countViews: boolean;
  /** Where the broker's source lies, if not here; it runs without the probe then. */
  readonly tree?: string;
  /** The entry in the tree; the source's unless told otherwise. */
  readonly entry?: string;
  /** A data directory that another broker of the bench has used and left; `stop` removes it all the same. */
  readonly dataDirectory?: string;
}

export class BrokerProcess {
  readonly #child: ChildProcess;
  readonly #dataDirectory: string;
  readonly #lines: string[] = [];
  /** It answers `counts` and `accepted`. */
  readonly probed: boolean;
  port = 0;

  private constructor(options: BrokerOptions) {
    this.#dataDirectory = options.dataDirectory ?? mkdtempSync(join(options.directory, 'broker-'));
    const entry = join(options.tree ?? REPOSITORY, options.entry ?? 'src/cli/launch.cjs');
    this.probed = options.tree === undefined && options.entry === undefined;
    const probe = this.probed ? ['--import', PROBE] : [];
    const program = ['--port', '0', '--data-dir', this.#dataDirectory, '--shards', String(options.shards)];
    for (const override of options.overrides) program.push('--override', override);
    this.#child = spawn(process.execPath, [...probe, ...options.nodeOptions, entry, ...program], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, BENCH_COUNT_VIEWS: options.countViews ? '1' : '' },
    });
    const kill = () => this.#child.kill('SIGKILL');
    process.once('exit', kill);
    this.#child.once('exit', () => process.off('exit', kill));
  }

  static async start(options: BrokerOptions): Promise<BrokerProcess> {
    const broker = new BrokerProcess(options);
    await broker.#listening();
    return broker;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  counts(): Promise<ProbeAnswer> {
    return this.#ask('counts') as Promise<ProbeAnswer>;
  }

  /** Connections accepted since the start by each shard. */
  async accepted(shards: number): Promise<readonly number[]> {
    const { accepted } = (await this.#ask('accepted')) as AcceptedAnswer;
    return accepted.slice(1, 1 + shards);
  }

  get dataDirectory(): string {
    return this.#dataDirectory;
  }

  async stop(): Promise<void> {
    await this.end();
    rmSync(this.#dataDirectory, { recursive: true, force: true });
  }

  /** Ends the broker in order and leaves its data. */
  async end(): Promise<void> {
    const ended = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGTERM');
      const late = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(late);
    }
  }

  #ask(question: ProbeQuestion): Promise<ProbeAnswer | AcceptedAnswer> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null, signal: string | null) =>
        reject(this.#failed(`ended with ${code ?? signal}`));
      this.#child.once('exit', ended);
      this.#child.once('message', (answer: ProbeAnswer | AcceptedAnswer) => {
        this.#child.off('exit', ended);
        resolve(answer);
      });
      this.#child.send(question);
    });
  }

  /** With the last that the broker said. */
  #failed(why: string): Error {
    return new Error(`the broker ${why}:\n${this.#lines.join('\n')}`);
  }

  #listening(): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => reject(this.#failed(why));
      const late = setTimeout(() => {
        this.#child.kill('SIGKILL');
        fail('did not listen in time');
      }, START_LIMIT_MS);
      this.#child.once('exit', (code, signal) => {
        clearTimeout(late);
        fail(`ended with ${code ?? signal}`);
      });
      for (const output of [this.#child.stdout!, this.#child.stderr!]) {
        createInterface({ input: output }).on('line', (line) => {
          this.#lines.push(line);
          if (this.#lines.length > OUTPUT_LINES_KEPT) this.#lines.shift();
          const found = READY.exec(line);
          if (found === null || this.port !== 0) return;
          this.port = Number(found[2]);
          clearTimeout(late);
          resolve();
        });
      }
    });
  }
}
