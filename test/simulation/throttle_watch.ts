/** Clocks of simulated threads differ by what their calls take. */
const clocksMs = 10;

/**
 * Whether a node keeps the throttle times that it tells on one connection: what was sent behind a request is not even
 * begun before that request's time is over, so it is not answered before (KIP-219). A node that stops ends its throttles,
 * answers what it has, and closes the connection: so an early answer counts when one follows to a request sent later.
 */
export class ThrottleWatch {
  #notBeforeMs = 0;
  #suspectedAtMs = Infinity;
  #suspicion = '';

  /** A response has come, in order. What is wrong, or null. */
  answered(sentMs: number, nowMs: number, throttleTimeMs: number): string | null {
    if (sentMs > this.#suspectedAtMs) return this.#suspicion;
    if (nowMs < this.#notBeforeMs - clocksMs && this.#suspectedAtMs === Infinity) {
      this.#suspectedAtMs = nowMs;
      this.#suspicion = `answered ${this.#notBeforeMs - nowMs} ms before the throttle time was over`;
    }
    if (throttleTimeMs > 0) this.#notBeforeMs = Math.max(this.#notBeforeMs, sentMs + throttleTimeMs);
    return null;
  }
}
