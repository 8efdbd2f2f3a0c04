import { CONTROL_CALL_ANSWER, CONTROL_CALL_REQUEST } from '../api/thread_messages.ts';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { Kernels } from '../port/kernels.ts';
import type { ThreadMemory } from '../shared-memory/thread_memory.ts';
import type { ControlApis } from './control_apis.ts';

/**
 * What shards ask control for: the arguments of a call lie in the arena of the shard that asks, and the answer is written
 * into the room that it has left there.
 */
export class ShardCalls {
  readonly #memory: ThreadMemory;
  readonly #apis: ControlApis;
  readonly #answered: () => void;
  readonly #arguments: ByteReader;
  readonly #writer: ByteWriter;

  /** @param answered something lies in a ring that is not published yet */
  constructor(memory: ThreadMemory, apis: ControlApis, kernels: Kernels, answered: () => void) {
    this.#memory = memory;
    this.#apis = apis;
    this.#answered = answered;
    this.#arguments = new ByteReader((bytes, start, end) => kernels.decodeText(bytes, start, end));
    this.#writer = new ByteWriter((text) => kernels.encodeText(text), 4096);
  }

  /** The request lies in a ring, at `start`. */
  call(shard: number, correlation: number, view: DataView, start: number): void {
    const { arenaBytes, arenaViews } = this.#memory;
    const bytes = arenaBytes[shard - 1]!;
    const place = view.getInt32(start + CONTROL_CALL_REQUEST.place, true) >>> 0;
    const length = view.getInt32(start + CONTROL_CALL_REQUEST.length, true);
    const answerPlace = view.getInt32(start + CONTROL_CALL_REQUEST.answerPlace, true) >>> 0;
    const answerCapacity = view.getInt32(start + CONTROL_CALL_REQUEST.answerCapacity, true);
    const isKnown = this.#apis.call(
      view.getInt32(start + CONTROL_CALL_REQUEST.apiKey, true),
      view.getInt32(start + CONTROL_CALL_REQUEST.apiVersion, true),
      this.#arguments.reset(arenaViews[shard - 1]!, bytes, place, place + length),
      (write) => {
        const writer = this.#writer.clear();
        write(writer);
        const fits = writer.position <= answerCapacity;
        if (fits) bytes.set(writer.written(), answerPlace);
        this.#answer(shard, correlation, fits ? writer.position : -1);
      },
    );
    if (!isKnown) this.#answer(shard, correlation, -1);
  }

  /** @param length of what was written; -1 where there was no room, or the arguments are malformed */
  #answer(shard: number, correlation: number, length: number): void {
    const channel = this.#memory.channel(shard);
    const position = channel.answer(correlation, CONTROL_CALL_ANSWER.bytes);
    channel.view.setInt32(position + CONTROL_CALL_ANSWER.length, length, true);
    this.#answered();
  }
}
