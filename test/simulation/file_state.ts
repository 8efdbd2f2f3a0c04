import { assert } from '../../src/base/assert.ts';
import type { SeededRandom } from '../../src/base/random.ts';

/** What a disk writes whole or not at all, most of the time. */
export const sectorBytes = 512;

/** What a power cut does to the sectors and names that were not synced. */
export interface LossModel {
  /** Chance that an un-synced sector or name has reached the platter all the same. */
  readonly keepChance: number;
  /** Chance that a sector that was not kept is torn: partly new, partly old. */
  readonly tearChance: number;
  /** True: what is kept is what was written first, as with an ordered journal; false: any subset. */
  readonly ordered: boolean;
}

/** The sectors and the size as they were when a sync began. */
export interface SyncSnapshot {
  readonly sectors: Map<number, Uint8Array>;
  readonly versions: Map<number, number>;
  readonly size: number;
  /** Writes before it. */
  readonly writes: number;
}

/** What was cut off the end of a file. The kernel may have written it to the platter before, and the cut not yet. */
interface CutEnd {
  readonly from: number;
  readonly bytes: Uint8Array;
  /** Writes up to the cut. */
  readonly writes: number;
}

/**
 * One file: what was written (what the kernel's page cache holds, seen by every reader, alive after the death of
 * the process) beside what is durable (what is there after a loss of power for certain).
 *
 *     written ──sync succeeds──▶ durable
 *     written ──sync fails─────▶ abandoned: readable, but no later sync will bring it to the platter
 */
export class FileState {
  #written = new Uint8Array(0);
  #size = 0;
  #durable = new Uint8Array(0);
  #durableSize = 0;
  /** Sectors that differ from the durable ones, by number, with the count of writes when they were touched last. */
  readonly #dirty = new Map<number, number>();
  readonly #abandoned = new Set<number>();
  #writes = 0;
  #syncedWrites = 0;
  /** Until a sync brings the cut to the platter. */
  #cutEnd: CutEnd | null = null;

  get size(): number {
    return this.#size;
  }

  get durableSize(): number {
    return this.#durableSize;
  }

  get unsyncedSectors(): number {
    return this.#dirty.size + this.#abandoned.size;
  }

  /** The bytes as readers see them; a copy. */
  contents(): Uint8Array {
    return this.#written.slice(0, this.#size);
  }

