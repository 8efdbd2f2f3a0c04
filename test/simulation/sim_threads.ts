import { assert } from '../../src/base/assert.ts';
import type { ThreadFailure, Threads } from '../../src/port/threads.ts';
import type { SimProcess } from './sim_process.ts';
import type { SimThread } from './sim_thread.ts';

/** Runs the first callback of a shard: builds its ports and starts it. `boot` is a structured clone. */
export type ShardProgram = (thread: SimThread, boot: unknown) => void;

/** The `Threads` of one thread of a simulated process. */
export class SimThreads implements Threads {
  readonly self: number;
  readonly #process: SimProcess;
  readonly #thread: SimThread;
  readonly #program: ShardProgram;

  constructor(process: SimProcess, thread: SimThread, program: ShardProgram) {
    this.self = thread.number;
    this.#process = process;
    this.#thread = thread;
    this.#program = program;
  }

  spawnShard(number: number, boot: unknown, exited: (error: ThreadFailure | null) => void): void {
    assert(this.self === 0, 'only control starts shards');
    const process = this.#process;
    const control = this.#thread;
    const thread = process.createThread(number);
    const cloned: unknown = structuredClone(boot);
    const random = process.world.random;
    const tell = (failure: ThreadFailure | null): void => {
      if (failure !== null) process.threadDied(thread, failure);
      control.post(0.1 + random.fraction(), () => {
        control.letGo();
        exited(failure);
      });
    };
    control.hold();
    thread.failed = tell;
    thread.drained = () => tell(null);
    const dry = 'the thread ran out of work';
    thread.ranDry = () => tell({ thread: number, name: 'ThreadExit', message: dry, stack: '' });
    const [least, greatest] = process.options.spawnMs;
    thread.post(least + random.fraction() * (greatest - least), () => this.#program(thread, cloned));
  }

  exit(): void {
    assert(this.self !== 0, 'control does not end as a thread');
    this.#process.releaseWait(this.#thread);
    this.#thread.exit();
  }

  wait(words: Int32Array<SharedArrayBuffer>, index: number, expected: number, woken: () => void): boolean {
    return this.#process.wait(this.#thread, words, index, expected, woken);
  }

  notify(words: Int32Array<SharedArrayBuffer>, index: number): void {
    this.#process.notify(words, index);
  }
}
