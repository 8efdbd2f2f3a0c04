import type { Threads } from '../../src/port/threads.ts';

/** The port for several threads in one: waits are noted, and `wakeAll` calls those that were notified. */
export class SimulatedThreads {
  readonly #waits = new Map<number, { words: Int32Array; index: number; woken: () => void; notified: boolean }>();
  notifications = 0;

  port(self: number): Threads {
    return {
      self,
      spawnShard: () => {
        throw new Error('no thread is started here');
      },
      exit: () => {
        throw new Error('no thread ends here');
      },
      wait: (words, index, expected, woken) => {
        if (this.#waits.has(self)) throw new Error('at most one wait of a thread is pending');
        if (Atomics.load(words, index) !== expected) return false;
        this.#waits.set(self, { words, index, woken, notified: false });
        return true;
      },
      notify: (words, index) => {
        this.notifications++;
        for (const wait of this.#waits.values()) {
          if (wait.words.buffer === words.buffer && wait.index === index) wait.notified = true;
        }
      },
    };
  }

  isWaiting(thread: number): boolean {
    return this.#waits.has(thread);
  }

  /** Delivers what was notified; returns to whom. */
  wakeAll(): number[] {
    const woken: number[] = [];
    for (const [thread, wait] of this.#waits) {
      if (!wait.notified) continue;
      this.#waits.delete(thread);
      woken.push(thread);
      wait.woken();
    }
    return woken;
  }

  /** A wake-up for no reason. */
  wakeSpuriously(thread: number): void {
    const wait = this.#waits.get(thread);
    this.#waits.delete(thread);
    wait?.woken();
  }
}
