import type { Uuid } from '../base/uuid.ts';

/**
 * A topic as a thread knows it. Its name and id never change, partitions and settings seldom; everything that
 * changes quickly about a partition stands in shared memory, at its slot: offsets and owner in the row of the partition
 * table, leader and replicas in the partition columns.
 */
export class TopicImage {
  readonly name: string;
  /** The name in UTF-8, for answers and for comparing without decoding. */
  readonly nameBytes: Uint8Array;
  readonly id: Uuid;
  /** The id as four 32-bit words, most significant first: the form on the byte path. */
  readonly idWords: Int32Array;
  readonly isInternal: boolean;
  /** By partition index: the row of the partition table, -1 where no such partition is known. */
  slots = noSlots;
  /** `slots` is its front. Partitions come one at a time: memory for just as many each time would be the square of them. */
  #room = noSlots;
  /** Topic configs that were set, by name; everything else falls back to the broker's. Changes with `ConfigsImage`. */
  readonly configs: ReadonlyMap<string, string>;

  constructor(
    name: string,
    nameBytes: Uint8Array,
    id: Uuid,
    idWords: Int32Array,
    configs: ReadonlyMap<string, string>,
  ) {
    this.name = name;
    this.nameBytes = nameBytes;
    this.id = id;
    this.idWords = idWords;
    this.configs = configs;
    this.isInternal = INTERNAL_TOPICS.has(name);
  }

  get partitionCount(): number {
    return this.slots.length;
  }

  /** The row of a partition, -1 when there is no such partition. */
  slotOf(partitionIndex: number): number {
    return partitionIndex >= 0 && partitionIndex < this.slots.length ? this.slots[partitionIndex]! : -1;
  }

  addPartition(partitionIndex: number, slot: number): void {
    if (partitionIndex >= this.slots.length) this.#grow(partitionIndex + 1);
    this.slots[partitionIndex] = slot;
  }

  #grow(count: number): void {
    if (count > this.#room.length) {
      const length = count <= EXACT_MAX ? count : Math.max(count, this.#room.length * 2);
      this.#room = new Int32Array(length).fill(-1);
      this.#room.set(this.slots);
    }
    this.slots = count === this.#room.length ? this.#room : this.#room.subarray(0, count);
  }
}

const noSlots = new Int32Array(0);
/** Up to here V8 keeps the array inside its heap, and a view of its front would take it out of there. */
const EXACT_MAX = 16;

/** Topics of the broker itself, which clients may not create by naming them. */
export const INTERNAL_TOPICS: ReadonlySet<string> = new Set([
  '__consumer_offsets',
  '__transaction_state',
  '__share_group_state',
]);
