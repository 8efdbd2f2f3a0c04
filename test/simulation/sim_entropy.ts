import type { SeededRandom } from '../../src/base/random.ts';
import type { Entropy } from '../../src/port/entropy.ts';

/** Unpredictable to the product, not to whoever knows the seed. */
export class SimEntropy implements Entropy {
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  fill(bytes: Uint8Array): void {
    for (let place = 0; place < bytes.length; place++) bytes[place] = this.#random.uint32() & 0xff;
  }

  uint32(): number {
    return this.#random.uint32();
  }
}
