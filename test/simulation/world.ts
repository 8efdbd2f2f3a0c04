import { assert } from '../../src/base/assert.ts';
import { SeededRandom } from '../../src/base/random.ts';
import { EventQueue } from './event_queue.ts';
import type { SimEvent } from './event_queue.ts';

/**
 * Thrown by a simulated system call in which the process is killed. Unwinds the product's stack; the thread that
 * catches it ends its process. Not an Error, so that nothing takes it for one.
 */
export class ProcessEnded {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** A promise of a port, of the product or of the workload that did not hold. */
export class Violation extends Error {
  override name = 'Violation';
  readonly rule: string;

  constructor(rule: string, detail: string) {
    super(`${rule}: ${detail}`);
    this.rule = rule;
  }
}

/**
 * Virtual time and the one queue of everything that will happen. The same seed gives the same run, event for event;
 * `hash` says so. Nothing in a simulation reads a real clock, real randomness or a real timer, and nothing waits
 * for a promise.
 */
export class World {
  readonly seed: number;
  /** Draws of the scheduler: ties, delays, which fault comes when. */
  readonly random: SeededRandom;
  /** Promises broken so far; a run without any has passed. */
  readonly violations: Violation[] = [];
  /** Events run so far. */
  steps = 0;
  /** A line for each event that a person wants to see, when somebody listens. */
  trace: ((line: string) => void) | null = null;
  /** The thread whose callback is running now; null in the harness. */
  currentThread: { readonly alive: boolean } | null = null;

  readonly #queue = new EventQueue();
  #nowMs = 0;
  /** The latest moment that anything has seen. A call that others' calls were nested in does not end before theirs. */
  #latestMs = 0;
  /** No event begins before this: the harness itself has been in a call for so long. */
  #floorMs = 0;
  #inEvent = false;
  #sequence = 0;
  #hashHigh = 0x811c9dc5;
  #hashLow = 0x2545f491;

  constructor(seed: number) {
    this.seed = seed >>> 0;
    this.random = new SeededRandom(this.seed);
  }

  /** Virtual milliseconds since the beginning. Inside an event it includes what synchronous calls have taken. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /**
   * The running thread is inside a system call for so long. Meanwhile the others go on: what they have to do until then
   * happens before this returns, so that every such call is a place where threads interleave. When the thread has
   * been killed meanwhile, it does not come back from the call.
   */
  spend(milliseconds: number): void {
    assert(milliseconds >= 0, 'time does not go back');
    const endMs = this.#nowMs + milliseconds;
    const thread = this.currentThread;
    if (this.#inEvent && thread !== null) {
      while (this.#queue.nextTimeMs() <= endMs) this.step();
      if (!thread.alive) throw new ProcessEnded('killed inside a system call');
    }
    this.#nowMs = Math.max(endMs, this.#latestMs);
    this.#latestMs = this.#nowMs;
    if (!this.#inEvent) this.#floorMs = this.#nowMs;
  }

  /** Runs `run` once, `delayMs` from now. Order among events of the same time is drawn from the seed. */
  schedule(delayMs: number, run: () => void): SimEvent {
    assert(delayMs >= 0 && delayMs < Infinity, 'a delay is finite and not negative');
    const event: SimEvent = {
      timeMs: this.#nowMs + delayMs,
      tie: this.random.uint32(),
      sequence: this.#sequence++,
      run,
    };
    this.#queue.add(event);
    return event;
  }

  cancel(event: SimEvent): void {
    event.run = null;
  }

  /** Runs the next event. False: nothing will ever happen again. */
  step(): boolean {
    const event = this.#queue.take();
    if (event === null) return false;
    const run = event.run;
    assert(run !== null, 'a taken event is not cancelled');
    event.run = null;
    const interruptedMs = this.#nowMs;
    const interrupts = this.#inEvent;
    const beginMs = Math.max(event.timeMs, this.#floorMs);
    this.#nowMs = beginMs;
    this.#latestMs = Math.max(this.#latestMs, beginMs);
    this.steps++;
    this.fold(beginMs * 1000, event.sequence);
    this.#inEvent = true;
    try {
      run();
    } finally {
      this.#inEvent = interrupts;
      this.#nowMs = interrupts ? interruptedMs : beginMs;
    }
    return true;
  }

  /** Runs all events of the next `milliseconds`; time stands at the end of them afterwards. */
  runFor(milliseconds: number): void {
    const endMs = this.#nowMs + milliseconds;
    while (this.#queue.nextTimeMs() <= endMs) this.step();
    this.#standAt(endMs);
  }

  /** Runs events until `holds()`; false when it does not within `limitMs` or nothing is left to happen. */
  runUntil(holds: () => boolean, limitMs: number): boolean {
    const endMs = this.#nowMs + limitMs;
    while (!holds()) {
      if (this.#queue.nextTimeMs() > endMs) {
        this.#standAt(endMs);
        return false;
      }
      this.step();
    }
    return true;
  }

  /** Runs until nothing is left to happen. The limit is for tests that would not end. */
  runAll(stepsMax = 1_000_000): void {
    let left = stepsMax;
    while (this.step()) assert(left-- > 0, 'the simulation comes to rest');
  }

  #standAt(timeMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, timeMs);
    this.#floorMs = this.#nowMs;
  }

  /** Records a broken promise; the run goes on, so that one seed may show several. */
  violate(rule: string, detail: string): void {
    this.violations.push(new Violation(rule, `${detail} (at ${this.#nowMs.toFixed(3)} ms)`));
    this.note(() => `VIOLATION ${rule}: ${detail}`);
  }

  note(line: () => string): void {
    if (this.trace !== null) this.trace(`${this.#nowMs.toFixed(3).padStart(12)} ${line()}`);
  }

  /** Adds two numbers to the hash of the run. */
  fold(a: number, b: number): void {
    this.#hashHigh = Math.imul(this.#hashHigh ^ mixed(a), 0x01000193);
    this.#hashLow = (Math.imul(this.#hashLow ^ mixed(b), 0x85ebca6b) + (this.#hashHigh >>> 7)) | 0;
  }

  /** Adds bytes to the hash of the run. */
  foldBytes(bytes: Uint8Array, start: number, end: number): void {
    this.fold(end - start, checksum(bytes, start, end));
  }

  /** What happened, in which order, as 16 hexadecimal digits. */
  get hash(): string {
    return hexadecimal(this.#hashHigh) + hexadecimal(this.#hashLow);
  }
}

/** A quick checksum for "did these bytes change" and for the hash of a run; not CRC-32C, not for storage. */
export function checksum(bytes: Uint8Array, start: number, end: number): number {
  let sum = end - start;
  for (let place = start; place < end; place++) sum = (Math.imul(sum, 31) + (bytes[place] as number)) | 0;
  return sum >>> 0;
}

function mixed(value: number): number {
  const low = value | 0;
  const high = Math.floor(value / 0x1_0000_0000) | 0;
  const mix = Math.imul(low ^ (low >>> 15) ^ high, 0x9e3779b1);
  return mix ^ (mix >>> 13);
}

function hexadecimal(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
