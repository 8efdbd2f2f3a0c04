import type { BackgroundPorts } from '../../src/background/background_ports.ts';
import { runBackgroundTask } from '../../src/background/run_task.ts';
import type { BackgroundOutcome, BackgroundPool, BackgroundTask } from '../../src/background/tasks.ts';
import { TaskFailure } from '../../src/port/background.ts';
import type { SimProcess } from './sim_process.ts';
import type { SimThread } from './sim_thread.ts';

/** The numbers of the pool's threads begin here: shards have the small ones. */
const firstNumber = 1000;

interface PooledTask {
  readonly task: BackgroundTask;
  readonly done: (outcome: BackgroundOutcome | TaskFailure) => void;
}

/**
 * The background pool of a simulated process. A task runs as a later event of a thread of its own, over the node's disk,
 * in whose calls the other threads go on, and the process can die. A thread that a fault ends fails its task, and the
 * next task gets a new one.
 */
export class SimBackground implements BackgroundPool {
  readonly #process: SimProcess;
  readonly #caller: SimThread;
  readonly #threadsMax: number;
  readonly #portsOf: (thread: SimThread) => BackgroundPorts;
  readonly #completed: (kind: BackgroundTask['kind']) => void;
  readonly #idle: SimThread[] = [];
  readonly #waiting: PooledTask[] = [];
  readonly #threads = new Set<SimThread>();
  #started = 0;
  #isClosed = false;

  constructor(
    process: SimProcess,
    caller: SimThread,
    threadsMax: number,
    portsOf: (thread: SimThread) => BackgroundPorts,
    completed: (kind: BackgroundTask['kind']) => void,
  ) {
    this.#process = process;
    this.#caller = caller;
    this.#threadsMax = threadsMax;
    this.#portsOf = portsOf;
    this.#completed = completed;
  }

  run: BackgroundPool['run'] = (task, done) => {
    this.#waiting.push({ task: structuredClone(task), done: done as PooledTask['done'] });
    this.#startNext();
  };

  close(closed: () => void): void {
    this.#isClosed = true;
    this.#waiting.length = 0;
    for (const thread of this.#threads) thread.end();
    this.#caller.post(0.1, closed);
  }

  #startNext(): void {
    if (this.#waiting.length === 0 || (this.#idle.length === 0 && this.#threads.size === this.#threadsMax)) return;
    const { task, done } = this.#waiting.shift()!;
    const thread = this.#idle.pop() ?? this.#newThread();
    const { random } = this.#process.world;
    thread.failed = ({ name, message }) => {
      this.#threads.delete(thread);
      this.#tell(done, new TaskFailure(`${name}: ${message}`));
    };
    thread.post(0.05 + random.fraction() * 5, () => {
      if (this.#isClosed) return;
      const outcome = structuredClone(runBackgroundTask(task, this.#portsOf(thread)));
      thread.failed = () => this.#forget(thread);
      this.#idle.push(thread);
      this.#completed(task.kind);
      this.#tell(done, outcome);
    });
  }

  #tell(done: PooledTask['done'], outcome: BackgroundOutcome | TaskFailure): void {
    this.#caller.post(0.02 + this.#process.world.random.fraction() * 0.1, () => {
      if (this.#isClosed) return;
      this.#startNext();
      done(outcome);
    });
  }

  #newThread(): SimThread {
    const thread = this.#process.createThread(firstNumber + this.#started++);
    this.#threads.add(thread);
    return thread;
  }

  /** A fault ended a thread that had nothing to do. */
  #forget(thread: SimThread): void {
    this.#threads.delete(thread);
    const at = this.#idle.indexOf(thread);
    if (at >= 0) this.#idle.splice(at, 1);
  }
}
