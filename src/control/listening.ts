import { LISTEN, LISTEN_ANSWER, LISTEN_REQUEST } from '../api/thread_messages.ts';
import { assert } from '../base/assert.ts';
import type { ListenerConfig } from '../config/node_config.ts';
import type { ThreadMemory } from '../shared-memory/thread_memory.ts';
import type { ListenerPorts } from '../shard/shard_boot.ts';

export interface ListeningOptions {
  readonly memory: ThreadMemory;
  readonly listeners: readonly ListenerConfig[];
  readonly shards: number;
  /** See `Network.sharesPorts`: without it the first shard alone listens. */
  readonly sharesPorts: boolean;
  readonly ports: ListenerPorts;
  /** Every listener listens. */
  readonly done: () => void;
  /** With a sentence for the administrator. */
  readonly failed: (why: string) => void;
}

/**
 * How the shards come to listen: one listener after the other, the first shard alone at first, as its port is known only
 * when the kernel has chosen it; then the others join.
 */
export class Listening {
  readonly #options: ListeningOptions;
  /** The next that the first shard opens. */
  #next = 0;
  /** Shards whose answers are awaited. */
  #awaited = 0;

  constructor(options: ListeningOptions) {
    this.#options = options;
  }

  begin(): void {
    const { listeners, done } = this.#options;
    if (this.#next === listeners.length) return done();
    this.#send(1, this.#next, listeners[this.#next]!.port);
    this.#awaited = 1;
  }

  /** A shard says what came of `listener`. */
  answered(listener: number, view: DataView, start: number): void {
    this.#awaited--;
    const port = view.getInt32(start + LISTEN_ANSWER.port, true);
    const { listeners, ports, failed } = this.#options;
    const { name, host } = listeners[listener]!;
    if (port < 0) return failed(`the listener ${name} could not be opened on ${host}`);
    ports.set(listener, port);
    if (this.#awaited === 0) this.#goOn(listener, port);
  }

  #goOn(listener: number, port: number): void {
    const { shards, sharesPorts } = this.#options;
    const isFirst = this.#next === listener;
    if (isFirst) this.#next++;
    if (!isFirst || shards === 1 || !sharesPorts) return this.begin();
    for (let thread = 2; thread <= shards; thread++) this.#send(thread, listener, port);
    this.#awaited = shards - 1;
  }

  #send(thread: number, listener: number, port: number): void {
    const channel = this.#options.memory.channel(thread);
    const position = channel.request(LISTEN, listener, LISTEN_REQUEST.bytes, LISTEN_ANSWER.bytes);
    assert(position >= 0, 'the rings are empty when the node starts');
    channel.view.setInt32(position + LISTEN_REQUEST.listener, listener, true);
    channel.view.setInt32(position + LISTEN_REQUEST.port, port, true);
  }
}
