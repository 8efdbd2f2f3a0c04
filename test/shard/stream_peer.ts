import assert from 'node:assert/strict';
import { FrameAdmission } from '../../src/shard/frame_admission.ts';
import { FrameReceiver, type FrameSink } from '../../src/shard/frame_receiver.ts';
import { Arena, landingBytes, pageBytes } from '../../src/shared-memory/arena.ts';

export const KIB = 1024;
export const FRAME_BYTES_MAX = 4 * KIB * KIB;

/** An arena that overwrites what was released, and the connections that receive into it. */
export class ReceivingShard {
  readonly arena: Arena;
  readonly admission: FrameAdmission;

  constructor(budgetBytes: number, frameIdleMs = 10_000) {
    const bytes = Math.ceil((landingBytes + 2 * budgetBytes) / pageBytes) * pageBytes;
    this.arena = new Arena(new SharedArrayBuffer(bytes), budgetBytes, { poison: true });
    this.admission = new FrameAdmission(this.arena, frameIdleMs);
  }
}

/** A frame that arrived: its bytes lie in the arena until it is released. */
export interface HeldFrame {
  readonly place: number;
  readonly length: number;
}

/**
 * A peer and the socket between: it sends a stream of bytes in pieces as the receiver takes them, by the rules of the
 * port (the destination is asked for at the start and after each delivery, and stays where it is meanwhile).
 */
export class StreamPeer implements FrameSink {
  readonly #shard: ReceivingShard;
  readonly receiver: FrameReceiver;
  readonly frames: HeldFrame[] = [];
  #destination: Uint8Array;
  #deliveredLate = false;
  isPaused = false;
  isHeldBack = false;
  isQueuedUp = false;
  closedFor: string | null = null;
  badSizes: number[] = [];
  copiedBytes = 0;

  constructor(shard: ReceivingShard, frameBytesMax = FRAME_BYTES_MAX) {
    this.#shard = shard;
    this.receiver = new FrameReceiver(shard.arena, shard.admission, this, frameBytesMax);
    this.#destination = this.receiver.destination();
  }

  /** Delivers up to `most` bytes of `stream` from `at` in one read. Returns how many. */
  deliver(stream: Uint8Array, at: number, most: number, nowMs: number): number {
    if (this.closedFor !== null) return 0;
    const length = Math.min(most, this.#destination.length, stream.length - at);
    if (length === 0) return 0;
    this.#destination.set(stream.subarray(at, at + length));
    this.receiver.received(length, nowMs);
    this.#destination = this.receiver.destination();
    assert.ok(this.#destination.length > 0, 'a destination is never empty');
    return length;
  }

  /** Whether the one read that was asked for before reading stopped is still out. */
  mayDeliverLate(): boolean {
    const mayDeliver = this.isPaused && !this.#deliveredLate;
    this.#deliveredLate = true;
    return mayDeliver;
  }

  /** The whole stream, as far as reading is not stopped; returns how much went. */
  send(stream: Uint8Array, nowMs = 0, most = landingBytes): number {
    let at = 0;
    while (at < stream.length && !this.isPaused && this.closedFor === null) at += this.deliver(stream, at, most, nowMs);
    return at;
  }

  contents(index: number): Uint8Array {
    const { place, length } = this.frames[index]!;
    return this.#shard.arena.bytes.slice(place, place + length);
  }

  takeFrame(): Uint8Array {
    const bytes = this.contents(0);
    this.#shard.arena.releaseFrom(this.frames.shift()!.place);
    return bytes;
  }

  close(why = 'the peer left'): void {
    this.closedFor ??= why;
    this.receiver.release();
    while (this.frames.length > 0) this.#shard.arena.releaseFrom(this.frames.shift()!.place);
  }

  frame(place: number, length: number): void {
    this.frames.push({ place, length });
  }

  badSize(size: number): void {
    this.badSizes.push(size);
    this.closedFor = 'bad size';
  }

  copied(bytes: number): void {
    this.copiedBytes += bytes;
  }

  broken(why: string): void {
    // The socket says that it is closed in a later event: until then nothing is given back.
    this.closedFor = why;
  }

  pauseForMemory(): void {
    this.isPaused = true;
    this.#deliveredLate = false;
  }

  resumeForMemory(): void {
    this.isPaused = false;
  }
}

/** A stream of frames whose bytes tell frame and position. */
export function streamOf(lengths: readonly number[], seed = 1): Uint8Array {
  const stream = new Uint8Array(lengths.reduce((sum, length) => sum + 4 + length, 0));
  const view = new DataView(stream.buffer);
  let at = 0;
  for (const [index, length] of lengths.entries()) {
    view.setInt32(at, length);
    fillFrame(stream.subarray(at + 4, at + 4 + length), seed + index);
    at += 4 + length;
  }
  return stream;
}

export function frameOf(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  fillFrame(bytes, seed);
  return bytes;
}

function fillFrame(bytes: Uint8Array, seed: number): void {
  for (let at = 0; at < bytes.length; at++) bytes[at] = (Math.imul(at + 1, 31) ^ Math.imul(seed, 0x9e37)) & 0xff;
}
