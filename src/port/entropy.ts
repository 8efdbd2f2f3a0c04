/** Unpredictable bits: ids, jitter, challenges. Seeded in the simulation. */
export interface Entropy {
  /** Overwrites every byte of `bytes`. */
  fill(bytes: Uint8Array): void;
  /** An integer in [0, 2^32). */
  uint32(): number;
}
