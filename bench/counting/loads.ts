/**
 * The loads of the count gate. One request in flight at a time makes counts for each request exact: nothing depends on
 * what happens to arrive together. The pipelined load shows that what arrives together is batched.
 */

export interface CountedLoad {
  readonly name: string;
  readonly shards: 1 | 2;
  /** With two shards: the partition lives on another shard than the connection. */
  readonly crossing: boolean;
  readonly workload: 'produce' | 'catch-up' | 'tail';
  readonly connections: number;
  readonly inFlight: number;
  readonly batchBytes: number;
  readonly recordBytes: number;
  readonly fetchBytes: number;
  readonly batchesPerPartition: number;
  /** Of one round. */
  readonly requests: number;
  /**
   * 1 where counts are exact. Above 1 where they depend on what happens to arrive together (several connections, frames of
   * many packets): the factor by which limits lie above what is counted in the best of the rounds.
   */
  readonly slack: number;
}

const produce = {
  shards: 1,
  crossing: false,
  workload: 'produce',
  connections: 1,
  inFlight: 1,
  recordBytes: 200,
  batchBytes: 200,
  fetchBytes: 0,
  batchesPerPartition: 0,
  requests: 2000,
  slack: 1,
} as const;

const kib16 = { batchBytes: 16_384, recordBytes: 100 } as const;
const mib1 = { batchBytes: 1 << 20, recordBytes: 1000, requests: 100, slack: 2 } as const;
const fetch = { ...kib16, workload: 'catch-up', fetchBytes: 1 << 20, batchesPerPartition: 1024 } as const;

export const countedLoads: readonly CountedLoad[] = [
  { ...produce, name: 'produce-200B' },
  { ...produce, name: 'produce-200B-pipelined', connections: 4, inFlight: 5, requests: 20_000, slack: 1.5 },
  { ...produce, ...kib16, name: 'produce-16KiB' },
  { ...produce, ...mib1, name: 'produce-1MiB' },
  { ...produce, ...fetch, name: 'fetch-1MiB', requests: 200, slack: 1.5 },
  { ...produce, ...fetch, name: 'fetch-16KiB', fetchBytes: 16_384 },
  { ...produce, name: 'tail-200B', workload: 'tail', requests: 1000 },
  { ...produce, name: 'produce-200B-crossing', shards: 2, crossing: true },
  { ...produce, ...kib16, name: 'produce-16KiB-crossing', shards: 2, crossing: true },
  { ...produce, ...mib1, name: 'produce-1MiB-crossing', shards: 2, crossing: true },
];
