import type { Clock, Timer } from '../port/clock.ts';

/**
 * Watches over a start. However long all of it takes, it goes on while something of it moves; when nothing has for the
 * whole of `timeoutMs`, it is given up.
 */
export class StartDeadline {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #look: () => void;
  readonly #missed: () => void;
  #lastProgressMs: number;
  #timer: Timer | null = null;
  #isOver = false;

  /** @param look calls `progressed` for what nobody has looked at yet: this thread may have been busy itself */
  constructor(clock: Clock, timeoutMs: number, look: () => void, missed: () => void) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#look = look;
    this.#missed = missed;
    this.#lastProgressMs = clock.monotonicMs();
    this.#watch(timeoutMs);
  }

  progressed(): void {
    if (this.#isOver) return;
    this.#lastProgressMs = this.#clock.monotonicMs();
  }

  /** The start is over, whatever came of it. */
  end(): void {
    this.#isOver = true;
    this.#timer?.cancel();
    this.#timer = null;
  }

  #watch(forMs: number): void {
    this.#timer = this.#clock.schedule(forMs, () => {
      this.#look();
      if (this.#isOver) return;
      const leftMs = this.#lastProgressMs + this.#timeoutMs - this.#clock.monotonicMs();
      if (leftMs > 0) this.#watch(leftMs);
      else this.#missed();
    });
  }
}
