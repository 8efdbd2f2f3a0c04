import type { RingPlace } from '../../src/shared-memory/ring.ts';

/** Moves the positions of an empty ring, before anybody opened it: they run over 2^32 sooner or later. */
export function startRingAt(place: RingPlace, position: number): void {
  const words = new Int32Array(place.memory, place.start);
  Atomics.store(words, 0, position | 0);
  Atomics.store(words, 32, position | 0);
  Atomics.store(words, 33, position | 0);
}
