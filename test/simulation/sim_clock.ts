import type { Clock, Timer } from '../../src/port/clock.ts';
import type { SimThread } from './sim_thread.ts';
import type { World } from './world.ts';

/** The clock on the wall of one machine: wrong by an offset that jumps, and going at a rate of its own. */
export class WallTime {
  readonly #world: World;
  #offsetMs: number;
  #rate: number;
  #sinceMs: number;

  /** `rate` 1.1 gains 10 %. */
  constructor(world: World, startMs = 1_750_000_000_000, rate = 1) {
    this.#world = world;
    this.#offsetMs = startMs;
    this.#rate = rate;
    this.#sinceMs = world.nowMs;
  }

  nowMs(): number {
    return Math.floor(this.#offsetMs + (this.#world.nowMs - this.#sinceMs) * this.#rate);
  }

  /** Somebody sets the clock; either way. */
  jump(byMs: number): void {
    this.#offsetMs += byMs;
  }

  drift(rate: number): void {
    this.#offsetMs += (this.#world.nowMs - this.#sinceMs) * this.#rate;
    this.#sinceMs = this.#world.nowMs;
    this.#rate = rate;
  }
}

/** The clock of one simulated thread. Timers come late by up to a millisecond, as they do on Node. */
export class SimClock implements Clock {
  readonly #thread: SimThread;
  readonly #wall: WallTime;
  readonly #originMs: number;

  /** `originMs`: what `monotonicMs` says when the world begins; differs between machines. */
  constructor(thread: SimThread, wall: WallTime, originMs = 0) {
    this.#thread = thread;
    this.#wall = wall;
    this.#originMs = originMs;
  }

  monotonicMs(): number {
    return this.#originMs + this.#thread.world.nowMs;
  }

  wallMs(): number {
    return this.#wall.nowMs();
  }

  schedule(delayMs: number, callback: () => void): Timer {
    const thread = this.#thread;
    const timer = new SimTimer(thread, callback);
    const lateMs = thread.world.random.fraction();
    timer.begin(Math.max(0, delayMs) + lateMs);
    return timer;
  }

  defer(callback: () => void): void {
    this.#thread.defer(callback);
  }
}

class SimTimer implements Timer {
  readonly #thread: SimThread;
  #callback: (() => void) | null;

  constructor(thread: SimThread, callback: () => void) {
    this.#thread = thread;
    this.#callback = callback;
  }

  begin(delayMs: number): void {
    this.#thread.hold();
    this.#thread.post(delayMs, () => {
      const callback = this.#callback;
      if (callback === null) return;
      this.#callback = null;
      this.#thread.letGo();
      callback();
    });
  }

  cancel(): void {
    if (this.#callback === null) return;
    this.#callback = null;
    this.#thread.letGo();
  }
}
