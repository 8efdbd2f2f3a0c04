import { assert } from '../../base/assert.ts';
import { LoopKeeper } from '../loop_keeper.ts';

/**
 * Who may use libuv's thread pool. The pool is one for the whole process, so what is in flight is counted in memory
 * that all threads share:
 *
 *   word 0   calls in flight for data directories, all threads
 *   word 1   changes when something was given back; threads that were refused wait on it
 *   word 2   threads that wait
 *   word 3   most calls in flight for data directories together
 *   word 4   most calls in flight for one data directory
 *   word 5   data directories
 *   then, for each data directory and one more for paths in none of them: calls in flight, syncs in flight
 *
 * Invariant: data directories together leave at least `threadsKept` pool threads to the metadata log, whose calls
 * are not counted; one directory has at most `syncsMax` syncs in flight, and leaves each of the others two threads as
 * long as there are enough. Counters go up by compare-and-exchange, so that a refused call is never seen in them.
 */
const words = { inFlight: 0, returned: 1, waiting: 2, most: 3, mostOfOne: 4, directories: 5, first: 6 } as const;
const wordsOfDirectory = 2;
const threadsKept = 4;
const syncsMax = 2;

/** What all threads of a process share. Made once, by control, and handed to the shards as it is. */
export type PoolBudgetMemory = SharedArrayBuffer;

export function allocatePoolBudget(poolThreads: number, dataDirectories: number): PoolBudgetMemory {
  assert(poolThreads > threadsKept, 'the pool has threads beside those kept for the metadata log');
  const memory = new SharedArrayBuffer((words.first + wordsOfDirectory * (dataDirectories + 1)) * 4);
  const budget = new Int32Array(memory);
  const most = poolThreads - threadsKept;
  budget[words.most] = most;
  budget[words.mostOfOne] = Math.min(most, Math.max(2, most - 2 * (dataDirectories - 1)));
  budget[words.directories] = dataDirectories;
  return memory;
}

/** One thread's side of the budget: grants at once, or keeps the call until one ends, on this thread or another. */
export class PoolBudget {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #queues: Queue[] = [];
  readonly #keeper = new LoopKeeper();
  #queued = 0;
  #waits = false;

  constructor(memory: PoolBudgetMemory) {
    this.#words = new Int32Array(memory);
    const directories = this.#word(words.directories) + 1;
    for (let directory = 0; directory < directories; directory++) {
      this.#queues.push(new Queue(directory, true), new Queue(directory, false));
    }
  }

  /** The directory that stands for all paths in none. */
  get elsewhere(): number {
    return this.#word(words.directories);
  }

  /** Calls in flight for data directories, of all threads. */
  get inFlight(): number {
    return Atomics.load(this.#words, words.inFlight);
  }

  /** Calls `start` when a pool thread may be used, perhaps now. `giveBack` must follow when the call has ended. */
  take(directory: number, isSync: boolean, start: () => void): void {
    const queue = this.#queues[directory * 2 + (isSync ? 0 : 1)];
    assert(queue !== undefined, 'the directory of a disk call is known');
    if (queue.calls.length === 0 && this.#tryTake(directory, isSync)) return start();
    queue.calls.push(start);
    if (this.#queued++ === 0) this.#keeper.hold();
    this.#grant();
  }

  giveBack(directory: number, isSync: boolean): void {
    const place = words.first + directory * wordsOfDirectory;
    if (isSync) Atomics.sub(this.#words, place + 1, 1);
    Atomics.sub(this.#words, place, 1);
    Atomics.sub(this.#words, words.inFlight, 1);
    this.#tellOthers();
    if (this.#queued > 0) this.#grant();
  }

  #tellOthers(): void {
    Atomics.add(this.#words, words.returned, 1);
    if (Atomics.load(this.#words, words.waiting) > 0) Atomics.notify(this.#words, words.returned);
  }

  /** Starts what may start, oldest first in each queue; then waits for other threads if something is left. */
  #grant(): void {
    for (;;) {
      const returned = Atomics.load(this.#words, words.returned);
      for (const queue of this.#queues) {
        while (queue.calls.length > 0 && this.#tryTake(queue.directory, queue.isSync)) {
          const start = queue.calls.shift() as () => void;
          if (--this.#queued === 0) this.#keeper.release();
          start();
        }
      }
      if (this.#queued === 0 || this.#waits) return;
      // The word is compared by the kernel of the wait: what was given back since it was read is seen.
      Atomics.add(this.#words, words.waiting, 1);
      const outcome = Atomics.waitAsync(this.#words, words.returned, returned);
      if (outcome.async) {
        this.#waits = true;
        void outcome.value.then(this.#woken);
        return;
      }
      Atomics.sub(this.#words, words.waiting, 1);
    }
  }

  readonly #woken = (): void => {
    this.#waits = false;
    Atomics.sub(this.#words, words.waiting, 1);
    this.#grant();
  };

  #tryTake(directory: number, isSync: boolean): boolean {
    const place = words.first + directory * wordsOfDirectory;
    const mostOfOne = this.#word(words.mostOfOne);
    const most = this.#word(words.most);
    if (this.#word(words.inFlight) >= most || this.#word(place) >= mostOfOne) return false;
    if (isSync && this.#word(place + 1) >= syncsMax) return false;
    // All three looked free, so a refusal from here on is a race with another thread, and rare.
    if (!this.#raise(words.inFlight, most)) return false;
    if (this.#raise(place, mostOfOne)) {
      if (!isSync || this.#raise(place + 1, syncsMax)) return true;
      Atomics.sub(this.#words, place, 1);
    }
    Atomics.sub(this.#words, words.inFlight, 1);
    // Another thread may have been refused for what was held here for a moment.
    this.#tellOthers();
    return false;
  }

  /** Adds 1 unless the word has reached `most`. */
  #raise(place: number, most: number): boolean {
    let seen = Atomics.load(this.#words, place);
    while (seen < most) {
      const before = Atomics.compareExchange(this.#words, place, seen, seen + 1);
      if (before === seen) return true;
      seen = before;
    }
    return false;
  }

  #word(place: number): number {
    return Atomics.load(this.#words, place);
  }
}

class Queue {
  readonly directory: number;
  readonly isSync: boolean;
  readonly calls: (() => void)[] = [];

  constructor(directory: number, isSync: boolean) {
    this.directory = directory;
    this.isSync = isSync;
  }
}
