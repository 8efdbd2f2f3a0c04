import { assert } from '../base/assert.ts';
import type { Doorbell } from './doorbell.ts';
import { recordBytes, recordHeaderBytes, RingReader, RingWriter } from './ring.ts';
import type { RingHandler, RingPlace } from './ring.ts';

/**
 * One thread's side of the two rings that it has with one peer.
 *
 * Draining never depends on sending. Each ring has three shares: one for requests, one for answers, and one message
 * for the padding at its end (bytes in flight cross the end at most once). A request is sent only when its share of
 * the own ring holds it and the answer's share of the opposite ring holds the longest answer:
 *
 * - requests in the own ring: counted up when begun, down by the refunds that the peer publishes after its head;
 * - answers in the opposite ring: counted up when the request begins, down after the own head has passed the answer.
 *
 * So an answer always fits, whatever both sides send, and a thread can always empty its rings.
 */
export interface ChannelHandler {
  /**
   * `peer` asks. Answer it once, now or later, with `answer(correlation, …)`; correlation −1 wants no answer. The
   * payload lies at [start, start + length) of `view` until the call returns.
   */
  request(
    peer: number,
    kind: number,
    correlation: number,
    view: DataView<SharedArrayBuffer>,
    start: number,
    length: number,
  ): void;
  /** The answer to the own request of this kind and tag. */
  answer(
    peer: number,
    tag: number,
    kind: number,
    view: DataView<SharedArrayBuffer>,
    start: number,
    length: number,
  ): void;
  /** After a request was refused for want of credit: one of that size would be granted now. */
  creditReturned(peer: number): void;
}

export interface ChannelPlaces {
  readonly outgoing: RingPlace;
  readonly incoming: RingPlace;
  /** Longest payload; with its header at most a third of the ring. */
  readonly payloadMax: number;
}

const noAnswer = -1;
const answerKind = 0x4000_0000;

export class Channel {
  readonly peer: number;
  /** A longer payload goes as a reference to memory that both see. */
  readonly payloadMax: number;
  /** Fill payloads here, at the position returned, before the next `flush`. */
  readonly view: DataView<SharedArrayBuffer>;
  readonly #handlesRing: RingHandler;
  readonly #writer: RingWriter;
  readonly #reader: RingReader;
  readonly #doorbell: Doorbell;
  /** Bytes of each ring for requests, and as many for answers. */
  readonly #share: number;

  /** Free-running sums of bytes: requests begun, and how many of them are known to have left the ring. */
  #requestsBegun: number;
  #requestsRefunded: number;
  /** Room promised to answers in the opposite ring. */
  #answersReserved = 0;
  /** Of it, what answers drained in this `drain` give back once the head is published. */
  #answersDrained = 0;

  /** Own requests under way, by correlation. A free correlation holds the next free one in `#tagOrNext`. */
  readonly #tagOrNext: Float64Array;
  readonly #kindOf: Int32Array;
  /** Room reserved for the answer; 0 while the correlation is free. */
  readonly #roomOf: Int32Array;
  #freeCorrelation = 0;
  /** The peer's requests that wait for an answer of this side: room by the peer's correlation, 0 for none. */
  readonly #owedRoom: Int32Array;

  #refusedRecord = 0;
  #refusedAnswer = 0;
  #handler: ChannelHandler | null = null;

  constructor(peer: number, places: ChannelPlaces, doorbell: Doorbell) {
    const { outgoing, incoming, payloadMax } = places;
    const recordMax = recordBytes(payloadMax);
    this.peer = peer;
    this.payloadMax = payloadMax;
    this.#writer = new RingWriter(outgoing);
    this.#reader = new RingReader(incoming);
    this.#doorbell = doorbell;
    this.view = this.#writer.view;
    this.#share = Math.floor((outgoing.ringBytes - recordMax) / 2 / recordHeaderBytes) * recordHeaderBytes;
    assert(outgoing.ringBytes === incoming.ringBytes, 'both rings of a channel have one length');
    assert(this.#share >= recordMax, 'each share of a ring holds the longest message');
    this.#requestsBegun = this.#writer.loadRefunded();
    this.#requestsRefunded = this.#requestsBegun;
    const correlations = this.#share / recordHeaderBytes;
    this.#tagOrNext = new Float64Array(correlations);
    for (let correlation = 0; correlation < correlations; correlation++) this.#tagOrNext[correlation] = correlation + 1;
    this.#kindOf = new Int32Array(correlations);
    this.#roomOf = new Int32Array(correlations);
    this.#owedRoom = new Int32Array(correlations);
    this.#handlesRing = {
      message: (kind, correlation, extra, start, length) => this.#message(kind, correlation, extra, start, length),
    };
  }

