import type { Arena } from '../shared-memory/arena.ts';
import type { FrameReceiver } from './frame_receiver.ts';

/**
 * Who may go on filling an incomplete frame. Incomplete frames grow to half of the arena; beyond that they wait and are
 * let on one after the other, those of proven connections first, then those that lack the fewest bytes, as long as what
 * they lack fits below three quarters. One may always go on.
 *
 * What a read brought before its connection could be stopped lies in the arena all the same. Above three quarters the
 * connections that would be let on last are closed, and their frames' memory goes back at once; and while others wait,
 * a frame that may be read but makes no progress for `STALL_MS` closes its connection. So two thousand peers that each send
 * half of a frame cannot stop one that sends whole ones. Without such need a frame has `frameIdleMs`. Of one whose
 * connection is not read because enough of its own requests are queued nothing is asked while nobody waits.
 *
 * A byte now and then is no progress: what counts is `BYTES_A_MS` over the time that a frame is given, so that a frame
 * of a few KiB is whole within that time, and a long one as fast as the slowest of lines brings it.
 */
export class FrameAdmission {
  readonly #arena: Arena;
  readonly #frameIdleMs: number;
  readonly #incomplete = new Set<FrameReceiver>();
  #waiting = 0;
  /** What the frames let on beyond the half still lack. */
  #promised = 0;
  readonly #granted = new Set<FrameReceiver>();

  constructor(arena: Arena, frameIdleMs: number) {
    this.#arena = arena;
    this.#frameIdleMs = frameIdleMs;
  }

  get incompleteFrames(): number {
    return this.#incomplete.size;
  }

  get waitingFrames(): number {
    return this.#waiting;
  }

  /** A frame has begun that is not whole. */
  enter(receiver: FrameReceiver, nowMs: number): void {
    receiver.mark(nowMs);
    this.#incomplete.add(receiver);
    if (receiver.holdsMemory && this.#arena.incompleteBytes > this.#arena.budgetBytes / 2) this.wait(receiver);
    while (this.#waiting > 0 && this.#isCrowded()) this.#last().evict(CROWDED);
  }

  /** The frame is whole, or its connection over. */
  leave(receiver: FrameReceiver): void {
    this.#incomplete.delete(receiver);
    this.#granted.delete(receiver);
    if (!receiver.waiting) return;
    receiver.waiting = false;
    this.#waiting--;
    receiver.resume();
  }

  /** Whether a frame may take more memory now. */
  mayGrow(receiver: FrameReceiver): boolean {
    return this.#granted.has(receiver) || this.#arena.incompleteBytes <= this.#arena.budgetBytes / 2;
  }

  /** The frame stops being read until `tick` lets it on. */
  wait(receiver: FrameReceiver): void {
    if (receiver.waiting) return;
    this.#granted.delete(receiver);
    receiver.waiting = true;
    this.#waiting++;
    receiver.pause();
  }

  /** Whether `tick` has anything to look at. */
  get needsTicks(): boolean {
    return this.#incomplete.size > 0;
  }

  /** Called about every `ADMISSION_TICK_MS` while frames are incomplete. */
  tick(nowMs: number): void {
    for (const receiver of this.#incomplete) {
      if (receiver.waiting) continue;
      if (receiver.isQueuedUp && this.#waiting === 0) continue;
      const isNeeded = this.#waiting > 0 && !this.#isExcused(receiver);
      const patience = isNeeded ? Math.min(STALL_MS, this.#frameIdleMs) : this.#frameIdleMs;
      if (receiver.bytesSinceMark >= patience * BYTES_A_MS) receiver.mark(nowMs);
      else if (nowMs - receiver.markedMs >= patience) receiver.evict(isNeeded ? STALLED : IDLE);
    }
    this.#letOn(nowMs);
  }

  /** It is not read because of what others do: unless incomplete frames are themselves what fills the arena. */
  #isExcused(receiver: FrameReceiver): boolean {
    return receiver.isHeldBack && !this.#isCrowded();
  }

  #isCrowded(): boolean {
    return this.#arena.incompleteBytes > (this.#arena.budgetBytes / 4) * 3;
  }

  #letOn(nowMs: number): void {
    this.#promised = 0;
    for (const receiver of this.#granted) this.#promised += receiver.missing;
    while (this.#waiting > 0) {
      const next = this.#best();
      const after = this.#arena.incompleteBytes + this.#promised + next.missing;
      if (after > (this.#arena.budgetBytes / 4) * 3 && this.#granted.size > 0) return;
      this.#granted.add(next);
      this.#promised += next.missing;
      next.waiting = false;
      this.#waiting--;
      next.mark(nowMs);
      if (next.resumed()) next.resume();
      else {
        next.waiting = true;
        this.#waiting++;
        this.#granted.delete(next);
        return;
      }
    }
  }

  #best(): FrameReceiver {
    let best: FrameReceiver | null = null;
    for (const receiver of this.#incomplete) {
      if (!receiver.waiting) continue;
      if (best === null || isBefore(receiver, best)) best = receiver;
    }
    return best!;
  }

  #last(): FrameReceiver {
    let last: FrameReceiver | null = null;
    for (const receiver of this.#incomplete) {
      if (!receiver.waiting) continue;
      if (last === null || isBefore(last, receiver)) last = receiver;
    }
    return last!;
  }
}

function isBefore(one: FrameReceiver, other: FrameReceiver): boolean {
  if (one.proven !== other.proven) return one.proven;
  return one.missing < other.missing;
}

export const ADMISSION_TICK_MS = 50;
const STALL_MS = 500;
/** 4 KiB/s: what a frame must bring at least. */
const BYTES_A_MS = 4.096;
const CROWDED = 'memory was short, and its frame lacked the most';
const STALLED = 'its frame made no progress while memory was short';
const IDLE = 'its frame made no progress for millrace.frame.idle.ms';
