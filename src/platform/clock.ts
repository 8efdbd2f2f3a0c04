import { assert } from '../base/assert.ts';
import type { Clock, Timer } from '../port/clock.ts';

/** Above this Node's timer fires at once. */
const delayMsMax = 0x7fff_ffff;

/**
 * The clock of the calling thread. Pending timers keep the thread's loop alive. `performance.now` begins anew in each
 * worker; the clocks of one process must agree, because times lie in shared memory: all count from the kernel's origin.
 */
export function createClock(): Clock {
  const originMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();
  return {
    monotonicMs: () => originMs + performance.now(),
    wallMs: () => Date.now(),
    schedule: (delayMs, callback) => new DueTimer(delayMs, callback),
    defer: (callback) => {
      setImmediate(callback);
    },
  };
}

/**
 * Node counts in whole milliseconds of the loop's time and so may come up to one early, and treats delays of more
 * than 24 days as none: the timer looks at the clock when it fires, and waits on if it is not due.
 */
class DueTimer implements Timer {
  readonly #dueMs: number;
  readonly #callback: () => void;
  readonly #fire: () => void;
  #timeout: NodeJS.Timeout;

  constructor(delayMs: number, callback: () => void) {
    assert(!Number.isNaN(delayMs), 'the delay of a timer is a number');
    this.#dueMs = performance.now() + delayMs;
    this.#callback = callback;
    this.#fire = () => {
      const restMs = this.#dueMs - performance.now();
      if (restMs > 0) this.#timeout = setTimeout(this.#fire, Math.min(Math.ceil(restMs), delayMsMax));
      else this.#callback();
    };
    this.#timeout = setTimeout(this.#fire, Math.min(Math.ceil(delayMs), delayMsMax));
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }
}