  /**
   * Begins a request: fill its payload in `view` at the returned position before `flush`. `tag` comes back with the
   * answer. −1: no credit; keep the request, stop reading where it came from, and ask again after
   * `creditReturned`.
   */
  request(kind: number, tag: number, payloadLength: number, answerLengthMax: number): number {
    assert(answerLengthMax >= 0 && answerLengthMax <= this.payloadMax, 'an answer above payloadMax is a reference');
    const answerRoom = recordBytes(answerLengthMax);
    if (!this.#grants(recordBytes(payloadLength), answerRoom)) return -1;
    const correlation = this.#freeCorrelation;
    assert(correlation < this.#roomOf.length, 'as many correlations as the smallest answers that fit');
    this.#freeCorrelation = this.#tagOrNext[correlation] as number;
    this.#tagOrNext[correlation] = tag;
    this.#kindOf[correlation] = kind;
    this.#roomOf[correlation] = answerRoom;
    this.#answersReserved += answerRoom;
    return this.#beginRequest(kind, correlation, payloadLength, answerRoom);
  }

  /** Begins a message that wants no answer. Otherwise like `request`. */
  send(kind: number, payloadLength: number): number {
    if (!this.#grants(recordBytes(payloadLength), 0)) return -1;
    return this.#beginRequest(kind, noAnswer, payloadLength, 0);
  }

  /** Begins the answer to a request of the peer's. Never fails: its room was reserved when the request was sent. */
  answer(correlation: number, payloadLength: number): number {
    const room = this.#owedRoom[correlation];
    assert(room !== undefined && room > 0, 'a request is answered once');
    assert(recordBytes(payloadLength) <= room, 'an answer fits what its request reserved');
    this.#owedRoom[correlation] = 0;
    const position = this.#writer.begin(answerKind, correlation, payloadLength);
    assert(position >= 0, 'an answer always finds room');
    return position;
  }

  /** Publishes everything begun, with one store, and wakes the peer if it sleeps. */
  flush(): void {
    if (this.#writer.publish()) this.#doorbell.ring(this.peer);
  }

  /**
   * Hands up to `budget` messages to the handler; returns how many. The handler may send and answer on any channel,
   * but drains none.
   */
  drain(budget: number, handler: ChannelHandler): number {
    this.#handler = handler;
    const drained = this.#reader.drain(budget, this.#handlesRing);
    if (drained > 0) {
      this.#reader.publishRefunds();
      this.#answersReserved -= this.#answersDrained;
      this.#answersDrained = 0;
      if (this.#reader.takeStarved()) this.#doorbell.ring(this.peer);
    }
    if (this.#hasReturnedCredit()) {
      this.#refusedRecord = 0;
      handler.creditReturned(this.peer);
    }
    return drained;
  }

  /** Whether `drain` has something to do. Part of what a thread looks at before it sleeps. */
  hasWork(): boolean {
    return !this.#reader.isEmpty() || this.#hasReturnedCredit();
  }

  /** Requests without an answer so far. */
  get isIdle(): boolean {
    return this.#answersReserved === 0;
  }

  #beginRequest(kind: number, correlation: number, payloadLength: number, answerRoom: number): number {
    assert(kind >= 0 && kind < answerKind, 'the kind of a request');
    const position = this.#writer.begin(kind, correlation, payloadLength, answerRoom);
    assert(position >= 0, 'a request within its share finds room');
    this.#requestsBegun = (this.#requestsBegun + recordBytes(payloadLength)) | 0;
    return position;
  }

  #grants(record: number, answerRoom: number): boolean {
    assert(record <= recordBytes(this.payloadMax), 'a payload above payloadMax is sent as a reference');
    if (this.#hasCredit(record, answerRoom)) return true;
    this.#refusedRecord = record;
    this.#refusedAnswer = answerRoom;
    return false;
  }

  #hasCredit(record: number, answerRoom: number): boolean {
    // Answers that come ring this thread themselves; room for requests comes back silently unless it was asked for.
    if (this.#answersReserved + answerRoom > this.#share) return false;
    if (this.#hasRequestRoom(record)) return true;
    this.#requestsRefunded = this.#writer.loadRefunded();
    if (this.#hasRequestRoom(record)) return true;
    this.#writer.declareStarved();
    this.#requestsRefunded = this.#writer.loadRefunded();
    return this.#hasRequestRoom(record);
  }

  #hasRequestRoom(record: number): boolean {
    return ((this.#requestsBegun - this.#requestsRefunded) | 0) + record <= this.#share;
  }

  #hasReturnedCredit(): boolean {
    return this.#refusedRecord > 0 && this.#hasCredit(this.#refusedRecord, this.#refusedAnswer);
  }

  #message(kind: number, correlation: number, extra: number, start: number, length: number): void {
    const handler = this.#handler as ChannelHandler;
    const { view } = this.#reader;
    if (kind !== answerKind) {
      this.#reader.refund(recordBytes(length));
      if (correlation !== noAnswer) {
        assert(this.#owedRoom[correlation] === 0, 'a correlation is used again after its answer');
        this.#owedRoom[correlation] = extra;
      }
      handler.request(this.peer, kind, correlation, view, start, length);
      return;
    }
    const room = this.#roomOf[correlation] as number;
    const tag = this.#tagOrNext[correlation] as number;
    const kindAsked = this.#kindOf[correlation] as number;
    assert(room > 0, 'an answer belongs to a request under way');
    this.#answersDrained += room;
    this.#roomOf[correlation] = 0;
    this.#tagOrNext[correlation] = this.#freeCorrelation;
    this.#freeCorrelation = correlation;
    handler.answer(this.peer, tag, kindAsked, view, start, length);
  }
}
