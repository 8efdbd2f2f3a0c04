import { STOP_ACCEPTING, STOP_CLOSE, STOP_DRAIN } from '../api/thread_messages.ts';
import { assert } from '../base/assert.ts';

/** What a stop needs of its shard. */
export interface StoppingShard {
  /** No new connections. */
  stopAccepting(): void;
  /** What has arrived is still answered; nothing more is read. */
  stopReading(): void;
  /**
   * Fetches that wait are answered with what there is; clients that have not taken their answers when it `isLate` do not
   * get them. Returns whether nothing is left that a client or another shard waits for.
   */
  drain(isLate: boolean): boolean;
  closeLogs(closed: () => void): void;
  /** Answers control's request, and leaves if it was the last. */
  phaseDone(correlation: number, isLast: boolean): void;
}

/**
 * The stop of a shard, in the phases that control asks for one after the other:
 *
 *     serving ─► accepting stopped ─► drained ─► logs closed, the thread ends
 */
export class ShardStop {
  readonly #shard: StoppingShard;
  #phase = 0;
  /** Of control's request; -1 while no phase is under way. */
  #correlation = -1;
  #drainUntilMs = Infinity;
  #isClosing = false;

  constructor(shard: StoppingShard) {
    this.#shard = shard;
  }

  get isUnderWay(): boolean {
    return this.#correlation >= 0;
  }

  begin(phase: number, correlation: number, nowMs: number): void {
    assert(!this.isUnderWay, 'one phase of the stop follows the other');
    this.#phase = phase;
    this.#correlation = correlation;
    if (phase === STOP_ACCEPTING) return this.#shard.stopAccepting();
    if (phase !== STOP_DRAIN) return;
    this.#shard.stopReading();
    this.#drainUntilMs = nowMs + DRAIN_MS_MAX;
  }

  /** Looks whether the phase is complete; each turn until it is. Returns whether it wants another turn at once. */
  goOn(nowMs: number): boolean {
    const shard = this.#shard;
    if (this.#phase === STOP_DRAIN) {
      if (!shard.drain(nowMs >= this.#drainUntilMs)) return true;
    } else if (this.#phase === STOP_CLOSE) {
      if (this.#isClosing) return false;
      this.#isClosing = true;
      shard.closeLogs(() => this.#done());
      return false;
    }
    this.#done();
    return false;
  }

  #done(): void {
    const correlation = this.#correlation;
    this.#correlation = -1;
    this.#shard.phaseDone(correlation, this.#phase === STOP_CLOSE);
  }
}

/** How long a stop waits for clients to take their answers. */
const DRAIN_MS_MAX = 5000;
