import { ReadPosition } from '../log/read_position.ts';

/**
 * Where the reads of one connection ended: the next ones usually go on there. Of each partition a few are kept, because
 * several consumers may share a connection. A connection that reads very many partitions forgets the oldest.
 */
export class ReadPositions {
  readonly #bySlot = new Map<number, ReadPosition[]>();

  /** The position in that row's log that stands at `offset`; if there is none, one that may be overwritten. */
  of(slot: number, offset: number): ReadPosition {
    let positions = this.#bySlot.get(slot);
    if (positions === undefined) {
      if (this.#bySlot.size >= PARTITIONS_MAX) this.#bySlot.delete(this.#bySlot.keys().next().value!);
      positions = [];
      this.#bySlot.set(slot, positions);
    }
    for (const position of positions) if (position.offset === offset) return position;
    for (const position of positions) if (position.offset < 0) return position;
    const free = positions.length < POSITIONS_MAX ? new ReadPosition() : positions.shift()!;
    free.clear();
    positions.push(free);
    return free;
  }
}

const PARTITIONS_MAX = 4096;
/** Of one partition. */
const POSITIONS_MAX = 4;
