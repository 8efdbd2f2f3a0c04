import { assert } from '../base/assert.ts';
import type { Request, RequestOrigin } from '../api/request.ts';
import type { Socket, SocketEvents } from '../port/network.ts';
import type { ConnectionClaim } from '../shared-memory/connection_limits.ts';
import { FrameQueue } from './frame_queue.ts';
import { FrameReceiver, type FrameSink } from './frame_receiver.ts';
import type { SendBuffer } from './send_buffers.ts';
import type { Connections } from './connections.ts';
import { ReadPositions } from './read_positions.ts';

/**
 * One connection: bytes in, frames queued, requests begun in order, answers out in order.
 *
 * Only Produce behind Produce may overlap; any other request begins when those before it are done, and nothing begins
 * behind it until it is. Done is what has its answer: those of one turn leave in one write, up to a bound. While the peer does not take its answers nothing new begins, so a slow reader holds one
 * batch of answers and what its sockets buffer, never more.
 *
 *     open ──► closing (nothing is read or begun; requests that wait come back) ──► gone (out of the table)
 */
export class Connection implements SocketEvents, FrameSink, RequestOrigin {
  readonly id: number;
  readonly listener: number;
  readonly remoteAddress: string;
  readonly socket: Socket;
  readonly claim: ConnectionClaim;
  readonly frames = new FrameQueue();
  readonly readPositions = new ReadPositions();
  readonly #owner: Connections;
  readonly #receiver: FrameReceiver;

  /** Requests that have begun, in order; linked by `Request.next`. */
  #oldest: Request | null = null;
  #newest: Request | null = null;
  begun = 0;
  /** Of those, the ones that have not taken effect yet. */
  #unanswered = 0;
  /** Of those, the ones that are not Produce. */
  #unansweredAlone = 0;
  /** Of those, the ones that wait for another shard. */
  #away = 0;
  /** Of answers that are complete and wait for the end of the turn. */
  #answerBytes = 0;

  /** The earliest deadline that the shard's timers know of this connection. */
  timerAtMs = Infinity;
  lastActivityMs: number;
  /** While it is paused for the throttle: until when. */
  throttledUntilMs = 0;
  /** Stands in the shard's list of connections that have something to begin. */
  queuedToRun = false;
  /** Stands in the shard's list of connections that have answers to send. */
  queuedToSend = false;
  /** Of `HeldAnswers`: until when its complete answers wait for others, 0 for not at all; and whether it is on that list. */
  heldUntilMs = 0;
  isListedAsHeld = false;
  isOpen = true;
  /** A request of it ends the connection when its turn to be answered comes; none begins behind it. */
  isRefused = false;
  /** What came last is the size of no frame: nothing behind it is looked at, and the answers before it are the last. */
  isCut = false;
  /** The peer has closed its side; what was asked is still answered. */
  hasEnded = false;
  /** After the answers under way nothing more is read. */
  closesWhenSent = false;
  #pauses = 0;
  /** The kernel has not taken the last write yet; its memory is pinned. */
  isBlocked = false;
  blockedSinceMs = 0;
  pinned: SendBuffer[] = [];
  /** What of a large answer waits behind that write. */
  readonly unsent: Uint8Array[] = [];

  constructor(id: number, listener: number, socket: Socket, claim: ConnectionClaim, owner: Connections, nowMs: number) {
    this.id = id;
    this.listener = listener;
    this.remoteAddress = socket.remoteAddress;
    this.socket = socket;
    this.claim = claim;
    this.#owner = owner;
    this.lastActivityMs = nowMs;
    this.#receiver = new FrameReceiver(owner.arena, owner.admission, this, owner.frameBytesMax);
  }

  /** Whether the oldest queued frame may begin. `isProduce` says what it is. */
  mayBegin(isProduce: boolean): boolean {
    if (this.hasMuchToSend) return false;
    return this.#unanswered === 0 || (isProduce && this.#unansweredAlone === 0);
  }

  /** Its complete answers are better sent now than at the end of the turn. */
  get hasMuchToSend(): boolean {
    return this.#answerBytes >= ANSWER_BYTES_AHEAD;
  }

  /** It has answers to send, and other shards owe it more. A connection that is over has none. */
  get awaitsShards(): boolean {
    return this.#away > 0 && this.#oldest?.done === true && !this.hasMuchToSend;
  }

  /** Nothing of this connection is anywhere any more. */
  get isQuiet(): boolean {
    return this.begun === 0 && this.frames.size === 0 && !this.isBlocked && this.unsent.length === 0;
  }

