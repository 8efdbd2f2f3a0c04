/** What `npm run bench` measures: one entry for each row of the table. `allLoadRows` is every combination (`--full`). */

export type Compression = 'none' | 'lz4' | 'zstd';

/**
 * `produce`: batches into partitions. `catch-up`: fetches of what is there. `tail`: a consumer at the end of each
 * partition, one batch at a time. `both`: half of the connections produce, half catch up. `paced`: messages at a fixed
 * rate, whatever the answers do, and consumers at the end; its latency is from the time when a message was due.
 */
export type Workload = 'produce' | 'catch-up' | 'tail' | 'both' | 'paced';

export interface LoadRow {
  readonly kind: 'load';
  readonly name: string;
  readonly title: string;
  /** What the row is mainly about. A request of a paced load is a message. */
  readonly unit: 'requests' | 'bytes';
  readonly workload: Workload;
  readonly connections: number;
  readonly inFlight: number;
  readonly partitions: number;
  readonly acks: number;
  readonly batchBytes: number;
  readonly recordBytes: number;
  readonly compression: Compression;
  readonly fetchBytes: number;
  /** Bytes that each partition holds before a run that fetches them. */
  readonly partitionBytes: number;
  /** Messages in a second, for a paced load. */
  readonly rate: number;
  /** A broker for each of `SHARD_COUNTS` side by side, not the one of the other rows. */
  readonly acrossShards: boolean;
}

/** What a broker is rather than what it does. */
export interface StateRow {
  readonly kind: 'state';
  readonly name: string;
  readonly title: string;
  readonly state: 'idle-connections' | 'partitions' | 'start' | 'rest' | 'loaded';
  /** Connections or partitions. */
  readonly count: number;
  readonly repetitions: number;
}

/** What the same work costs with so many shards each: a row of one broker for each. */
export const SHARD_COUNTS = [1, 2, 4];

export type BenchRow = LoadRow | StateRow;

const base: LoadRow = {
  kind: 'load',
  name: '',
  title: '',
  unit: 'bytes',
  workload: 'produce',
  connections: 4,
  // What the clients of most languages have in flight unless told otherwise.
  inFlight: 5,
  partitions: 16,
  acks: -1,
  batchBytes: 16_384,
  recordBytes: 100,
  compression: 'none',
  fetchBytes: 0,
  partitionBytes: 0,
  rate: 0,
  acrossShards: false,
};

const kib16 = { batchBytes: 16_384, recordBytes: 100, unit: 'requests' } as const;
const kib64 = { batchBytes: 65_536, recordBytes: 1024 } as const;
const mib1 = { batchBytes: 1 << 20, recordBytes: 1024 } as const;
const single = { batchBytes: 200, recordBytes: 200, unit: 'requests' } as const;
const catchUp = { ...kib16, workload: 'catch-up', partitions: 4, partitionBytes: 64 << 20 } as const;

const single200: LoadRow = { ...base, ...single, name: 'produce-200B', title: 'produce, one record of 200 B each' };
const fetch16: LoadRow = {
  ...base,
  ...catchUp,
  name: 'fetch-16KiB',
  title: 'fetch, catching up by 16 KiB at a time',
  inFlight: 5,
  fetchBytes: 16_384,
};
const produce16: LoadRow = {
  ...base,
  ...kib16,
  name: 'produce-16KiB',
  title: 'produce, records of 100 B in batches of 16 KiB, 16 partitions',
};
const produceMib: LoadRow = {
  ...base,
  ...mib1,
  name: 'produce-1MiB',
  title: 'produce, records of 1 KiB in batches of 1 MiB',
};

