import { assert } from '../base/assert.ts';

/**
 * Bytes from one thread to another: one producer, one consumer, nothing locked.
 *
 * | byte | word | writer |
 * | --- | --- | --- |
 * | 0 | tail: bytes published | producer |
 * | 128 | head: bytes consumed | consumer |
 * | 132 | refunded: bytes of those consumed that the consumer's owner gave back by `refund` | consumer |
 * | 256 | starved: 1 while the producer wants to be rung when there is room | producer sets, consumer takes |
 * | 384 | data, `ringBytes` | producer |
 *
 * Positions run freely over uint32; `position & (ringBytes − 1)` is the place in the data. A record:
 *
 * | byte | field |
 * | --- | --- |
 * | 0 | payload length |
 * | 4 | kind, ≥ 0; −1 is padding up to the end of the data |
 * | 8 | correlation |
 * | 12 | extra, a number of the channel's |
 * | 16 | payload, contiguous; the record is rounded up to 16 bytes |
 *
 * Payload and header are plain stores; the one store of `tail` publishes all of them, the one load of `tail` makes
 * them readable. `head` is stored when the consumer is done with the bytes, and only then are they written again.
 */
const tailWord = 0;
const headWord = 32;
const refundedWord = 33;
const starvedWord = 64;
export const ringHeaderBytes = 384;
export const recordHeaderBytes = 16;
const recordAlignment = 16;
const paddingKind = -1;

assert(
  tailWord * 4 + 128 <= headWord * 4 && headWord * 4 + 128 <= starvedWord * 4,
  'ring words have lines of their own',
);
assert(starvedWord * 4 + 128 <= ringHeaderBytes, 'ring data begin behind the words');
assert(recordHeaderBytes % recordAlignment === 0, 'a padding header fits wherever a record may end');

/** Distance of two rings in one buffer. */
export function ringStride(ringBytes: number): number {
  return ringHeaderBytes + ringBytes;
}

/** The longest payload by default: with its header an eighth of the ring. */
export function ringPayloadMaxOf(ringBytes: number): number {
  return ringBytes / 8 - recordHeaderBytes;
}

/** The smallest ring in which one request and one answer of this payload are under way at once, for tests. */
export function smallestRingBytes(payloadMax: number): number {
  let bytes = 64;
  while (bytes < 3 * recordBytes(payloadMax)) bytes *= 2;
  return bytes;
}

/** What a message takes in the ring. */
export function recordBytes(payloadLength: number): number {
  return (recordHeaderBytes + payloadLength + recordAlignment - 1) & -recordAlignment;
}

/** Where one ring lies. */
export interface RingPlace {
  readonly memory: SharedArrayBuffer;
  /** Byte offset of the ring's first word. */
  readonly start: number;
  /** Length of its data, a power of two. */
  readonly ringBytes: number;
}

function ringWords(place: RingPlace): Int32Array<SharedArrayBuffer> {
  assert(place.ringBytes >= 64 && place.ringBytes <= 2 ** 30, 'ring: 64 bytes to 1 GiB');
  assert((place.ringBytes & (place.ringBytes - 1)) === 0, 'ring: a power of two');
  return new Int32Array(place.memory, place.start, ringHeaderBytes / 4);
}

/** The producer's side. Belongs to one thread. */
export class RingWriter {
  /** The whole data of the ring: fill a payload here, at the position that `begin` returned. */
  readonly view: DataView<SharedArrayBuffer>;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #ringBytes: number;
  /** Everything before it is begun; the payloads of [published, begun) may still be written. */
  #begun: number;
  #published: number;
  /** The head as it was when last looked at: never ahead of the true one. */
  #head: number;

  constructor(place: RingPlace) {
    this.#words = ringWords(place);
    this.#ringBytes = place.ringBytes;
    this.view = new DataView(place.memory, place.start + ringHeaderBytes, place.ringBytes);
    this.#begun = Atomics.load(this.#words, tailWord);
    this.#published = this.#begun;
    this.#head = Atomics.load(this.#words, headWord);
  }

