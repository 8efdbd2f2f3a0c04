import { randomFillSync } from 'node:crypto';

import type { Entropy } from '../port/entropy.ts';

/** Bits of the operating system's generator. A pool makes single draws cheap. */
export function createEntropy(): Entropy {
  const pool = new Uint32Array(256);
  let next = pool.length;
  return {
    fill: (bytes) => {
      randomFillSync(bytes);
    },
    uint32: () => {
      if (next === pool.length) {
        randomFillSync(pool);
        next = 0;
      }
      const value = pool[next] as number;
      pool[next++] = 0;
      return value;
    },
  };
}
