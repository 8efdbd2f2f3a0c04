import type { Arena } from '../shared-memory/arena.ts';
import type { FrameAdmission } from './frame_admission.ts';

/**
 * Cuts the byte stream of one connection into frames that lie whole and contiguous in the arena.
 *
 *     between frames ──4 bytes──► small rest missing ──► (copied from the landing buffer) ──► whole
 *                          └────► large rest missing ──► (received in place)              ──► whole
 *
 * Between frames the next bytes go to the landing buffer, which all connections of the shard share: whole frames are
 * copied out of it, and so is the front of one that is not whole. When much of that frame is still to come, the rest
 * is received where it belongs; when little is, through the landing buffer again, because then the same system call
 * brings the frames behind it too.
 *
 * Nothing is allocated by what a frame declares, only by what has come, give or take a page.
 *
 * Memory that threads share is copied by whole words only where both ends lie alike: 16 KiB in 0.7 µs, else in 3.6 to 10.
 * So a frame begins up to seven bytes behind its place, as it lies in the landing buffer, and what is missing of a
 * small one is received as far from the front of the landing buffer as its end is from a word.
 */
export class FrameReceiver {
  readonly #arena: Arena;
  readonly #admission: FrameAdmission;
  readonly #sink: FrameSink;
  readonly #frameBytesMax: number;

  /** Up to three bytes of a size that is not whole. */
  #sizeBytes = 0;
  #size = 0;

  /** The incomplete frame: its place, or -1 between frames. */
  #place = -1;
  /** Bytes between the place and the frame; they count as declared and filled. */
  #shift = 0;
  #declared = 0;
  #filled = 0;
  /** Where in the landing buffer the next bytes come. */
  #landingAt = 0;
  #inPlace = false;
  #landing = true;

  /** When the frame was last seen to make progress, and what of it had come by then. */
  markedMs = 0;
  #markedBytes = 0;
  /** Kept by `FrameAdmission`. */
  waiting = false;
  /** This connection has sent a whole frame before. */
  proven = false;

  constructor(arena: Arena, admission: FrameAdmission, sink: FrameSink, frameBytesMax: number) {
    this.#arena = arena;
    this.#admission = admission;
    this.#sink = sink;
    this.#frameBytesMax = frameBytesMax;
  }

  /** Bytes that the incomplete frame still lacks; 0 between frames and inside a size. */
  get missing(): number {
    return this.#place < 0 ? 0 : this.#declared - this.#filled;
  }

  /** Bytes that have come since the last mark. */
  get bytesSinceMark(): number {
    return this.#place < 0 ? 0 : this.#filled - this.#markedBytes;
  }

  /** From now on progress is measured anew. */
  mark(nowMs: number): void {
    this.markedMs = nowMs;
    this.#markedBytes = this.#place < 0 ? 0 : this.#filled;
  }

  /** It has memory of its own. */
  get holdsMemory(): boolean {
    return this.#place >= 0;
  }

  get isBetweenFrames(): boolean {
    return this.#place < 0 && this.#sizeBytes === 0;
  }

