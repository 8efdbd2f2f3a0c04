/** Whole frames of one connection that wait for their turn: a ring of (place, length), no object for a frame. */
export class FrameQueue {
  #places = new Int32Array(4);
  #lengths = new Int32Array(4);
  #head = 0;
  #count = 0;

  get size(): number {
    return this.#count;
  }

  push(place: number, length: number): void {
    if (this.#count === this.#places.length) this.#grow();
    const index = (this.#head + this.#count++) & (this.#places.length - 1);
    this.#places[index] = place;
    this.#lengths[index] = length;
  }

  /** The oldest frame. Not when empty. */
  get headPlace(): number {
    return this.#places[this.#head]!;
  }

  get headLength(): number {
    return this.#lengths[this.#head]!;
  }

  shift(): void {
    this.#head = (this.#head + 1) & (this.#places.length - 1);
    this.#count--;
  }

  #grow(): void {
    const size = this.#places.length;
    const places = new Int32Array(size * 2);
    const lengths = new Int32Array(size * 2);
    for (let index = 0; index < size; index++) {
      const from = (this.#head + index) & (size - 1);
      places[index] = this.#places[from]!;
      lengths[index] = this.#lengths[from]!;
    }
    this.#places = places;
    this.#lengths = lengths;
    this.#head = 0;
  }
}
