import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import type { ResourceLimits } from 'node:worker_threads';

import { assert } from '../base/assert.ts';
import type { ThreadFailure, Threads } from '../port/threads.ts';
import { LoopKeeper } from './loop_keeper.ts';

export interface ShardProgram {
  /** The module that a shard runs: `workers/shard.ts`, or what it was built to. */
  readonly url: URL;
  readonly limits: Required<ResourceLimits>;
}

/**
 * Heap of a shard. Frames, rings and tables lie outside of it, in shared memory; what is inside are connections and
 * the metadata image. The young generation is large enough that what lives for one request dies young: 24 MiB are two
 * halves of 8 MiB and what survives. V8 keeps what a busy start has made it grow to, so 64 MiB cost 27 MiB more for ever.
 */
export const shardLimitsDefault: Required<ResourceLimits> = {
  maxOldGenerationSizeMb: 1024,
  maxYoungGenerationSizeMb: 24,
  codeRangeSizeMb: 64,
  stackSizeMb: 4,
};

/** How a worker ends whose loop ran empty though nobody called `exit`. */
const exitCodeUnasked = 70;

/** The port of the main thread, and its threads that wait for their boot. */
export interface ControlThreads extends Threads {
  /**
   * Lets the threads 1 to `count` load their program while control does what comes before `spawnShard`: half of a start
   * is that.
   */
  prepare(count: number): void;
  /** Ends the prepared threads that were not spawned: the node does not start after all. */
  abandonPrepared(): void;
}

/** The port of the main thread, number 0. */
export function createControlThreads(program: ShardProgram): ControlThreads {
  assert(isMainThread, 'control is the main thread');
  const sleep = new Sleep();
  const prepared = new Map<number, ShardWorker>();
  return {
    self: 0,
    prepare: (count) => {
      for (let thread = 1; thread <= count; thread++) prepared.set(thread, new ShardWorker(program, thread));
    },
    abandonPrepared: () => {
      for (const worker of prepared.values()) worker.abandon();
      prepared.clear();
    },
    spawnShard: (thread, boot, exited) => {
      const worker = prepared.get(thread) ?? new ShardWorker(program, thread);
      prepared.delete(thread);
      worker.boot(boot, exited);
    },
    exit: () => sleep.end(),
    wait: (words, index, expected, woken) => sleep.wait(words, index, expected, woken),
    notify,
  };
}

/** The port of a shard, in its worker, and what `spawnShard` was given as `boot`, when it is. */
export async function enterShardThread(): Promise<{ readonly threads: Threads; readonly boot: unknown }> {
  const port = parentPort;
  assert(port !== null && !isMainThread, 'a shard runs in a worker');
  const { thread } = workerData as ShardData;
  const sleep = new Sleep();
  process.exitCode = exitCodeUnasked;
  const threads: Threads = {
    self: thread,
    spawnShard: () => assert(false, 'only control starts shards'),
    exit: () => {
      process.exitCode = 0;
      sleep.end();
    },
    wait: (words, index, expected, woken) => sleep.wait(words, index, expected, woken),
    notify,
  };
  const boot = await new Promise<unknown>((resolve) => port.once('message', resolve));
  return { threads, boot };
}

interface ShardData {
  readonly thread: number;
}

/** One worker: loads its program at once, begins when it gets its boot. */
class ShardWorker {
  readonly #worker: Worker;
  readonly #thread: number;
  #exited: ((error: ThreadFailure | null) => void) | null = null;
  /** How it ended, when that was before anybody wanted to know. */
  #end: { readonly failure: ThreadFailure | null } | null = null;

  constructor(program: ShardProgram, thread: number) {
    this.#thread = thread;
    this.#worker = new Worker(program.url, {
      name: `shard ${thread}`,
      workerData: { thread } satisfies ShardData,
      resourceLimits: program.limits,
    });
    // An error is told before the thread is gone: what it left half done must not be acknowledged meanwhile.
    this.#worker.on('error', (error: unknown) => this.#ended(failureOf(thread, error)));
    this.#worker.on('exit', (code) => this.#ended(this.#exitOf(code)));
  }

  boot(boot: unknown, exited: (error: ThreadFailure | null) => void): void {
    this.#exited = exited;
    const end = this.#end;
    if (end === null) this.#worker.postMessage(boot);
    else setImmediate(() => exited(end.failure));
  }

  abandon(): void {
    void this.#worker.terminate();
  }

  #ended(failure: ThreadFailure | null): void {
    if (this.#end !== null) return;
    this.#end = { failure };
    this.#exited?.(failure);
  }

  #exitOf(code: number): ThreadFailure | null {
    if (code === 0) return null;
    const message = code === exitCodeUnasked ? 'the thread ran out of work' : `the thread ended with code ${code}`;
    return { thread: this.#thread, name: 'ThreadExit', message, stack: '' };
  }
}

/** Anything can be thrown, and what was thrown comes as a copy that may have lost its class. */
function failureOf(thread: number, error: unknown): ThreadFailure {
  if (!(error instanceof Error)) return { thread, name: 'Error', message: String(error), stack: '' };
  return { thread, name: error.name, message: error.message, stack: error.stack ?? '' };
}

function notify(words: Int32Array<SharedArrayBuffer>, index: number): void {
  Atomics.notify(words, index, 1);
}

/** The one wait of a thread. A promise of the language holds no event loop: the keeper does. */
class Sleep {
  readonly #keeper = new LoopKeeper();
  #woken: (() => void) | null = null;
  #ended = false;

  wait(words: Int32Array<SharedArrayBuffer>, index: number, expected: number, woken: () => void): boolean {
    assert(this.#woken === null, 'a thread waits for one word at a time');
    const outcome = Atomics.waitAsync(words, index, expected);
    if (!outcome.async) return false;
    this.#woken = woken;
    if (!this.#ended) this.#keeper.hold();
    void outcome.value.then(this.#wake);
    return true;
  }

  /** A wait holds the loop no more. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#woken !== null) this.#keeper.release();
  }

  readonly #wake = (): void => {
    const woken = this.#woken;
    assert(woken !== null, 'a wake-up belongs to a wait');
    this.#woken = null;
    if (!this.#ended) this.#keeper.release();
    woken();
  };
}