  /**
   * Where the next bytes are to go. Never into a frame that waits for memory: what one read still brings then is copied,
   * and the frame's memory is nobody's but its own.
   */
  destination(): Uint8Array {
    if (this.#inPlace && this.#place >= 0 && !this.waiting) {
      const from = this.#place + this.#filled;
      const room = Math.min(this.#arena.writable(this.#place) - this.#filled, this.#declared - this.#filled);
      if (room > 0) {
        this.#landing = false;
        return this.#arena.bytes.subarray(from, from + room);
      }
    }
    this.#landing = true;
    this.#landingAt = this.#place < 0 ? 0 : this.#filled % WORD_BYTES;
    return this.#arena.landingFrom[this.#landingAt]!;
  }

  /** `length` bytes lie at the front of the destination. Everything is consumed before this returns. */
  received(length: number, nowMs: number): void {
    if (this.#landing) this.#consumeLanding(length, nowMs);
    else {
      this.#filled += length;
      if (this.#filled === this.#declared) this.#complete();
    }
    if (this.#place >= 0 && this.#inPlace && !this.#takeRoom()) this.#admission.wait(this);
  }

  /** Gives back what an incomplete frame holds. The connection is over. */
  release(): void {
    this.#admission.leave(this);
    if (this.#place < 0) return;
    this.#arena.release(this.#place);
    this.#place = -1;
  }

  /** Reading may go on: memory was promised. False when it is not there after all. */
  resumed(): boolean {
    return this.#place < 0 || !this.#inPlace || this.#takeRoom();
  }

  /** Told by the admission: reading stops until `resume`. */
  pause(): void {
    this.#sink.pauseForMemory();
  }

  resume(): void {
    this.#sink.resumeForMemory();
  }

  /** Reading was stopped for another reason than memory for this frame. */
  get isHeldBack(): boolean {
    return this.#sink.isHeldBack;
  }

  /** Reading was stopped for the connection's own queued requests alone. */
  get isQueuedUp(): boolean {
    return this.#sink.isQueuedUp;
  }

  /** The connection is to end. A frame that waits gives its memory back at once: no read goes into it. */
  evict(why: string): void {
    if (this.waiting) this.release();
    this.#sink.broken(why);
  }

  #consumeLanding(length: number, nowMs: number): void {
    const landing = this.#arena.landing;
    let at = this.#landingAt;
    const end = at + length;
    if (this.#place >= 0) {
      const rest = Math.min(this.#declared - this.#filled, length);
      if (!this.#copy(at, rest)) return this.#sink.broken(NO_MEMORY);
      at += rest;
      if (this.#filled === this.#declared) this.#complete();
    }
    while (at < end) {
      while (this.#sizeBytes < 4 && at < end) {
        this.#size = (this.#size << 8) | landing[at++]!;
        this.#sizeBytes++;
      }
      // Even two bytes of a size are a frame that has to go on.
      if (this.#sizeBytes < 4) return this.#admission.enter(this, nowMs);
      const size = this.#size;
      this.#sizeBytes = 0;
      this.#size = 0;
      this.#admission.leave(this);
      if (size < 0 || size > this.#frameBytesMax) {
        const received = landing.subarray(this.#landingAt);
        return this.#sink.badSize(size, received, length);
      }
      const here = end - at;
      if (size <= here) {
        const shift = at % WORD_BYTES;
        const place = this.#arena.allocate(shift + size);
        if (place < 0) return this.#sink.broken(NO_MEMORY);
        this.#arena.bytes.copyWithin(place + shift, at, at + size);
        this.#sink.copied(size);
        this.proven = true;
        this.#sink.frame(place + shift, size);
        at += size;
        continue;
      }
      return this.#beginIncomplete(size, at, here, nowMs);
    }
  }

  #beginIncomplete(declared: number, at: number, here: number, nowMs: number): void {
    const shift = at % WORD_BYTES;
    const place = this.#arena.reserve(shift + declared, shift + here);
    if (place < 0) return this.#sink.broken(NO_MEMORY);
    this.#place = place;
    this.#shift = shift;
    this.#declared = shift + declared;
    this.#filled = shift;
    this.#inPlace = declared - here > IN_PLACE_BYTES_MIN || this.#arena.writable(place) < this.#declared;
    if (!this.#copy(at, here)) return this.#sink.broken(NO_MEMORY);
    this.#admission.enter(this, nowMs);
  }

  /** Copies landed bytes behind what has come, taking memory as it goes. False: there is none. */
  #copy(from: number, length: number): boolean {
    this.#sink.copied(length);
    for (const end = from + length; from < end;) {
      const room = this.#arena.writable(this.#place) - this.#filled;
      if (room === 0) {
        if (!this.#extend()) return false;
        continue;
      }
      const bytes = Math.min(room, end - from);
      this.#arena.bytes.copyWithin(this.#place + this.#filled, from, from + bytes);
      this.#filled += bytes;
      from += bytes;
    }
    return true;
  }

  /** Memory for what comes next: the arena gives about as much again as has come. */
  #takeRoom(): boolean {
    if (this.#arena.writable(this.#place) > this.#filled) return true;
    return this.#admission.mayGrow(this) && this.#extend();
  }

  #extend(): boolean {
    const place = this.#arena.extend(this.#place, this.#filled);
    if (place < 0) return false;
    this.#place = place;
    return true;
  }

  #complete(): void {
    const place = this.#place;
    this.#place = -1;
    this.#inPlace = false;
    this.#arena.complete(place, this.#declared);
    this.#admission.leave(this);
    this.proven = true;
    this.#sink.frame(place + this.#shift, this.#declared - this.#shift);
  }
}

/** What a receiver tells its connection. */
export interface FrameSink {
  /** A whole frame, its size not included. The memory is the sink's until it releases it (`Arena.releaseFrom`). */
  frame(start: number, length: number): void;
  /** A size that no frame can have. `landing[0, length)` are the bytes received with it, for a guess at who speaks. */
  badSize(size: number, landing: Uint8Array, length: number): void;
  /** Bytes were copied out of the landing buffer. */
  copied(bytes: number): void;
  /** The connection cannot go on. */
  broken(why: string): void;
  /** Reading is stopped for another reason than memory for the frame under way. */
  readonly isHeldBack: boolean;
  readonly isQueuedUp: boolean;
  pauseForMemory(): void;
  resumeForMemory(): void;
}

const WORD_BYTES = 8;
/** Less than this is cheaper copied than received by a system call of its own. */
const IN_PLACE_BYTES_MIN = 16 * 1024;
const NO_MEMORY = 'no memory for its frame';
