import { STOP, STOP_ACCEPTING, STOP_ANSWER, STOP_CLOSE, STOP_REQUEST } from '../api/thread_messages.ts';
import { assert } from '../base/assert.ts';
import type { ThreadMemory } from '../shared-memory/thread_memory.ts';

/**
 * The orderly stop of the shards. Each phase ends on all of them before the next begins anywhere: a request that one shard
 * still has may need a log of another.
 *
 *     accepting: no new connections ─► drain: what was received is answered ─► close: logs are synced and closed, the shard leaves
 */
export class StopPhases {
  readonly #memory: ThreadMemory;
  readonly #shards: number;
  readonly #done: () => void;
  #phase = STOP_ACCEPTING;
  /** Shards that have not ended the phase. */
  #awaited = 0;

  /** @param done every shard has left, and all logs are on stable storage */
  constructor(memory: ThreadMemory, shards: number, done: () => void) {
    this.#memory = memory;
    this.#shards = shards;
    this.#done = done;
  }

  begin(): void {
    this.#awaited = this.#shards;
    for (let thread = 1; thread <= this.#shards; thread++) {
      const channel = this.#memory.channel(thread);
      const position = channel.request(STOP, 0, STOP_REQUEST.bytes, STOP_ANSWER.bytes);
      assert(position >= 0, 'control owes its shards little enough to reach them');
      channel.view.setInt32(position + STOP_REQUEST.phase, this.#phase, true);
    }
  }

  /** A shard has ended the phase. */
  answered(): void {
    this.#awaited--;
    if (this.#awaited > 0) return;
    if (this.#phase === STOP_CLOSE) return this.#done();
    this.#phase++;
    this.begin();
  }
}