  begin(request: Request, isProduce: boolean): void {
    if (this.#newest === null) this.#oldest = request;
    else this.#newest.next = request;
    this.#newest = request;
    this.begun++;
    this.#unanswered++;
    if (!isProduce) this.#unansweredAlone++;
  }

  /** A part of this request is at another shard. */
  wentAway(request: Request): void {
    if (!request.isAway) this.#away++;
    request.isAway = true;
  }

  /** Its answer is complete: `bytes`, which leave in order. */
  answered(request: Request, isProduce: boolean, bytes: number): void {
    if (request.isAway) this.#away--;
    this.#unanswered--;
    if (!isProduce) this.#unansweredAlone--;
    request.answerBytes = bytes;
    this.#answerBytes += bytes;
  }

  /** The request whose answer is the next to go out. */
  get oldest(): Request | null {
    return this.#oldest;
  }

  /** Takes the oldest request out: it was sent, or the connection is over. */
  shift(): Request {
    const request = this.#oldest;
    assert(request !== null, 'there is a request to take');
    this.#oldest = request.next;
    if (this.#oldest === null) this.#newest = null;
    request.next = null;
    this.begun--;
    this.#answerBytes -= request.answerBytes;
    return request;
  }

  connected(): void {}

  destination(): Uint8Array {
    return this.#receiver.destination();
  }

  received(length: number): void {
    // What comes after the decision to close is not even cut into frames.
    if (!this.isOpen || this.isCut) return;
    this.lastActivityMs = this.#owner.nowMs();
    this.#receiver.received(length, this.lastActivityMs);
    if (this.isOpen) this.#owner.received(this, length);
  }

  written(): void {
    this.isBlocked = false;
    this.lastActivityMs = this.#owner.nowMs();
    this.#owner.written(this);
  }

  ended(): void {
    this.hasEnded = true;
    this.#owner.ended(this);
  }

  closed(code: string): void {
    this.#owner.closed(this, code);
  }

  frame(place: number, length: number): void {
    this.frames.push(place, length);
  }

  badSize(size: number, landing: Uint8Array, length: number): void {
    this.#owner.refuseBehind(this, describeBadSize(size, landing, length, this.#owner.frameBytesMax));
  }

  copied(bytes: number): void {
    this.#owner.copied(bytes);
  }

  broken(why: string): void {
    this.#owner.refuse(this, why);
  }

  pauseForMemory(): void {
    this.pause(PAUSED_FOR_MEMORY);
  }

  resumeForMemory(): void {
    this.resume(PAUSED_FOR_MEMORY);
  }

  /** Reading stops until every reason is gone. */
  pause(reason: number): void {
    if (this.#pauses === 0 && this.isOpen) this.socket.pauseReading();
    this.#pauses |= reason;
  }

  resume(reason: number): void {
    if (this.#pauses === 0) return;
    this.#pauses &= ~reason;
    if (this.#pauses !== 0 || !this.isOpen) return;
    // While it was not read, its frame could make no progress.
    this.#receiver.mark(this.#owner.nowMs());
    this.socket.resumeReading();
  }

  get isHeldBack(): boolean {
    return (this.#pauses & ~PAUSED_FOR_MEMORY) !== 0;
  }

  /** Its own queued requests, and nothing else, keep it from being read. */
  get isQueuedUp(): boolean {
    return this.#pauses === PAUSED_FOR_QUEUE;
  }

  /**
   * Nothing more is heard of its peer before what is under way is answered: it has closed its side, or is not read while
   * requests of its are queued. Nothing of it may wait for data then.
   */
  get isUnheard(): boolean {
    return (
      this.closesWhenSent || (this.frames.size > 0 && (this.#pauses & (PAUSED_FOR_QUEUE | PAUSED_FOR_ARENA)) !== 0)
    );
  }

  isPausedFor(reason: number): boolean {
    return (this.#pauses & reason) !== 0;
  }

  /** Gives back the memory of an incomplete frame. */
  releaseFrames(): void {
    this.#receiver.release();
    while (this.frames.size > 0) {
      this.#owner.arena.releaseFrom(this.frames.headPlace);
      this.frames.shift();
    }
  }
}

/** Complete answers that wait for their write, from which on nothing more is begun: a cache of the processor holds them. */
const ANSWER_BYTES_AHEAD = 128 * 1024;

/** Its own requests wait: enough of them are queued. */
export const PAUSED_FOR_QUEUE = 1;
/** Its frame waits for memory. */
export const PAUSED_FOR_MEMORY = 2;
/** The shard's arena is full. */
export const PAUSED_FOR_ARENA = 4;
/** The node stops. */
export const PAUSED_FOR_STOP = 8;
/** What its peer has sent is more than a quota, or a disk that is nearly full, takes: nothing is begun meanwhile either. */
export const PAUSED_FOR_THROTTLE = 16;

/** Says who probably speaks when the first four bytes are no size of a frame. */
function describeBadSize(size: number, landing: Uint8Array, length: number, frameBytesMax: number): string {
  const first = landing[0]!;
  if (length >= 3 && first === 0x16 && landing[1] === 0x03) return 'a TLS client on a plaintext listener';
  let text = '';
  for (let at = 0; at < Math.min(length, 5); at++) text += String.fromCharCode(landing[at]!);
  if (/^(GET |POST|PUT |HEAD|OPTI|DELE|PATC|CONN)/.test(text)) return 'an HTTP client on a Kafka listener';
  if (text.startsWith('SSH-')) return 'an SSH client on a Kafka listener';
  if (text.startsWith('PROXY')) return 'a PROXY protocol header, which this listener does not speak';
  if (/^\*[0-9]+\r/.test(text)) return 'a Redis client on a Kafka listener';
  if (size < 0) return `a frame of ${size} bytes`;
  return `a frame of ${size} bytes; socket.request.max.bytes allows ${frameBytesMax}`;
}
