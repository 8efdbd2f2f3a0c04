import { assert } from '../../src/base/assert.ts';
import type { ThreadFailure } from '../../src/port/threads.ts';
import { SimThread, steadyTempo } from './sim_thread.ts';
import type { ThreadTempo } from './sim_thread.ts';
import type { World } from './world.ts';

/** How the threads of a process are scheduled; drawn from the seed for each run. */
export interface ProcessOptions {
  readonly tempo: ThreadTempo;
  /** Greatest time that a wait or a notify takes its caller, ms: others run meanwhile. */
  readonly callMsMax: number;
  /** From a notify until the sleeper runs, ms. */
  readonly wakeMs: readonly [number, number];
  /** Chance that a wake-up takes up to `lateWakeMsMax`. */
  readonly lateWakeChance: number;
  readonly lateWakeMsMax: number;
  /** Chance that a wait ends for no reason. */
  readonly spuriousChance: number;
  readonly spawnMs: readonly [number, number];
}

export const steadyProcess: ProcessOptions = {
  tempo: steadyTempo,
  callMsMax: 0.02,
  wakeMs: [0.01, 0.05],
  lateWakeChance: 0,
  lateWakeMsMax: 0,
  spuriousChance: 0,
  spawnMs: [5, 50],
};

interface Waiter {
  readonly thread: SimThread;
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly index: number;
  readonly woken: () => void;
  holds: boolean;
}

/** What happened to the waits of a process; a test of the simulation reads it. */
export interface WakeCounts {
  notified: number;
  late: number;
  spurious: number;
}

/** One running process: its threads and who of them sleeps on which word. */
export class SimProcess {
  readonly world: World;
  readonly name: string;
  readonly options: ProcessOptions;
  readonly threads: SimThread[] = [];
  readonly wakes: WakeCounts = { notified: 0, late: 0, spurious: 0 };
  /** The process ended by itself: control threw, or a system call killed it. */
  ended: (reason: string) => void = () => {};
  /** A shard ended by an error. What it held in the kernel is closed by whoever listens. */
  threadDied: (thread: SimThread, failure: ThreadFailure) => void = () => {};
  #waiters: Waiter[] = [];
  #alive = true;

  constructor(world: World, name: string, options: Partial<ProcessOptions> = {}) {
    this.world = world;
    this.name = name;
    this.options = { ...steadyProcess, ...options };
  }

  get alive(): boolean {
    return this.#alive;
  }

  get sleepers(): number {
    return this.#waiters.length;
  }

  createThread(number: number): SimThread {
    const thread = new SimThread(this.world, `${this.name}/${number}`, number, this.options.tempo);
    thread.processEnded = (reason) => this.#end(reason);
    if (number === 0) thread.failed = (failure) => this.#end(`control threw ${failure.name}: ${failure.message}`);
    this.threads.push(thread);
    return thread;
  }

  /** The end, from outside: nothing of this process runs any more. */
  kill(): void {
    this.#alive = false;
    for (const thread of this.threads) thread.end();
    this.#waiters = [];
  }

  /** All threads stand still (SIGSTOP), then go on as if nothing had been. */
  pause(milliseconds: number): void {
    for (const thread of this.threads) if (thread.alive) thread.stall(milliseconds);
  }

  wait(
    thread: SimThread,
    words: Int32Array<SharedArrayBuffer>,
    index: number,
    expected: number,
    woken: () => void,
  ): boolean {
    assert(!this.#waiters.some((waiter) => waiter.thread === thread), 'a thread waits for one word at a time');
    this.world.spend(this.world.random.fraction() * this.options.callMsMax);
    if (Atomics.load(words, index) !== expected) return false;
    const waiter: Waiter = { thread, words, index, woken, holds: true };
    this.#waiters.push(waiter);
    thread.hold();
    const random = this.world.random;
    if (random.chance(this.options.spuriousChance)) {
      this.world.schedule(random.fraction() * 20, () => {
        if (this.#waiters.includes(waiter)) {
          this.wakes.spurious++;
          this.#wake(waiter);
        }
      });
    }
    return true;
  }

  notify(words: Int32Array<SharedArrayBuffer>, index: number): void {
    this.world.spend(this.world.random.fraction() * this.options.callMsMax);
    const waiter = this.#waiters.find((candidate) => isSameWord(candidate.words, candidate.index, words, index));
    if (waiter === undefined) return;
    this.wakes.notified++;
    this.#wake(waiter);
  }

  /** Waits of this thread hold its loop no more. */
  releaseWait(thread: SimThread): void {
    for (const waiter of this.#waiters) {
      if (waiter.thread !== thread || !waiter.holds) continue;
      waiter.holds = false;
      thread.letGo();
    }
  }

  #wake(waiter: Waiter): void {
    this.#waiters = this.#waiters.filter((other) => other !== waiter);
    const random = this.world.random;
    const [least, greatest] = this.options.wakeMs;
    let delayMs = least + random.fraction() * (greatest - least);
    if (random.chance(this.options.lateWakeChance)) {
      this.wakes.late++;
      delayMs += random.fraction() * this.options.lateWakeMsMax;
    }
    waiter.thread.post(delayMs, () => {
      if (waiter.holds) waiter.thread.letGo();
      waiter.woken();
    });
  }

  #end(reason: string): void {
    if (!this.#alive) return;
    this.world.note(() => `process ${this.name} ended: ${reason}`);
    this.kill();
    this.ended(reason);
  }
}

/**
 * Whether two views name one word of shared memory. A cloned SharedArrayBuffer is another object over the same
 * memory, and the language has no way to ask but to change the one and look at the other.
 */
function isSameWord(
  a: Int32Array<SharedArrayBuffer>,
  aIndex: number,
  b: Int32Array<SharedArrayBuffer>,
  bIndex: number,
): boolean {
  if (a.buffer.byteLength !== b.buffer.byteLength) return false;
  if (a.byteOffset + 4 * aIndex !== b.byteOffset + 4 * bIndex) return false;
  const before = b[bIndex] as number;
  if (a[aIndex] !== before) return false;
  b[bIndex] = ~before;
  const same = a[aIndex] === ~before;
  b[bIndex] = before;
  return same;
}
