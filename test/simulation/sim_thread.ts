import { assert } from '../../src/base/assert.ts';
import type { ThreadFailure } from '../../src/port/threads.ts';
import type { SimEvent } from './event_queue.ts';
import { ProcessEnded } from './world.ts';
import type { World } from './world.ts';

/** How a thread's loop behaves; drawn from the seed for each run. */
export interface ThreadTempo {
  /** Least and greatest time that one callback takes, ms. */
  readonly callbackMs: readonly [number, number];
  /** Chance that a callback is followed by a pause (garbage collection, another process on the core). */
  readonly pauseChance: number;
  readonly pauseMsMax: number;
}

export const steadyTempo: ThreadTempo = { callbackMs: [0.002, 0.02], pauseChance: 0, pauseMsMax: 0 };

/**
 * The event loop of one thread: a poll phase in which what came from outside is delivered, one callback after the
 * other, and a check phase for what was deferred, in order. Other threads run between any two callbacks, and inside one
 * while it is in a system call.
 *
 *     idle ──post/defer──▶ poll ──nothing ready──▶ check ──snapshot of deferred done──▶ poll … ▶ idle
 *       any ──throw──▶ dead        any ──end()──▶ dead
 */
export class SimThread {
  readonly name: string;
  readonly number: number;
  readonly world: World;
  /** Called once when a callback threw. */
  failed: (failure: ThreadFailure) => void;
  /** Called when a system call ended the process. */
  processEnded: (reason: string) => void = () => {};
  /** Called after `exit`, once nothing holds the loop. */
  drained: (() => void) | null = null;
  /** Called when nothing holds the loop although nobody called `exit`: on Node the thread ends. */
  ranDry: (() => void) | null = null;

  readonly #tempo: ThreadTempo;
  /** A callback is on the stack; while it is inside a system call, other threads run. */
  #running = false;
  #alive = true;
  #exiting = false;
  #ready: (() => void)[] = [];
  #readyTaken = 0;
  #deferred: (() => void)[] = [];
  #checking: (() => void)[] = [];
  #checkingTaken = 0;
  #step: SimEvent | null = null;
  /** The thread is inside a system call or stopped until then. */
  #busyUntilMs = 0;
  /** Timers, waits, sockets and disk calls that keep the loop alive. */
  #holds = 0;

  constructor(world: World, name: string, number = 0, tempo: ThreadTempo = steadyTempo) {
    this.world = world;
    this.name = name;
    this.number = number;
    this.#tempo = tempo;
    this.failed = (failure) => {
      throw new Error(`${failure.name}: ${failure.message}\n${failure.stack}`);
    };
  }

  get alive(): boolean {
    return this.#alive;
  }

  get holds(): number {
    return this.#holds;
  }

  /** Something from outside becomes ready for this thread `delayMs` from now. Lost when the thread has ended. */
  post(delayMs: number, callback: () => void): SimEvent {
    return this.world.schedule(delayMs, () => {
      if (!this.#alive) return;
      this.#ready.push(callback);
      this.#wake();
    });
  }

  defer(callback: () => void): void {
    if (!this.#alive) return;
    this.#deferred.push(callback);
    this.#wake();
  }

  /** The thread does nothing until `milliseconds` from now (SIGSTOP, a long collection, a core taken away). */
  stall(milliseconds: number): void {
    this.#busyUntilMs = Math.max(this.#busyUntilMs, this.world.nowMs + milliseconds);
    if (this.#step !== null) {
      this.world.cancel(this.#step);
      this.#step = null;
      this.#wake();
    }
  }

  hold(): void {
    this.#holds++;
  }

  letGo(): void {
    this.#holds--;
    assert(this.#holds >= 0, 'a loop is let go as often as it was held');
    if (this.#holds === 0 && this.#exiting) this.#wake();
  }

  /** Ends in an orderly way once nothing holds the loop. */
  exit(): void {
    this.#exiting = true;
    this.#wake();
  }

  /** Ends now: nothing of this thread runs any more. */
  end(): void {
    this.#alive = false;
    this.#ready = [];
    this.#deferred = [];
    this.#checking = [];
    if (this.#step !== null) this.world.cancel(this.#step);
    this.#step = null;
  }

  /** Runs `callback` as this thread now, with the same treatment of failures. For the first callback of a thread. */
  run(callback: () => void): void {
    if (!this.#alive) return;
    const world = this.world;
    const before = world.currentThread;
    world.currentThread = this;
    this.#running = true;
    try {
      callback();
    } catch (thrown) {
      if (!(thrown instanceof ProcessEnded)) this.#die(thrown);
      else if (this.#alive) this.processEnded(thrown.reason);
    } finally {
      world.currentThread = before;
      this.#running = false;
      this.#busyUntilMs = Math.max(this.#busyUntilMs, world.nowMs);
    }
    if (!this.#alive) return;
    if (this.#hasWork()) this.#wake();
    else this.#endIfNothingHolds();
  }

  #wake(): void {
    if (!this.#alive || this.#running || this.#step !== null) return;
    const world = this.world;
    const [least, greatest] = this.#tempo.callbackMs;
    let delayMs = least + world.random.fraction() * (greatest - least);
    if (this.#tempo.pauseChance > 0 && world.random.chance(this.#tempo.pauseChance)) {
      delayMs += world.random.fraction() * this.#tempo.pauseMsMax;
    }
    const waitMs = Math.max(0, this.#busyUntilMs - world.nowMs);
    this.#step = world.schedule(waitMs + delayMs, () => this.#turnOnce());
  }

  #turnOnce(): void {
    this.#step = null;
    const callback = this.#next();
    if (callback === null) {
      this.#endIfNothingHolds();
      return;
    }
    this.world.fold(this.number, this.#holds);
    this.run(callback);
  }

  #endIfNothingHolds(): void {
    if (this.#holds > 0) return;
    const told = this.#exiting ? this.drained : this.ranDry;
    if (told === null) return;
    this.end();
    told();
  }

  #hasWork(): boolean {
    return (
      this.#readyTaken < this.#ready.length || this.#checkingTaken < this.#checking.length || this.#deferred.length > 0
    );
  }

  #next(): (() => void) | null {
    if (this.#checkingTaken < this.#checking.length) return this.#checking[this.#checkingTaken++] as () => void;
    if (this.#readyTaken < this.#ready.length) {
      const callback = this.#ready[this.#readyTaken++] as () => void;
      if (this.#readyTaken === this.#ready.length) {
        this.#ready = [];
        this.#readyTaken = 0;
      }
      return callback;
    }
    if (this.#deferred.length === 0) return null;
    this.#checking = this.#deferred;
    this.#checkingTaken = 1;
    this.#deferred = [];
    return this.#checking[0] as () => void;
  }

  #die(thrown: unknown): void {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    this.end();
    this.world.note(() => `${this.name} died: ${error.stack ?? error.message}`);
    this.failed({ thread: this.number, name: error.name, message: error.message, stack: error.stack ?? '' });
  }
}
