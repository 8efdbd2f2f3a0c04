/** What a load is run against: a broker (ours or any other), or the machine's own limit (`limit_target.ts`). */
import { BrokerProcess, type BrokerOptions } from './broker_process.ts';
import type { GeneratorProcess } from './load/client.ts';
import type { LoadJob } from './load/job.ts';
import { createTopic, deleteTopic, negotiate, type BrokerAddress, type BrokerVersions } from './load/session.ts';
import { layConnections } from './placement.ts';
import type { LoadRow } from './rows.ts';

const PREFILL_SECONDS_MAX = 300;

export interface Target {
  readonly name: string;
  /** Whose CPU time counts; null when not known. */
  readonly pid: number | null;
  /** The broker that tells its counts, if this is one. */
  readonly counted: BrokerProcess | null;
  /** It has no more to warm up to: half the time tells as much. */
  readonly brief: boolean;
  /** Makes ready for a run of the row: topic, data, connections. */
  open(row: LoadRow, generator: GeneratorProcess): Promise<void>;
  /** After a run; the generator's connections are closed. */
  close(row: LoadRow): Promise<void>;
  end(): Promise<void>;
}

export class BrokerTarget implements Target {
  readonly name: string;
  readonly pid: number | null;
  readonly counted: BrokerProcess | null;
  readonly brief = false;
  readonly address: BrokerAddress;
  readonly versions: BrokerVersions;
  readonly #own: BrokerProcess | null;
  readonly #shards: number;
  /** Topics that are only read are filled once. */
  readonly #filled = new Map<string, LoadJob>();
  #topics = 0;
  #open = '';

  private constructor(
    name: string,
    address: BrokerAddress,
    versions: BrokerVersions,
    pid: number | null,
    own: BrokerProcess | null,
    shards: number,
  ) {
    this.name = name;
    this.address = address;
    this.versions = versions;
    this.pid = pid;
    this.#own = own;
    this.counted = own !== null && own.probed ? own : null;
    this.#shards = shards;
  }

  /** Another broker, by its address and, if known, its process. */
  static async reach(name: string, address: BrokerAddress, pid: number | null): Promise<BrokerTarget> {
    return new BrokerTarget(name, address, await negotiate(address), pid, null, 0);
  }

  /** A broker from this repository; `end` ends it. */
  static async start(name: string, options: OwnOptions): Promise<BrokerTarget> {
    const own = await BrokerProcess.start({ nodeOptions: [], countViews: false, ...options });
    const address = { host: '127.0.0.1', port: own.port };
    return new BrokerTarget(name, address, await negotiate(address), own.pid, own, options.shards);
  }

  async open(row: LoadRow, generator: GeneratorProcess): Promise<void> {
    const job = this.#filled.get(row.name) ?? (await this.#make(row, generator));
    if (this.counted === null) await generator.prepare(job);
    else await layConnections(generator, this.counted, job, this.#shards);
  }

  async close(): Promise<void> {
    const name = this.#open;
    this.#open = '';
    if (name !== '' && this.versions.deletesTopics) await deleteTopic(this.address, name);
  }

  async end(): Promise<void> {
    if (this.#own !== null) return this.#own.stop();
    if (!this.versions.deletesTopics) return;
    for (const job of this.#filled.values()) await deleteTopic(this.address, job.topic.name);
  }

  async #make(row: LoadRow, generator: GeneratorProcess): Promise<LoadJob> {
    const name = `bench-${process.pid}-${row.name}-${++this.#topics}`;
    const topic = await createTopic(this.address, name, row.partitions);
    const batchesPerPartition = Math.floor(row.partitionBytes / row.batchBytes);
    const job: LoadJob = {
      ...jobOf(row, this.address, this.versions),
      topic: { name, idHex: Buffer.from(topic.id).toString('hex') },
      batchesPerPartition,
    };
    if (batchesPerPartition > 0) {
      // One connection with a slot for each partition fills all of them alike.
      await generator.prepare({ ...job, workload: 'produce', connections: 1, inFlight: row.partitions, acks: -1 });
      const requests = row.partitions * batchesPerPartition;
      await generator.run({ seconds: PREFILL_SECONDS_MAX, requests, watch: [] });
    }
    if (row.workload === 'catch-up') this.#filled.set(row.name, job);
    else this.#open = name;
    return job;
  }
}

export type OwnOptions = Pick<BrokerOptions, 'directory' | 'shards' | 'overrides'> &
  Partial<Pick<BrokerOptions, 'tree' | 'entry' | 'dataDirectory'>>;

export function jobOf(
  row: LoadRow,
  address: BrokerAddress,
  versions: BrokerVersions,
): Omit<LoadJob, 'topic' | 'batchesPerPartition'> {
  const { workload, partitions, connections, inFlight, acks, batchBytes, recordBytes, compression, rate, fetchBytes } =
    row;
  return {
    ...address,
    workload,
    partitions,
    produceVersion: versions.produce,
    fetchVersion: versions.fetch,
    connections,
    inFlight,
    acks,
    batchBytes,
    recordBytes,
    compression,
    rate,
    fetchBytes,
  };
}
