/**
 * A foreign program that takes orders as long as its input is open: a line of JSON in, lines of JSON out, of which the
 * last one of an order has no `event`. One start serves many orders: Java machines and Python start slowly.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Far above what any order takes: against a program that waits for ever. */
const orderLimitMs = 60_000;

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onEvent: (event: string) => void;
}

export class ForeignProcess implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #closed: Promise<void>;
  #waiting: Waiting | null = null;
  #errors = '';

  constructor(program: string, programArguments: readonly string[]) {
    this.#child = spawn(program, programArguments, { stdio: 'pipe' });
    running.add(this.#child);
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#take(line));
    this.#child.stderr.on('data', (bytes: Buffer) => {
      this.#errors += bytes.toString();
    });
    // A program that has ended does not read its input.
    this.#child.stdin.on('error', () => {});
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#closed = promise;
    const end = (reason: string): void => {
      running.delete(this.#child);
      this.#waiting?.reject(new Error(`${program} ${programArguments.join(' ')} ${reason}\n${this.#errors}`));
      this.#waiting = null;
      resolve();
    };
    this.#child.on('error', (error) => end(error.message));
    this.#child.on('close', (code, signal) => end(`ended with ${code ?? signal}`));
  }

  /** Carries out one order; the next one waits for its answer. */
  async order(details: object, onEvent: (event: string) => void = () => {}): Promise<unknown> {
    if (this.#waiting !== null) throw new Error('it has an order already');
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting = { resolve, reject, onEvent };
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), orderLimitMs);
    this.#child.stdin.write(`${JSON.stringify(details)}\n`);
    try {
      return await promise;
    } finally {
      clearTimeout(limit);
    }
  }

  /** Ends the program with its input, or, when it is in the middle of an order, at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end();
    if (this.#waiting !== null) this.#child.kill('SIGKILL');
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), orderLimitMs);
    await this.#closed;
    clearTimeout(limit);
  }

  #take(line: string): void {
    const waiting = this.#waiting;
    // Libraries write to the output too.
    if (waiting === null || !line.startsWith('{')) return;
    const answer = JSON.parse(line) as { readonly event?: string };
    if (answer.event !== undefined) return waiting.onEvent(answer.event);
    this.#waiting = null;
    waiting.resolve(answer);
  }
}

/** Whatever ends this process takes its foreign programs along. */
const running = new Set<ChildProcessWithoutNullStreams>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
