/** What a row is run against: a broker (ours or any other), or the machine's own limit. */
import { fork, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BrokerProcess } from './broker_process.ts';
import type { LimitPlan, LimitReady } from './limit_loop.ts';
import type { GeneratorProcess } from './load/client.ts';
import {
  FETCH_VERSIONS,
  fetchAnswer,
  fetchFrame,
  PRODUCE_TAIL,
  PRODUCE_VERSIONS,
  produceAnswer,
  produceHead,
} from './load/frames.ts';
import type { LoadJob } from './load/job.ts';
import { buildBatch, type BuiltBatch } from './load/record_batch.ts';
import { createTopic, deleteTopic, negotiate, type BrokerAddress, type BrokerVersions } from './load/session.ts';
import type { BenchRow } from './rows.ts';

const PREFILL_SECONDS_MAX = 300;

export interface Target {
  readonly name: string;
  /** Whose CPU time counts; null when not known. */
  readonly pid: number | null;
  /** The broker that tells its counts, if this is one. */
  readonly counted: BrokerProcess | null;
  /** Makes ready for a run of the row. */
  open(row: BenchRow, generator: GeneratorProcess): Promise<LoadJob>;
  /** After a run; the generator's connections are closed. */
  close(row: BenchRow): Promise<void>;
  end(): Promise<void>;
}

export class BrokerTarget implements Target {
  readonly name: string;
  readonly pid: number | null;
  readonly counted: BrokerProcess | null;
  readonly #address: BrokerAddress;
  readonly #versions: BrokerVersions;
  /** Topics to fetch from are filled once. */
  readonly #filled = new Map<string, LoadJob>();
  #topics = 0;
  #open = '';

  private constructor(
    name: string,
    address: BrokerAddress,
    pid: number | null,
    own: BrokerProcess | null,
    versions: BrokerVersions,
  ) {
    this.name = name;
    this.#address = address;
    this.pid = pid;
    this.counted = own;
    this.#versions = versions;
  }

  static async reach(
    name: string,
    address: BrokerAddress,
    pid: number | null,
    own: BrokerProcess | null,
  ): Promise<Target> {
    return new BrokerTarget(name, address, pid, own, await negotiate(address));
  }

  async open(row: BenchRow, generator: GeneratorProcess): Promise<LoadJob> {
    const filled = this.#filled.get(row.name);
    if (filled !== undefined) return filled;
    const name = `bench-${process.pid}-${row.name}-${++this.#topics}`;
    const topic = await createTopic(this.#address, name, row.partitions);
    const batchesPerPartition = Math.floor(row.partitionBytes / row.batchBytes);
    const job: LoadJob = {
      ...jobOf(row, this.#address, this.#versions),
      topic: { name, idHex: Buffer.from(topic.id).toString('hex') },
      batchesPerPartition,
    };
    if (row.workload !== 'catch-up') {
      this.#open = name;
      return job;
    }
    // One connection with a slot for each partition fills all of them alike.
    await generator.prepare({ ...job, workload: 'produce', connections: 1, inFlight: row.partitions, acks: -1 });
    const requests = row.partitions * batchesPerPartition;
    await generator.run({ seconds: PREFILL_SECONDS_MAX, requests, watch: [] });
    this.#filled.set(row.name, job);
    return job;
  }

  async close(): Promise<void> {
    const name = this.#open;
    this.#open = '';
    if (name !== '' && this.#versions.deletesTopics) await deleteTopic(this.#address, name);
  }

  async end(): Promise<void> {
    if (this.counted !== null) return this.counted.stop();
    if (!this.#versions.deletesTopics) return;
    for (const job of this.#filled.values()) await deleteTopic(this.#address, job.topic.name);
  }
}

export class LimitTarget implements Target {
  readonly name = 'limit';
  readonly counted = null;
  readonly #child: ChildProcess;
  readonly #directory: string;
  readonly #fetchFiles = new Map<string, string>();

  constructor(directory: string) {
    this.#directory = directory;
    this.#child = fork(fileURLToPath(new URL('./limit_loop.ts', import.meta.url)));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  async open(row: BenchRow): Promise<LoadJob> {
    const versions = { produce: PRODUCE_VERSIONS.max, fetch: FETCH_VERSIONS.max, deletesTopics: false };
    const topic = { name: `bench-${row.name}`, idHex: '00'.repeat(16) };
    const id = Buffer.from(topic.idHex, 'hex');
    const batch = buildBatch(row, Date.now());
    const answer = await this.#ask(this.#plan(row, versions, { name: topic.name, id }, batch));
    const address = { host: '127.0.0.1', port: (answer as LimitReady).port };
    const batchesPerPartition = Math.floor(row.partitionBytes / row.batchBytes);
    return { ...jobOf(row, address, versions), topic, batchesPerPartition };
  }

  async close(row: BenchRow): Promise<void> {
    if (row.workload === 'produce') await this.#ask('empty');
  }

  async end(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
  }

  #plan(
    row: BenchRow,
    versions: BrokerVersions,
    topic: { name: string; id: Uint8Array },
    batch: BuiltBatch,
  ): LimitPlan {
    const { inFlight } = row;
    if (row.workload === 'produce') {
      const head = produceHead(versions.produce, 0, topic, 0, row.acks, batch.bytes.length);
      const frameBytes = head.length + batch.bytes.length + PRODUCE_TAIL.length;
      const answer = produceAnswer(versions.produce, topic).toString('base64');
      return { kind: 'socket-to-file', file: join(this.#directory, 'limit'), frameBytes, answer, inFlight };
    }
    const shape = { maxWaitMs: 0, minBytes: 0, maxBytes: row.fetchBytes, partitionMaxBytes: row.fetchBytes };
    const recordsBytes = Math.floor(row.fetchBytes / batch.bytes.length) * batch.bytes.length;
    const { head, tail } = fetchAnswer(versions.fetch, topic, recordsBytes);
    return {
      kind: 'file-to-socket',
      file: this.#fetchFile(row, batch),
      fileBytes: row.partitions * Math.floor(row.partitionBytes / batch.bytes.length) * batch.bytes.length,
      frameBytes: fetchFrame(versions.fetch, 0, topic, 0, 0, shape).length,
      recordsBytes,
      head: head.toString('base64'),
      tail: tail.toString('base64'),
      inFlight,
    };
  }

  #fetchFile(row: BenchRow, batch: BuiltBatch): string {
    const known = this.#fetchFiles.get(row.name);
    if (known !== undefined) return known;
    const path = join(this.#directory, `limit-${row.name}`);
    const descriptor = openSync(path, 'w');
    const batches = row.partitions * Math.floor(row.partitionBytes / batch.bytes.length);
    for (let index = 0; index < batches; index++) writeSync(descriptor, batch.bytes);
    closeSync(descriptor);
    this.#fetchFiles.set(row.name, path);
    return path;
  }

  #ask(question: LimitPlan | 'empty'): Promise<LimitReady | 'emptied'> {
    return new Promise((resolve, reject) => {
      const exited = (code: number | null) => reject(new Error(`the limit loop ended with ${code}`));
      this.#child.once('exit', exited);
      this.#child.once('message', (answer) => {
        this.#child.off('exit', exited);
        resolve(answer as LimitReady | 'emptied');
      });
      this.#child.send(question);
    });
  }
}

function jobOf(
  row: BenchRow,
  address: BrokerAddress,
  versions: BrokerVersions,
): Omit<LoadJob, 'topic' | 'batchesPerPartition'> {
  const { workload, partitions, connections, inFlight, acks, batchBytes, recordBytes, fetchBytes } = row;
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
    fetchBytes,
  };
}
