/**
 * Deadlines of one thread: a binary heap of (time, token) in typed arrays, no object for an entry. An entry cannot be
 * taken out early; whoever set it looks, when it comes due, whether it still matters (a generation inside the token,
 * or a field of its own). That is cheaper than cancelling, because most deadlines never matter.
 */
export class TimerQueue {
  #times = new Float64Array(64);
  #tokens = new Float64Array(64);
  #count = 0;

  get size(): number {
    return this.#count;
  }

  /** The earliest deadline, Infinity when there is none. */
  nextMs(): number {
    return this.#count === 0 ? Infinity : this.#times[0]!;
  }

  /** `token` is an integer up to 2^53 and means what the caller likes. */
  add(atMs: number, token: number): void {
    if (this.#count === this.#times.length) this.#grow();
    let at = this.#count++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#times[parent]! <= atMs) break;
      this.#times[at] = this.#times[parent]!;
      this.#tokens[at] = this.#tokens[parent]!;
      at = parent;
    }
    this.#times[at] = atMs;
    this.#tokens[at] = token;
  }

  /** Takes the earliest entry that is due at `nowMs` and returns its token, or -1. */
  takeDue(nowMs: number): number {
    if (this.#count === 0 || this.#times[0]! > nowMs) return -1;
    const token = this.#tokens[0]!;
    const last = --this.#count;
    const time = this.#times[last]!;
    const lastToken = this.#tokens[last]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= last) break;
      if (child + 1 < last && this.#times[child + 1]! < this.#times[child]!) child++;
      if (this.#times[child]! >= time) break;
      this.#times[at] = this.#times[child]!;
      this.#tokens[at] = this.#tokens[child]!;
      at = child;
    }
    this.#times[at] = time;
    this.#tokens[at] = lastToken;
    return token;
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2);
    const tokens = new Float64Array(times.length);
    times.set(this.#times);
    tokens.set(this.#tokens);
    this.#times = times;
    this.#tokens = tokens;
  }
}
