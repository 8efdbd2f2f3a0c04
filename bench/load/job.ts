/** What a generator is told to do, and what it answers. Structured-cloneable: it crosses a process border. */
import type { Compression, Workload } from '../rows.ts';

export interface LoadJob {
  readonly host: string;
  readonly port: number;
  readonly workload: Workload;
  readonly topic: { readonly name: string; readonly idHex: string };
  readonly partitions: number;
  readonly produceVersion: number;
  readonly fetchVersion: number;
  readonly connections: number;
  /** Requests in flight on each connection. */
  readonly inFlight: number;
  readonly acks: number;
  readonly batchBytes: number;
  readonly recordBytes: number;
  readonly compression: Compression;
  /** Messages in a second, for a paced load. */
  readonly rate: number;
  /** For catch-up: upper bound of one answer's records, and how many batches each partition holds. */
  readonly fetchBytes: number;
  readonly batchesPerPartition: number;
}

/** A run ends at whichever comes first. */
export interface RunBounds {
  readonly seconds: number;
  readonly requests: number;
  /** Processes whose CPU time is read at the first request and at the last answer. */
  readonly watch: readonly number[];
}

export interface LoadResult {
  readonly requests: number;
  /** Bytes of record batches moved, before compression. */
  readonly bytes: number;
  readonly records: number;
  readonly seconds: number;
  readonly latencyUs: { readonly p50: number; readonly p99: number; readonly p999: number; readonly max: number };
  /** CPU-seconds of this process. */
  readonly generator: { readonly user: number; readonly kernel: number };
  /** CPU-seconds of the watched processes, in their order. */
  readonly watched: readonly { readonly user: number; readonly kernel: number }[];
  /** CPU-seconds of the whole machine that were not idle, and those another machine took. */
  readonly machine: { readonly busy: number; readonly stolen: number };
}

export type GeneratorRequest =
  /** Builds the frames and opens so many of the job's connections, null: all. */
  | { readonly kind: 'prepare'; readonly job: LoadJob; readonly lanes: number | null }
  /** One more connection (a lane of two: a pair); `replace`: in the place of the last one. */
  | { readonly kind: 'open'; readonly replace: boolean }
  | { readonly kind: 'run'; readonly bounds: RunBounds }
  | { readonly kind: 'close' };

export type GeneratorAnswer =
  | { readonly kind: 'prepared' }
  | { readonly kind: 'ran'; readonly result: LoadResult }
  | { readonly kind: 'failed'; readonly message: string };
