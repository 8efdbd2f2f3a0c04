import { workerData } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import type { Background, TaskTypes } from '../port/background.ts';
import { TaskFailure } from '../port/background.ts';

export interface BackgroundProgram {
  /** The module that a thread runs: `workers/background.ts`, or what it was built to. It exports `runTask`. */
  readonly url: URL;
  /** `background.threads`. */
  readonly threads: number;
  /** What `enterBackgroundThread` gives in the threads; structured-cloneable, shared memory in it is shared. */
  readonly boot: unknown;
}

/** Of a thread of the pool. A task reads files in pieces; what it keeps grows with segments and producers. */
const limits = { maxOldGenerationSizeMb: 1024, maxYoungGenerationSizeMb: 32, codeRangeSizeMb: 64, stackSizeMb: 4 };

/** A thread without a task ends after this time: compaction comes in waves. */
const idleMs = 10_000;

/**
 * The pool of background threads. Neither the pool's code nor a thread is loaded before the first task: a start after a
 * clean stop needs none.
 */
export function createBackground<Types extends TaskTypes<Types>>(program: BackgroundProgram): Background<Types> {
  let pool: Promise<Piscina> | null = null;
  let isClosed = false;
  const runOnPool = async (task: object): Promise<object> => {
    try {
      const started = await (pool ??= startPool(program));
      if (isClosed) return new TaskFailure('the pool is closed');
      return (await started.run(task, { name: 'runTask' })) as object;
    } catch (error) {
      return new TaskFailure(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    }
  };
  return {
    run(task, done) {
      const tell = done as (outcome: object) => void;
      void runOnPool(task).then((outcome) => {
        // Out of the promise: what `done` throws is a bug of the thread that asked, not of the task.
        if (!isClosed) setImmediate(tell, outcome);
      });
    },
    close(closed) {
      isClosed = true;
      const ended = pool === null ? Promise.resolve() : pool.then((started) => started.destroy());
      void ended.then(() => setImmediate(closed));
    },
  };
}

async function startPool({ url, threads, boot }: BackgroundProgram): Promise<Piscina> {
  const { Piscina } = await import('piscina');
  const pool = new Piscina({
    filename: url.href,
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: idleMs,
    workerData: boot,
    resourceLimits: limits,
    recordTiming: false,
  });
  // A thread that died with a task fails the task; one that died without any harms nobody.
  pool.on('error', () => {});
  return pool;
}

/** What `createBackground` was given as `boot`, in a thread of the pool. */
export function enterBackgroundThread(): unknown {
  return workerData;
}
