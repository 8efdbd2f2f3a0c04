/** What `npm run bench` measures: one entry for each row of the table. */

export interface BenchRow {
  readonly name: string;
  readonly title: string;
  /** What the row is mainly about: requests, or bytes. */
  readonly unit: 'requests' | 'bytes';
  readonly workload: 'produce' | 'catch-up';
  readonly connections: number;
  readonly inFlight: number;
  readonly partitions: number;
  readonly acks: number;
  readonly batchBytes: number;
  readonly recordBytes: number;
  readonly fetchBytes: number;
  /** Bytes that each partition holds before a fetch run. */
  readonly partitionBytes: number;
}

const produce = {
  workload: 'produce',
  unit: 'bytes',
  connections: 4,
  // What the clients of most languages have in flight unless told otherwise.
  inFlight: 5,
  partitions: 4,
  acks: -1,
  fetchBytes: 0,
  partitionBytes: 0,
} as const;

export const benchRows: readonly BenchRow[] = [
  {
    ...produce,
    name: 'produce-200B',
    title: 'produce, one record of 200 B each',
    unit: 'requests',
    batchBytes: 200,
    recordBytes: 200,
  },
  {
    ...produce,
    name: 'produce-16KiB',
    title: 'produce, records of 100 B in batches of 16 KiB',
    batchBytes: 16_384,
    recordBytes: 100,
  },
  {
    ...produce,
    name: 'produce-1MiB',
    title: 'produce, records of 1 KB in batches of 1 MiB',
    batchBytes: 1 << 20,
    recordBytes: 1000,
  },
  {
    ...produce,
    workload: 'catch-up',
    name: 'fetch-1MiB',
    title: 'fetch, catching up by 1 MiB at a time',
    inFlight: 1,
    batchBytes: 16_384,
    recordBytes: 100,
    fetchBytes: 1 << 20,
    partitionBytes: 64 << 20,
  },
];