  /**
   * Begins a message: its header is written, its payload is the caller's to fill, at the returned position of
   * `view`, before `publish`. −1: the ring has no room now. A message that was begun will be published.
   */
  begin(kind: number, correlation: number, payloadLength: number, extra = 0): number {
    const record = recordBytes(payloadLength);
    assert(kind >= 0 && payloadLength >= 0 && record <= this.#ringBytes, 'a message fits an empty ring');
    let at = this.#begun & (this.#ringBytes - 1);
    const toEnd = this.#ringBytes - at;
    const padding = record > toEnd ? toEnd : 0;
    if (!this.#fits(padding + record)) return -1;
    if (padding > 0) {
      this.view.setInt32(at, padding - recordHeaderBytes, true);
      this.view.setInt32(at + 4, paddingKind, true);
      at = 0;
    }
    this.view.setInt32(at, payloadLength, true);
    this.view.setInt32(at + 4, kind, true);
    this.view.setInt32(at + 8, correlation, true);
    this.view.setInt32(at + 12, extra, true);
    this.#begun = (this.#begun + padding + record) | 0;
    return at + recordHeaderBytes;
  }

  /** Makes everything begun visible to the consumer, with one store. False: there was nothing. */
  publish(): boolean {
    if (this.#begun === this.#published) return false;
    Atomics.store(this.#words, tailWord, this.#begun);
    this.#published = this.#begun;
    return true;
  }

  /** Sum of all bytes that the consumer gave back by `refund`, as a free-running uint32. */
  loadRefunded(): number {
    return Atomics.load(this.#words, refundedWord);
  }

  /**
   * Asks the consumer to ring when it has made room. Look at the room again after this call: a consumer that made
   * room before it did not see the wish.
   */
  declareStarved(): void {
    Atomics.store(this.#words, starvedWord, 1);
  }

  #fits(bytes: number): boolean {
    if (((this.#begun - this.#head) >>> 0) + bytes <= this.#ringBytes) return true;
    this.#head = Atomics.load(this.#words, headWord);
    return ((this.#begun - this.#head) >>> 0) + bytes <= this.#ringBytes;
  }
}

export interface RingHandler {
  /** A payload lies at [start, start + length) of the reader's view until the call returns. */
  message(kind: number, correlation: number, extra: number, start: number, length: number): void;
}

/** The consumer's side. Belongs to one thread. */
export class RingReader {
  readonly view: DataView<SharedArrayBuffer>;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #ringBytes: number;
  #head: number;
  #refunded: number;
  #draining = false;

  constructor(place: RingPlace) {
    this.#words = ringWords(place);
    this.#ringBytes = place.ringBytes;
    this.view = new DataView(place.memory, place.start + ringHeaderBytes, place.ringBytes);
    this.#head = Atomics.load(this.#words, headWord);
    this.#refunded = Atomics.load(this.#words, refundedWord);
  }

  /** False: something is published that was not drained. */
  isEmpty(): boolean {
    return Atomics.load(this.#words, tailWord) === this.#head;
  }

  /**
   * Hands up to `budget` messages to the handler, oldest first, then gives their bytes back to the producer.
   * Returns how many. Not from inside the handler.
   */
  drain(budget: number, handler: RingHandler): number {
    assert(!this.#draining, 'a ring is not drained from inside its handler');
    const tail = Atomics.load(this.#words, tailWord);
    if (tail === this.#head) return 0;
    this.#draining = true;
    let count = 0;
    while (count < budget && this.#head !== tail) {
      const at = this.#head & (this.#ringBytes - 1);
      const length = this.view.getInt32(at, true);
      const kind = this.view.getInt32(at + 4, true);
      const record = recordBytes(length);
      assert(length >= 0 && record <= (tail - this.#head) >>> 0, 'a record ends before the tail');
      assert(at + record <= this.#ringBytes, 'a record is contiguous');
      if (kind !== paddingKind) {
        const correlation = this.view.getInt32(at + 8, true);
        const extra = this.view.getInt32(at + 12, true);
        handler.message(kind, correlation, extra, at + recordHeaderBytes, length);
        count++;
      }
      this.#head = (this.#head + record) | 0;
    }
    this.#draining = false;
    Atomics.store(this.#words, headWord, this.#head);
    return count;
  }

  /** Counts bytes as given back; the producer sees the sum after `publishRefunds`. */
  refund(bytes: number): void {
    this.#refunded = (this.#refunded + bytes) | 0;
  }

  /** After `drain`: the head is stored first, so that whoever sees a refund finds the room. */
  publishRefunds(): void {
    Atomics.store(this.#words, refundedWord, this.#refunded);
  }

  /** Whether the producer wants to be rung, once for each wish. After `drain` and `publishRefunds`. */
  takeStarved(): boolean {
    return Atomics.load(this.#words, starvedWord) !== 0 && Atomics.exchange(this.#words, starvedWord, 0) !== 0;
  }
}
