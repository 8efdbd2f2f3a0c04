import type { Request } from '../api/request.ts';
import { CONTROL_CALL, CONTROL_CALL_ANSWER, CONTROL_CALL_REQUEST } from '../api/thread_messages.ts';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { Kernels } from '../port/kernels.ts';
import type { Arena } from '../shared-memory/arena.ts';
import type { Channel } from '../shared-memory/channel.ts';

/** A call on its way: where its bytes lie in the arena. */
interface PendingCall {
  readonly request: Request | null;
  readonly answered: (answer: ByteReader | null) => void;
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly place: number;
  readonly length: number;
  readonly answerPlace: number;
  readonly answerCapacity: number;
}

/**
 * API calls that control executes. The arguments, which this shard has decoded and checked, are written into its arena
 * again; control reads them there and writes its answer into room that was taken before the call left.
 */
export class ControlCalls {
  readonly #arena: Arena;
  readonly #channel: Channel;
  readonly #writer: ByteWriter;
  readonly #reader: ByteReader;
  readonly #pending = new Map<number, PendingCall>();
  #unsent: number[] = [];
  #nextTag = 1;

  constructor(arena: Arena, channel: Channel, kernels: Kernels) {
    this.#arena = arena;
    this.#channel = channel;
    this.#writer = new ByteWriter((text) => kernels.encodeText(text), 1024);
    this.#reader = new ByteReader((bytes, start, end) => kernels.decodeText(bytes, start, end));
  }

  /** False: no memory for the call now. */
  call(
    request: Request | null,
    apiKey: number,
    apiVersion: number,
    write: (writer: ByteWriter) => void,
    answerBytesMax: number,
    answered: (answer: ByteReader | null) => void,
  ): boolean {
    const writer = this.#writer.clear();
    write(writer);
    const length = writer.position;
    const place = this.#arena.allocate(length);
    if (place < 0) return false;
    const answerPlace = this.#arena.allocate(answerBytesMax);
    if (answerPlace < 0) {
      this.#arena.release(place);
      return false;
    }
    this.#arena.bytes.set(writer.bytes.subarray(0, length), place);
    const tag = this.#nextTag++;
    const answerCapacity = answerBytesMax;
    this.#pending.set(tag, { request, answered, apiKey, apiVersion, place, length, answerPlace, answerCapacity });
    if (request !== null) request.parts++;
    this.#unsent.push(tag);
    this.retry();
    return true;
  }

  /** Sends what waits for credit. */
  retry(): void {
    while (this.#unsent.length > 0) {
      const tag = this.#unsent[0]!;
      const pending = this.#pending.get(tag)!;
      const position = this.#channel.request(CONTROL_CALL, tag, CONTROL_CALL_REQUEST.bytes, CONTROL_CALL_ANSWER.bytes);
      if (position < 0) return;
      const { view } = this.#channel;
      view.setInt32(position + CONTROL_CALL_REQUEST.apiKey, pending.apiKey, true);
      view.setInt32(position + CONTROL_CALL_REQUEST.apiVersion, pending.apiVersion, true);
      view.setInt32(position + CONTROL_CALL_REQUEST.place, pending.place, true);
      view.setInt32(position + CONTROL_CALL_REQUEST.length, pending.length, true);
      view.setInt32(position + CONTROL_CALL_REQUEST.answerPlace, pending.answerPlace, true);
      view.setInt32(position + CONTROL_CALL_REQUEST.answerCapacity, pending.answerCapacity, true);
      this.#unsent.shift();
    }
  }

  /** Control has answered, with `length` bytes or -1. Returns the request that waited for it, if it waits no longer. */
  answered(tag: number, length: number): Request | null {
    const pending = this.#pending.get(tag)!;
    this.#pending.delete(tag);
    const { request, place, answerPlace } = pending;
    if (request !== null) request.parts--;
    if (request === null || !request.isAbandoned) {
      const { view, bytes } = this.#arena;
      pending.answered(length < 0 ? null : this.#reader.reset(view, bytes, answerPlace, answerPlace + length));
    }
    this.#arena.release(place);
    this.#arena.release(answerPlace);
    return request;
  }
}
