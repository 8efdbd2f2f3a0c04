/** What the bench asks a broker that runs with the probe, and what it answers, over an IPC channel. */

export type ProbeQuestion = 'counts' | 'accepted';

/** Connections accepted by each thread since the broker's start, control first; the answer to `accepted`. */
export interface AcceptedAnswer {
  readonly accepted: readonly number[];
}

/** Counts since the broker's start; the answer to `counts`. */
export interface ProbeAnswer {
  /** Sums over all threads, by name (`counterNames` of src/shared-memory/counters.ts). Empty: none were found. */
  readonly counters: Readonly<Record<string, number>>;
  /** Bytes of JavaScript heap allocated, by thread, control first. */
  readonly allocatedBytes: readonly number[];
  /** Views of memory made by the broker's own code, when that was asked for. */
  readonly views: number;
}
