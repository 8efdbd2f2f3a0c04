import { assert } from '../../src/base/assert.ts';

/** Bytes first in, first out, in pieces that belong to the queue. */
export class ByteQueue {
  #pieces: Uint8Array[] = [];
  /** Pieces at the front that are gone. */
  #first = 0;
  /** Bytes of the first piece that are gone. */
  #taken = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#pieces.push(bytes);
    this.#length += bytes.length;
  }

  take(count: number): Uint8Array {
    assert(count <= this.#length, 'the queue holds what is taken');
    const taken = new Uint8Array(count);
    let filled = 0;
    while (filled < count) {
      const piece = this.#pieces[this.#first] as Uint8Array;
      const part = Math.min(count - filled, piece.length - this.#taken);
      taken.set(piece.subarray(this.#taken, this.#taken + part), filled);
      filled += part;
      this.#taken += part;
      if (this.#taken < piece.length) break;
      this.#taken = 0;
      this.#first++;
    }
    if (this.#first === this.#pieces.length || this.#first > 1000) {
      this.#pieces = this.#pieces.slice(this.#first);
      this.#first = 0;
    }
    this.#length -= count;
    return taken;
  }
}
