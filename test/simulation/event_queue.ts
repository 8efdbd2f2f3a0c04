import { assert } from '../../src/base/assert.ts';

/** One thing that will happen at a virtual time. */
export interface SimEvent {
  readonly timeMs: number;
  /** Orders events of one time: drawn from the seed, so that every order of simultaneous events is met by some seed. */
  readonly tie: number;
  /** Orders events of one time and tie. */
  readonly sequence: number;
  /** Null once cancelled or run. */
  run: (() => void) | null;
}

/** A binary heap by (time, tie, sequence). Cancelled events stay inside until they reach the top. */
export class EventQueue {
  readonly #heap: SimEvent[] = [];

  get length(): number {
    return this.#heap.length;
  }

  add(event: SimEvent): void {
    const heap = this.#heap;
    let place = heap.length;
    heap.push(event);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[parent] as SimEvent;
      if (!comesBefore(event, above)) break;
      heap[place] = above;
      place = parent;
    }
    heap[place] = event;
  }

  /** Takes the first event that is not cancelled; null when there is none. */
  take(): SimEvent | null {
    this.#dropCancelled();
    return this.#heap.length === 0 ? null : this.#pop();
  }

  /** Time of the first event that is not cancelled; Infinity when there is none. */
  nextTimeMs(): number {
    this.#dropCancelled();
    const first = this.#heap[0];
    return first === undefined ? Infinity : first.timeMs;
  }

  #dropCancelled(): void {
    while (this.#heap.length > 0 && (this.#heap[0] as SimEvent).run === null) this.#pop();
  }

  #pop(): SimEvent {
    const heap = this.#heap;
    const first = heap[0] as SimEvent;
    const moved = heap.pop();
    assert(moved !== undefined, 'the heap is not empty');
    const length = heap.length;
    if (length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= length) break;
      if (child + 1 < length && comesBefore(heap[child + 1] as SimEvent, heap[child] as SimEvent)) child++;
      if (!comesBefore(heap[child] as SimEvent, moved)) break;
      heap[place] = heap[child] as SimEvent;
      place = child;
    }
    heap[place] = moved;
    return first;
  }
}

function comesBefore(a: SimEvent, b: SimEvent): boolean {
  if (a.timeMs !== b.timeMs) return a.timeMs < b.timeMs;
  if (a.tie !== b.tie) return a.tie < b.tie;
  return a.sequence < b.sequence;
}
