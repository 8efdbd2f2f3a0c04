/**
 * Up to where each log is on stable storage, by slot: written by the owner, read by control for the checkpoint of each
 * data directory. 64-bit atomics: they are rare here, and half an offset would be a lie about what survives.
 *
 * | 8 bytes of a slot | recovery point |
 */
export class RecoveryPoints {
  readonly #offsets: BigInt64Array<SharedArrayBuffer>;

  constructor(memory: SharedArrayBuffer) {
    this.#offsets = new BigInt64Array(memory);
  }

  get(slot: number): number {
    return Number(Atomics.load(this.#offsets, slot));
  }

  set(slot: number, offset: number): void {
    Atomics.store(this.#offsets, slot, BigInt(offset));
  }
}

export function recoveryPointsBytes(partitionsMax: number): number {
  return partitionsMax * 8;
}