  write(bytes: Uint8Array, start: number, end: number, position: number): void {
    if (end === start) return;
    const last = position + (end - start);
    this.#grow(last);
    this.#written.set(bytes.subarray(start, end), position);
    // A gap between the old end and the position reads as zeros, and is dirty as they are.
    this.#touch(Math.min(position, this.#size), last);
    if (last > this.#size) this.#size = last;
  }

  read(into: Uint8Array, at: number, length: number, position: number): number {
    const count = Math.max(0, Math.min(length, this.#size - position));
    if (count > 0) into.set(this.#written.subarray(position, position + count), at);
    return count;
  }

  truncate(length: number): void {
    const size = this.#size;
    this.#writes++;
    if (length < size) {
      this.#cutEnd ??= { from: length, bytes: this.#written.slice(length, size), writes: this.#writes };
      this.#written.fill(0, length, size);
      for (const sector of this.#dirty.keys()) if (sector * sectorBytes >= length) this.#dirty.delete(sector);
      for (const sector of this.#abandoned) if (sector * sectorBytes >= length) this.#abandoned.delete(sector);
      if (length % sectorBytes !== 0) this.#touch(length - 1, length);
    } else {
      this.#grow(length);
      this.#touch(size, length);
    }
    this.#size = length;
  }

  beginSync(): SyncSnapshot {
    const sectors = new Map<number, Uint8Array>();
    for (const sector of this.#dirty.keys()) {
      const from = sector * sectorBytes;
      sectors.set(sector, this.#written.slice(from, Math.min(from + sectorBytes, this.#size)));
    }
    return { sectors, versions: new Map(this.#dirty), size: this.#size, writes: this.#writes };
  }

  completeSync(snapshot: SyncSnapshot): void {
    // A sync that began later and ended earlier has brought all of this one, and newer bytes.
    if (snapshot.writes < this.#syncedWrites) return;
    this.#syncedWrites = snapshot.writes;
    if (this.#cutEnd !== null && snapshot.writes >= this.#cutEnd.writes) this.#cutEnd = null;
    this.#setDurableSize(snapshot.size);
    for (const [sector, bytes] of snapshot.sectors) {
      this.#durable.set(bytes, sector * sectorBytes);
      if (this.#dirty.get(sector) === snapshot.versions.get(sector)) this.#dirty.delete(sector);
      this.#abandoned.delete(sector);
    }
  }

  /** The kernel marks the pages clean although they never reached the disk; a later sync does not try again. */
  failSync(snapshot: SyncSnapshot): void {
    for (const [sector, version] of snapshot.versions) {
      if (this.#dirty.get(sector) !== version) continue;
      this.#dirty.delete(sector);
      this.#abandoned.add(sector);
    }
  }

  /** Turns one bit over, on the platter and in the cache. */
  flipBit(position: number, bit: number): void {
    assert(position < this.#size, 'the bit lies in the file');
    this.#written[position] = (this.#written[position] as number) ^ (1 << bit);
    if (position < this.#durableSize) this.#durable[position] = (this.#durable[position] as number) ^ (1 << bit);
  }

  /** The power went. What was not synced is kept, lost or torn, sector by sector; what was cut off may be back. */
  losePower(random: SeededRandom, loss: LossModel): void {
    const cutEnd = this.#cutEnd;
    this.#cutEnd = null;
    if (cutEnd !== null && random.chance(loss.keepChance / 2)) return this.#bringBack(cutEnd);
    const size = this.#sizeAfterLoss(random, loss);
    const bytes = new Uint8Array(size);
    bytes.set(this.#durable.subarray(0, Math.min(size, this.#durableSize)));
    const unsynced = [...this.#dirty.keys(), ...this.#abandoned].toSorted((a, b) => a - b);
    let losing = false;
    for (const sector of unsynced) {
      const from = sector * sectorBytes;
      const to = Math.min(from + sectorBytes, size, this.#size);
      if (to <= from) continue;
      const kept = !losing && random.chance(loss.keepChance);
      if (kept) bytes.set(this.#written.subarray(from, to), from);
      else if (!losing && random.chance(loss.tearChance)) {
        const cut = random.between(from + 1, to);
        if (random.chance(0.5)) bytes.set(this.#written.subarray(from, cut), from);
        else bytes.set(this.#written.subarray(cut, to), cut);
      }
      if (!kept && loss.ordered) losing = true;
    }
    this.#becomes(bytes);
  }

  /** All that was written before the cut has reached the platter, and nothing since. */
  #bringBack({ from, bytes }: CutEnd): void {
    const before = new Uint8Array(from + bytes.length);
    before.set(this.#written.subarray(0, Math.min(from, this.#size)));
    before.set(bytes, from);
    this.#becomes(before);
  }

  #becomes(bytes: Uint8Array<ArrayBuffer>): void {
    this.#written = bytes;
    this.#size = bytes.length;
    this.#durable = bytes.slice();
    this.#durableSize = bytes.length;
    this.#dirty.clear();
    this.#abandoned.clear();
  }

  #sizeAfterLoss(random: SeededRandom, loss: LossModel): number {
    if (this.#size === this.#durableSize || random.chance(loss.keepChance)) return this.#size;
    if (!random.chance(loss.tearChance)) return this.#durableSize;
    const least = Math.min(this.#size, this.#durableSize);
    return random.between(least, Math.max(this.#size, this.#durableSize));
  }

  #touch(from: number, to: number): void {
    this.#writes++;
    const first = Math.floor(from / sectorBytes);
    const last = Math.ceil(to / sectorBytes);
    for (let sector = first; sector < last; sector++) {
      this.#dirty.set(sector, this.#writes);
      this.#abandoned.delete(sector);
    }
  }

  #grow(length: number): void {
    if (length <= this.#written.length) return;
    const grown = new Uint8Array(Math.max(length, 2 * this.#written.length, 4096));
    grown.set(this.#written.subarray(0, this.#size));
    this.#written = grown;
  }

  #setDurableSize(size: number): void {
    if (size > this.#durable.length) {
      const grown = new Uint8Array(Math.max(size, 2 * this.#durable.length, 4096));
      grown.set(this.#durable.subarray(0, this.#durableSize));
      this.#durable = grown;
    }
    if (size < this.#durableSize) this.#durable.fill(0, size, this.#durableSize);
    this.#durableSize = size;
  }
}

export function lengthOf(views: readonly Uint8Array[]): number {
  let length = 0;
  for (const view of views) length += view.length;
  return length;
}
