import type { PartitionOutcome } from '../api/host.ts';
import { PARTITION_CALL, PARTITION_CALL_ANSWER, PARTITION_CALL_REQUEST } from '../api/thread_messages.ts';
import { assert } from '../base/assert.ts';
import { ByteReader } from '../base/bytes.ts';
import type { Kernels } from '../port/kernels.ts';
import { ErrorCode } from '../protocol/errors.ts';
import type { Arena } from '../shared-memory/arena.ts';
import type { Channel } from '../shared-memory/channel.ts';
import { putNumber, takeNumber } from './ring_numbers.ts';

interface PendingCall {
  readonly owner: number;
  readonly apiKey: number;
  readonly slot: number;
  readonly incarnation: number;
  readonly argument: number;
  readonly answered: (outcome: PartitionOutcome) => void;
  /** Room for the body of the answer in this shard's arena; -1 without. */
  readonly bodyPlace: number;
  readonly bodyCapacity: number;
}

/**
 * Questions about partitions of other shards, and orders to them, on their way: one number there, few back, and where
 * that is not enough a body, for which room lies in this shard's arena. Without credit they wait here, in order.
 */
export class PartitionCalls {
  readonly #arena: Arena;
  readonly #channels: readonly (Channel | null)[];
  readonly #reader: ByteReader;
  readonly #pending = new Map<number, PendingCall>();
  readonly #unsent: number[][];
  #nextTag = 1;

  constructor(arena: Arena, channels: readonly (Channel | null)[], kernels: Kernels) {
    this.#arena = arena;
    this.#channels = channels;
    this.#unsent = channels.map(() => []);
    this.#reader = new ByteReader((bytes, start, end) => kernels.decodeText(bytes, start, end));
  }

  call(
    owner: number,
    apiKey: number,
    slot: number,
    incarnation: number,
    argument: number,
    bodyBytes: number,
    answered: (outcome: PartitionOutcome) => void,
  ): void {
    const bodyPlace = bodyBytes === 0 ? -1 : this.#arena.allocate(bodyBytes);
    if (bodyBytes > 0 && bodyPlace < 0) return answered(NO_MEMORY);
    const tag = this.#nextTag++;
    const bodyCapacity = bodyBytes;
    this.#pending.set(tag, { owner, apiKey, slot, incarnation, argument, answered, bodyPlace, bodyCapacity });
    this.#unsent[owner]!.push(tag);
    this.retry(owner);
  }

  /** Sends what waits for credit of this thread. */
  retry(owner: number): void {
    const unsent = this.#unsent[owner]!;
    while (unsent.length > 0 && this.#trySend(owner, unsent[0]!)) unsent.shift();
  }

  /** The owner has answered. */
  answered(tag: number, view: DataView, start: number): void {
    const pending = this.#pending.get(tag)!;
    this.#pending.delete(tag);
    const { bodyPlace, bodyCapacity } = pending;
    const bytes = view.getInt32(start + PARTITION_CALL_ANSWER.bodyBytes, true);
    const isWhole = bytes <= bodyCapacity;
    if (isWhole) {
      pending.answered({
        errorCode: view.getInt32(start + PARTITION_CALL_ANSWER.errorCode, true),
        offset: takeNumber(view, start + PARTITION_CALL_ANSWER.offsetHigh),
        epoch: view.getInt32(start + PARTITION_CALL_ANSWER.epoch, true),
        body:
          bytes === 0 ? null : this.#reader.reset(this.#arena.view, this.#arena.bytes, bodyPlace, bodyPlace + bytes),
      });
    }
    if (bodyPlace >= 0) this.#arena.release(bodyPlace);
    const { owner, apiKey, slot, incarnation, argument } = pending;
    // It has become more meanwhile, perhaps: room for some growth.
    if (!isWhole) this.call(owner, apiKey, slot, incarnation, argument, bytes + (bytes >>> 2), pending.answered);
  }

  #trySend(owner: number, tag: number): boolean {
    const channel = this.#channels[owner];
    assert(channel !== null && channel !== undefined, 'a partition of another shard has a channel to it');
    const { bytes } = PARTITION_CALL_REQUEST;
    const position = channel.request(PARTITION_CALL, tag, bytes, PARTITION_CALL_ANSWER.bytes);
    if (position < 0) return false;
    const call = this.#pending.get(tag)!;
    const { view } = channel;
    view.setInt32(position + PARTITION_CALL_REQUEST.apiKey, call.apiKey, true);
    view.setInt32(position + PARTITION_CALL_REQUEST.slot, call.slot, true);
    view.setInt32(position + PARTITION_CALL_REQUEST.incarnation, call.incarnation, true);
    putNumber(view, position + PARTITION_CALL_REQUEST.argumentHigh, call.argument);
    view.setInt32(position + PARTITION_CALL_REQUEST.bodyPlace, call.bodyPlace, true);
    view.setInt32(position + PARTITION_CALL_REQUEST.bodyCapacity, call.bodyCapacity, true);
    return true;
  }
}

/** The arena is full: the client asks again. */
const NO_MEMORY: PartitionOutcome = { errorCode: ErrorCode.REQUEST_TIMED_OUT, offset: -1, epoch: -1, body: null };
