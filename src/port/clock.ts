/**
 * Time and timers of one thread. The only source of time for everything outside `src/platform/`.
 *
 * Safety never depends on `wallMs` (it may jump either way); durations are measured with `monotonicMs` alone.
 */
export interface Clock {
  /** Milliseconds, with a fraction, since an origin that all threads of a node share. Never goes back. */
  monotonicMs(): number;
  /** Milliseconds since 1970-01-01 UTC, whole. May jump. */
  wallMs(): number;
  /** Calls `callback` once, at least `delayMs` from now, never from inside this call. */
  schedule(delayMs: number, callback: () => void): Timer;
  /**
   * Calls `callback` once, after the events that are ready now have been delivered (on Node the check
   * phase that follows the poll phase), never from inside this call. Callbacks run in the order of the calls.
   */
  defer(callback: () => void): void;
}

export interface Timer {
  /** The callback will not come any more. Does nothing after it came, or when cancelled before. */
  cancel(): void;
}
