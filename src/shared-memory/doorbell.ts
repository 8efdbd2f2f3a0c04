import { assert } from '../base/assert.ts';
import type { Threads } from '../port/threads.ts';

/**
 * One word for each thread, 128 bytes apart: 1 while its thread sleeps, or is about to.
 *
 *     consumer                              producer
 *     word := sleeping                      publish (ring tail, notice, row version, …)
 *     look at everything again              if word is sleeping:
 *     nothing there? wait                       exchange it with awake; was sleeping? notify
 *
 * Each side stores before it loads, in one order that all threads see, so at least one of them sees the other: no
 * wake-up is lost. The exchange makes that one producer notifies, and no one an awake thread.
 */
export const doorbellStride = 128;
const awake = 0;
const sleeping = 1;

/** A thread's own doorbell, and its hand on everybody else's. */
export class Doorbell {
  /** How often this thread has notified another. A wake-up costs about 25 µs until the other runs. */
  notified = 0;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #threads: Threads;
  readonly #own: number;
  /** A wait is pending in the port; at most one. It stays while other events wake the thread. */
  #waiting = false;
  #woken: () => void = () => {};
  readonly #wake = (): void => {
    this.#waiting = false;
    this.disarm();
    this.#woken();
  };

  constructor(memory: SharedArrayBuffer, threads: Threads) {
    this.#words = new Int32Array(memory);
    this.#threads = threads;
    this.#own = (threads.self * doorbellStride) / 4;
    assert(this.#own < this.#words.length, 'a doorbell for each thread');
  }

  /**
   * At the end of a turn. `hasWork` looks at everything that producers publish to this thread before they ring; it
   * is called after the thread is marked as sleeping. False: there is work, take another turn. True: `woken`
   * (the one given last) comes in a later event, when somebody rings or for no reason.
   */
  arm(hasWork: () => boolean, woken: () => void): boolean {
    this.#woken = woken;
    Atomics.store(this.#words, this.#own, sleeping);
    if (hasWork()) {
      this.disarm();
      return false;
    }
    if (!this.#waiting) this.#waiting = this.#threads.wait(this.#words, this.#own, sleeping, this.#wake);
    return this.#waiting;
  }

  /** At the beginning of a turn: this thread will look at everything before it sleeps, nobody needs to notify it. */
  disarm(): void {
    if (Atomics.load(this.#words, this.#own) !== awake) Atomics.store(this.#words, this.#own, awake);
  }

  /** After publishing to `thread`: wakes it if it sleeps. */
  ring(thread: number): void {
    const index = (thread * doorbellStride) / 4;
    if (Atomics.load(this.#words, index) !== sleeping) return;
    if (Atomics.exchange(this.#words, index, awake) !== sleeping) return;
    this.notified++;
    this.#threads.notify(this.#words, index);
  }
}
