import { closeSync, openSync, readSync } from 'node:fs';

import type { Entropy } from '../port/entropy.ts';
import { lateCrypto } from './late_modules.ts';

/** The generator of the operating system as a file: what Node's crypto reads, without loading Node's crypto. */
const generatorPath = '/dev/urandom';

/** Bits of the operating system's generator. A pool makes single draws cheap. */
export function createEntropy(): Entropy {
  const pool = new Uint32Array(256);
  let next = pool.length;
  return {
    fill,
    uint32: () => {
      if (next === pool.length) {
        fill(new Uint8Array(pool.buffer));
        next = 0;
      }
      const value = pool[next] as number;
      pool[next++] = 0;
      return value;
    },
  };
}

function fill(bytes: Uint8Array): void {
  if (!fillFromFile(bytes)) lateCrypto().randomFillSync(bytes);
}

/** False where there is no such file, or it gave too little. */
function fillFromFile(bytes: Uint8Array): boolean {
  try {
    const descriptor = openSync(generatorPath, 'r');
    try {
      return readSync(descriptor, bytes) === bytes.length;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return false;
  }
}
