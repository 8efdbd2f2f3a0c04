import { batchesKept } from './producer_entry.ts';
import type { AppendedBatch, ProducerEntry } from './producer_entry.ts';

/** What a log begins with that no producer writes to: it costs nothing of its own. */
const noEpochs = new Int16Array(0);
const noSequences = new Int32Array(0);
const noOffsets = new Float64Array(0);
const noFlags = new Uint8Array(0);

/**
 * Batches of producers that are staged and not yet written, oldest first: a ring of parallel arrays, no object for a
 * batch, markers among them. They are named by positions that count on for ever; each knows that of the one before it of the same producer,
 * and what lies below the head is written.
 *
 * The batches that come next are judged by these too, but a producer's entry is changed only when its batch is written. So
 * a write that fails is undone by forgetting what is staged, and a snapshot taken between two writes tells nothing of
 * what comes after it.
 */
export class StagedBatches {
  #entries: (ProducerEntry | null)[] = [];
  #epochs = noEpochs;
  #baseSequences = noSequences;
  #lastSequences = noSequences;
  #baseOffsets = noOffsets;
  #lastOffsets = noOffsets;
  #timestamps = noOffsets;
  #transactional = noFlags;
  #previous = noOffsets;
  /** Position of the oldest, and after the youngest. */
  #head = 0;
  #end = 0;

  /** Whether something of this producer is staged; `epochOf` and the like are about the last of it. */
  has(entry: ProducerEntry): boolean {
    return entry.stagedTail >= this.#head;
  }

  epochOf(entry: ProducerEntry): number {
    return this.#epochs[this.#place(entry.stagedTail)]!;
  }

  lastSequenceOf(entry: ProducerEntry): number {
    return this.#lastSequences[this.#place(entry.stagedTail)]!;
  }

  isTransactional(entry: ProducerEntry): boolean {
    return this.#transactional[this.#place(entry.stagedTail)] === 1;
  }

  push(
    entry: ProducerEntry,
    epoch: number,
    baseSequence: number,
    lastSequence: number,
    baseOffset: number,
    lastOffset: number,
    timestampMs: number,
    isTransactional: boolean,
  ): void {
    if (this.#end - this.#head === this.#entries.length) this.#grow();
    const place = this.#place(this.#end);
    this.#entries[place] = entry;
    this.#epochs[place] = epoch;
    this.#baseSequences[place] = baseSequence;
    this.#lastSequences[place] = lastSequence;
    this.#baseOffsets[place] = baseOffset;
    this.#lastOffsets[place] = lastOffset;
    this.#timestamps[place] = timestampMs;
    this.#transactional[place] = isTransactional ? 1 : 0;
    this.#previous[place] = entry.stagedTail;
    entry.stagedTail = this.#end++;
  }

  /**
   * Looks for a batch with exactly these sequence numbers among the last five of `entry`. −1: it was found and is in
   * `out`. Else how many of the batches that are written before them belong to the last five.
   */
  find(entry: ProducerEntry, epoch: number, baseSequence: number, lastSequence: number, out: AppendedBatch): number {
    let left = batchesKept;
    for (let position = entry.stagedTail; position >= this.#head && left > 0;) {
      const place = this.#place(position);
      if (this.#epochs[place] !== epoch) return 0;
      if (this.#baseSequences[place] === baseSequence && this.#lastSequences[place] === lastSequence) {
        out.lastSequence = lastSequence;
        out.baseOffset = this.#baseOffsets[place]!;
        out.lastOffset = this.#lastOffsets[place]!;
        out.timestampMs = this.#timestamps[place]!;
        return -1;
      }
      if (this.#baseSequences[place]! >= 0) left--;
      position = this.#previous[place]!;
    }
    return entry.epoch === epoch ? left : 0;
  }

  /** Everything up to `lastOffset` is written. */
  written(lastOffset: number): void {
    while (this.#head < this.#end) {
      const place = this.#place(this.#head);
      if (this.#lastOffsets[place]! > lastOffset) return;
      this.#entries[place] = null;
      this.#head++;
    }
  }

  /** What is staged will not be written. `visit` hears of each batch's producer. */
  clear(visit: (entry: ProducerEntry) => void): void {
    while (this.#head < this.#end) {
      const place = this.#place(this.#head++);
      visit(this.#entries[place]!);
      this.#entries[place] = null;
    }
  }

  #place(position: number): number {
    return position % this.#entries.length;
  }

  #grow(): void {
    const old = this.#entries.length;
    const size = Math.max(16, old * 2);
    const entries = new Array<ProducerEntry | null>(size).fill(null);
    for (let position = this.#head; position < this.#end; position++) {
      entries[position % size] = this.#entries[position % old]!;
    }
    const move = <T extends Int16Array | Int32Array | Float64Array | Uint8Array>(from: T, into: T): T => {
      for (let position = this.#head; position < this.#end; position++) {
        into[position % size] = from[position % old]!;
      }
      return into;
    };
    this.#entries = entries;
    this.#epochs = move(this.#epochs, new Int16Array(size));
    this.#baseSequences = move(this.#baseSequences, new Int32Array(size));
    this.#lastSequences = move(this.#lastSequences, new Int32Array(size));
    this.#baseOffsets = move(this.#baseOffsets, new Float64Array(size));
    this.#lastOffsets = move(this.#lastOffsets, new Float64Array(size));
    this.#timestamps = move(this.#timestamps, new Float64Array(size));
    this.#transactional = move(this.#transactional, new Uint8Array(size));
    this.#previous = move(this.#previous, new Float64Array(size));
  }
}