const loadRows: readonly LoadRow[] = [
  single200,
  produce16,
  {
    ...produce16,
    name: 'produce-16KiB-1p',
    title: 'produce, records of 100 B in batches of 16 KiB, 1 partition',
    partitions: 1,
  },
  { ...base, ...kib64, name: 'produce-64KiB', title: 'produce, records of 1 KiB in batches of 64 KiB' },
  { ...base, ...kib64, name: 'produce-64KiB-acks1', title: 'produce, 1 KiB in 64 KiB, acks=1', acks: 1 },
  { ...base, ...kib64, name: 'produce-64KiB-1c', title: 'produce, 1 KiB in 64 KiB, 1 connection', connections: 1 },
  { ...base, ...kib64, name: 'produce-64KiB-64c', title: 'produce, 1 KiB in 64 KiB, 64 connections', connections: 64 },
  produceMib,
  {
    ...base,
    ...kib64,
    name: 'produce-64KiB-lz4',
    title: 'produce, records of 1 KiB in lz4 batches of 64 KiB (before compression, as the bytes are counted)',
    compression: 'lz4',
  },
  {
    ...base,
    ...kib64,
    name: 'produce-64KiB-zstd',
    title: 'produce, records of 1 KiB in zstd batches of 64 KiB',
    compression: 'zstd',
  },
  fetch16,
  {
    ...base,
    ...catchUp,
    name: 'fetch-1MiB',
    title: 'fetch, catching up by 1 MiB at a time',
    unit: 'bytes',
    inFlight: 1,
    fetchBytes: 1 << 20,
  },
  {
    ...base,
    ...kib16,
    name: 'tail-16KiB',
    title: 'batches of 16 KiB, each fetched when it is there',
    workload: 'tail',
    inFlight: 1,
    partitions: 4,
  },
  {
    ...base,
    ...mib1,
    name: 'tail-1MiB',
    title: 'batches of 1 MiB, each fetched when it is there',
    workload: 'tail',
    inFlight: 1,
    partitions: 4,
  },
  {
    ...base,
    name: 'produce-and-fetch',
    title: 'produce of 16 KiB batches over 4 connections, and fetch of 1 MiB at a time over 4 more',
    workload: 'both',
    connections: 8,
    partitions: 4,
    partitionBytes: 16 << 20,
    fetchBytes: 1 << 20,
  },
  {
    ...base,
    name: 'latency',
    title: '2 000 messages of 1 KiB in a second, end to end',
    unit: 'requests',
    workload: 'paced',
    connections: 2,
    inFlight: 1,
    partitions: 2,
    batchBytes: 1024,
    recordBytes: 1024,
    rate: 2000,
  },
  {
    ...single200,
    name: 'shards-200B',
    title: 'produce of single records over 64 connections with 1, 2, 4 shards',
    connections: 64,
    acrossShards: true,
  },
  {
    ...base,
    ...kib64,
    name: 'shards-64KiB',
    title: 'produce of 64 KiB batches over 64 connections with 1, 2, 4 shards',
    connections: 64,
    acrossShards: true,
  },
];

const stateRows: readonly StateRow[] = [
  {
    kind: 'state',
    name: 'start',
    title: 'start of the built package, formatted, compile cache warm, to the first Metadata',
    state: 'start',
    count: 0,
    repetitions: 5,
  },
  { kind: 'state', name: 'rest', title: 'a broker at rest', state: 'rest', count: 0, repetitions: 2 },
  {
    kind: 'state',
    name: 'idle-1000',
    title: '1 000 idle connections',
    state: 'idle-connections',
    count: 1000,
    repetitions: 2,
  },
  {
    kind: 'state',
    name: 'idle-5000',
    title: '5 000 idle connections',
    state: 'idle-connections',
    count: 5000,
    repetitions: 2,
  },
  {
    kind: 'state',
    name: 'partitions-5000',
    title: 'a topic of 5 000 partitions: created, every one written once, started again',
    state: 'partitions',
    count: 5000,
    repetitions: 1,
  },
  {
    kind: 'state',
    name: 'memory',
    title: 'memory after a moment of every load, 2 shards',
    state: 'loaded',
    count: 2,
    repetitions: 1,
  },
];

export const benchRows: readonly BenchRow[] = [...loadRows, ...stateRows];

/** What `--quick` measures: small and large requests, written and read. */
export const quickRows: readonly LoadRow[] = [single200, produce16, fetch16, produceMib];

/** Every combination of what the rows vary, beside the rows. */
export function fullRows(): readonly BenchRow[] {
  const rows: BenchRow[] = [...benchRows];
  const shapes = [
    ['200B', single],
    ['16KiB', kib16],
    ['64KiB', kib64],
    ['1MiB', mib1],
  ] as const;
  for (const [size, shape] of shapes)
    for (const partitions of [1, 16])
      for (const connections of [1, 4, 64])
        for (const acks of [1, -1])
          for (const compression of ['none', 'lz4', 'zstd'] as const) {
            const name = `all-produce-${size}-${partitions}p-${connections}c-acks${acks}-${compression}`;
            rows.push({ ...base, ...shape, name, title: '', partitions, connections, acks, compression });
          }
  for (const [size, fetchBytes] of [
    ['16KiB', 16_384],
    ['1MiB', 1 << 20],
  ] as const)
    for (const partitions of [1, 16])
      for (const connections of [1, 4, 64]) {
        const name = `${size}-${partitions}p-${connections}c`;
        const inFlight = fetchBytes > 65_536 ? 1 : 5;
        // Together a quarter of a GiB, so that all of it stays in the page cache.
        const fetch = {
          ...catchUp,
          partitions,
          connections,
          fetchBytes,
          inFlight,
          partitionBytes: (256 << 20) / partitions,
        };
        rows.push({ ...base, ...fetch, name: `all-fetch-${name}`, title: '' });
        const shape = fetchBytes > 65_536 ? mib1 : kib16;
        const tail = { ...shape, workload: 'tail', partitions, connections, inFlight: 1 } as const;
        // Each consumer counts what comes to its partition, so that nobody else may write there.
        if (connections <= partitions) rows.push({ ...base, ...tail, name: `all-tail-${name}`, title: '' });
      }
  return rows;
}
