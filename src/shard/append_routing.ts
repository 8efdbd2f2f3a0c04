import { assert } from '../base/assert.ts';
import { APPEND, APPEND_ANSWER, APPEND_REQUEST } from '../api/thread_messages.ts';
import type { AppendSink } from '../partition/append_queue.ts';
import type { Channel } from '../shared-memory/channel.ts';
import { putNumber, takeNumber } from './ring_numbers.ts';

/**
 * Appends on their way to the shard that owns the partition. The records stay where they are, in the arena of the shard
 * that received them; what travels is their place. Without credit an append waits here, in order, and the shard begins
 * no further Produce until it has gone.
 */
export class AppendRouter {
  readonly #channels: readonly (Channel | null)[];
  readonly #backlogs: AppendBacklog[];
  #waiting = 0;
  /** Appends that went to another shard, since the start. */
  crossed = 0;

  constructor(channels: readonly (Channel | null)[]) {
    this.#channels = channels;
    this.#backlogs = channels.map(() => new AppendBacklog());
  }

  get isBackedUp(): boolean {
    return this.#waiting > 0;
  }

  send(
    owner: number,
    requestIndex: number,
    at: number,
    slot: number,
    incarnation: number,
    place: number,
    length: number,
    acks: number,
  ): void {
    this.crossed++;
    const backlog = this.#backlogs[owner]!;
    if (backlog.size === 0 && this.#trySend(owner, requestIndex, at, slot, incarnation, place, length, acks)) return;
    backlog.push(requestIndex, at, slot, incarnation, place, length, acks);
    this.#waiting++;
  }

  /** Credit came back from this thread. */
  retry(owner: number): void {
    const backlog = this.#backlogs[owner]!;
    while (backlog.size > 0) {
      const words = backlog.words;
      const from = backlog.head;
      const sent = this.#trySend(
        owner,
        words[from]!,
        words[from + 1]!,
        words[from + 2]!,
        words[from + 3]!,
        words[from + 4]!,
        words[from + 5]!,
        words[from + 6]!,
      );
      if (!sent) return;
      backlog.shift();
      this.#waiting--;
    }
  }

  #trySend(
    owner: number,
    requestIndex: number,
    at: number,
    slot: number,
    incarnation: number,
    place: number,
    length: number,
    acks: number,
  ): boolean {
    const channel = this.#channels[owner];
    assert(channel !== null && channel !== undefined, 'a partition of another shard has a channel to it');
    const position = channel.request(APPEND, appendTag(requestIndex, at), APPEND_REQUEST.bytes, APPEND_ANSWER.bytes);
    if (position < 0) return false;
    const { view } = channel;
    view.setInt32(position + APPEND_REQUEST.slot, slot, true);
    view.setInt32(position + APPEND_REQUEST.incarnation, incarnation, true);
    view.setInt32(position + APPEND_REQUEST.place, place, true);
    view.setInt32(position + APPEND_REQUEST.length, length, true);
    view.setInt32(position + APPEND_REQUEST.acks, acks, true);
    return true;
  }
}

/** A tag is a number up to 2^53: which request, and where in its answer the partition stands. */
const appendTag = (requestIndex: number, at: number): number => requestIndex * AT_LIMIT + at;
const requestOfTag = (tag: number): number => Math.floor(tag / AT_LIMIT);
const atOfTag = (tag: number): number => tag % AT_LIMIT;
const AT_LIMIT = 2 ** 32;

/** Hands on the outcome of an append that was sent: the answer lies in a ring, at `start`. */
export function takeOutcome(tag: number, view: DataView, start: number, asker: AppendSink): void {
  asker.appended(
    requestOfTag(tag),
    atOfTag(tag),
    view.getInt32(start + APPEND_ANSWER.errorCode, true),
    takeNumber(view, start + APPEND_ANSWER.baseOffsetHigh),
    takeNumber(view, start + APPEND_ANSWER.logAppendTimeHigh),
    takeNumber(view, start + APPEND_ANSWER.logStartOffsetHigh),
    view.getInt32(start + APPEND_ANSWER.recordErrorsAt, true),
  );
}

/** Who owns partitions that others append to. */
export interface AppendTarget {
  appendHere(
    slot: number,
    incarnation: number,
    memory: AppendMemory,
    start: number,
    end: number,
    acks: number,
    sink: AppendSink,
    ref: number,
    at: number,
  ): void;
}

/** Where records lie: the arena of the shard that received them. */
export interface AppendMemory {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** The owner's side: appends that one other shard asks for, and their outcomes on the way back. */
export class RemoteAppends implements AppendSink {
  readonly #channel: Channel;
  /** Of the shard that asks. */
  readonly #arena: AppendMemory;

  constructor(channel: Channel, arena: AppendMemory) {
    this.#channel = channel;
    this.#arena = arena;
  }

  /** Makes the append that a request in the ring, at `start`, asks for. */
  take(correlation: number, view: DataView, start: number, target: AppendTarget): void {
    const place = view.getInt32(start + APPEND_REQUEST.place, true) >>> 0;
    const length = view.getInt32(start + APPEND_REQUEST.length, true);
    target.appendHere(
      view.getInt32(start + APPEND_REQUEST.slot, true),
      view.getInt32(start + APPEND_REQUEST.incarnation, true),
      this.#arena,
      place,
      place + length,
      view.getInt32(start + APPEND_REQUEST.acks, true),
      this,
      correlation,
      0,
    );
  }

  /** `correlation` is the channel's. */
  appended(
    correlation: number,
    _at: number,
    errorCode: number,
    baseOffset: number,
    logAppendTimeMs: number,
    logStartOffset: number,
    recordErrorsAt: number,
  ): void {
    const position = this.#channel.answer(correlation, APPEND_ANSWER.bytes);
    const { view } = this.#channel;
    view.setInt32(position + APPEND_ANSWER.errorCode, errorCode, true);
    putNumber(view, position + APPEND_ANSWER.baseOffsetHigh, baseOffset);
    putNumber(view, position + APPEND_ANSWER.logAppendTimeHigh, logAppendTimeMs);
    putNumber(view, position + APPEND_ANSWER.logStartOffsetHigh, logStartOffset);
    view.setInt32(position + APPEND_ANSWER.recordErrorsAt, recordErrorsAt, true);
  }
}

/** Appends that wait for credit: a ring of seven words each. */
class AppendBacklog {
  words = new Int32Array(16 * 8);
  #head = 0;
  #count = 0;

  get size(): number {
    return this.#count;
  }

  /** Index of the oldest entry's first word. */
  get head(): number {
    return this.#head * 8;
  }

  push(a: number, b: number, c: number, d: number, e: number, f: number, g: number): void {
    const capacity = this.words.length / 8;
    if (this.#count === capacity) {
      const grown = new Int32Array(this.words.length * 2);
      grown.set(this.words.subarray(this.head));
      grown.set(this.words.subarray(0, this.head), this.words.length - this.head);
      this.words = grown;
      this.#head = 0;
    }
    const at = ((this.#head + this.#count++) % (this.words.length / 8)) * 8;
    this.words[at] = a;
    this.words[at + 1] = b;
    this.words[at + 2] = c;
    this.words[at + 3] = d;
    this.words[at + 4] = e;
    this.words[at + 5] = f;
    this.words[at + 6] = g;
  }

  shift(): void {
    this.#head = (this.#head + 1) % (this.words.length / 8);
    this.#count--;
  }
}
