/**
 * The threads of a node as seen from one of them. Number 0 is control, 1 to n are the shards.
 * What they share is shared memory; this port starts threads, tells of their end, and puts them to sleep.
 */
export interface Threads {
  /** The number of the calling thread. */
  readonly self: number;
  /**
   * Starts a shard (control only). `boot` must be structured-cloneable; shared memory inside is shared, not copied.
   * `exited` comes once: with the error that ended the thread, or null after `exit`. A shard whose loop runs empty
   * without `exit` has failed.
   */
  spawnShard(thread: number, boot: unknown, exited: (error: ThreadFailure | null) => void): void;
  /** Ends the calling thread in an orderly way once nothing holds its loop. Of control, only the wait ends to hold it. */
  exit(): void;
  /**
   * Waits until somebody calls `notify` on `words[index]`, without blocking. False: the word was not `expected`,
   * and nothing will come. True: `woken` comes in a later event, after a notify or for no reason. At most one wait
   * of a thread is pending at a time. A pending wait keeps the thread's loop alive.
   */
  wait(words: Int32Array<SharedArrayBuffer>, index: number, expected: number, woken: () => void): boolean;
  /** Wakes the thread that waits on `words[index]`, if one does. About 25 µs until it runs. */
  notify(words: Int32Array<SharedArrayBuffer>, index: number): void;
}

export interface ThreadFailure {
  readonly thread: number;
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}
