import type { Connection } from './connection.ts';

/**
 * Answers that are complete and wait a moment for those behind them, which other shards still owe. A client sends a
 * request for each answer that it gets: answers that leave one by one come back as requests that come one by one, each
 * with a read, a turn and a write of its own.
 */
export class HeldAnswers {
  readonly #connections: Connection[] = [];
  /** No hold of those listed ends before. */
  #earliestMs = Infinity;

  /** Whether the connection's answers are to wait longer. They leave when it is called again and this has changed. */
  holds(connection: Connection, nowMs: number): boolean {
    if (!connection.awaitsShards) {
      connection.heldUntilMs = 0;
      return false;
    }
    if (connection.heldUntilMs === 0) {
      connection.heldUntilMs = nowMs + HELD_MS_MAX;
      this.#earliestMs = Math.min(this.#earliestMs, connection.heldUntilMs);
      if (!connection.isListedAsHeld) this.#connections.push(connection);
      connection.isListedAsHeld = true;
    }
    if (nowMs < connection.heldUntilMs) return true;
    connection.heldUntilMs = 0;
    return false;
  }

  /** A shard that takes no turn before is to be woken then. */
  get nextMs(): number {
    return this.#earliestMs + ASLEEP_MS_MORE;
  }

  /** Calls `release` for connections that have waited long enough. */
  takeDue(nowMs: number, release: (connection: Connection) => void): void {
    if (nowMs < this.#earliestMs) return;
    const listed = this.#connections;
    this.#earliestMs = Infinity;
    let kept = 0;
    for (const connection of listed) {
      const untilMs = connection.heldUntilMs;
      connection.isListedAsHeld = untilMs > nowMs && connection.isOpen;
      if (connection.isListedAsHeld) {
        listed[kept++] = connection;
        this.#earliestMs = Math.min(this.#earliestMs, untilMs);
      } else if (untilMs > 0) release(connection);
    }
    while (listed.length > kept) listed.pop();
  }
}

/** Longer than another shard takes that has work of its own to do first; short beside a client's own waiting. */
const HELD_MS_MAX = 5;
/** A sleeping shard is woken later: each sleep with a timer nearer than the kernel's tick costs the setting of a clock. */
const ASLEEP_MS_MORE = 5;
