import type { LoadRow } from '../../bench/rows.ts';

const PARTITIONS = 16;
/** So many that the kernel's choice of a shard for each of them evens out. */
const CONNECTIONS = 16;
const MIB = 2 ** 20;

/** Kinds of work that numbers of shards differ in: the first crosses shards at its dearest, the last never does. */
export const SHARD_LOADS: readonly LoadRow[] = [
  load('small', 'one record of 200 B a request', { unit: 'requests', batchBytes: 200, recordBytes: 200, inFlight: 5 }),
  load('batches', 'batches of 64 KiB', { unit: 'bytes', batchBytes: 65_536, recordBytes: 1024, inFlight: 4 }),
  load('fetch', 'fetches of 64 KiB', {
    unit: 'bytes',
    workload: 'catch-up',
    batchBytes: 16_384,
    recordBytes: 1024,
    fetchBytes: 65_536,
    partitionBytes: 4 * MIB,
    inFlight: 2,
  }),
];

/** What a sync costs depends on how much waits for it. */
export const FLUSH_LOAD: LoadRow = load('flush', 'batches of 16 KiB', {
  unit: 'bytes',
  batchBytes: 16_384,
  recordBytes: 1024,
  inFlight: 5,
});

/** More bytes at once than any arena of the default holds. */
export const ARENA_LOAD: LoadRow = load('arena', 'batches of 1 MiB, 256 at once', {
  unit: 'bytes',
  batchBytes: MIB,
  recordBytes: 16_384,
  connections: 64,
  inFlight: 4,
});

function load(name: string, title: string, shape: Partial<LoadRow> & Pick<LoadRow, 'unit'>): LoadRow {
  return {
    kind: 'load',
    name,
    title,
    workload: 'produce',
    connections: CONNECTIONS,
    inFlight: 4,
    partitions: PARTITIONS,
    acks: -1,
    batchBytes: 16_384,
    recordBytes: 1024,
    compression: 'none',
    fetchBytes: 0,
    partitionBytes: 0,
    rate: 0,
    acrossShards: false,
    ...shape,
  };
}
