/** The machine's own limit as a target: the process of `limit_loop.ts`, and the plan that it gets for a row. */
import { fork, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CrossingPlan } from './crossing_loop.ts';
import type { AppendPlan, LimitPlan, LimitReady, ReadPlan } from './limit_loop.ts';
import type { GeneratorProcess } from './load/client.ts';
import {
  FETCH_VERSIONS,
  fetchAnswer,
  fetchFrame,
  PRODUCE_TAIL,
  PRODUCE_VERSIONS,
  produceAnswer,
  produceHead,
  type TopicName,
} from './load/frames.ts';
import { buildBatch, type BuiltBatch } from './load/record_batch.ts';
import type { LoadRow } from './rows.ts';
import { jobOf, type Target } from './targets.ts';

/** As much as this broker writes at once, unless one batch is larger. */
const WRITE_BYTES_MAX = 64 * 1024;
const VERSIONS = { produce: PRODUCE_VERSIONS.max, fetch: FETCH_VERSIONS.max, deletesTopics: false };

export class LimitTarget implements Target {
  readonly name: string;
  readonly counted = null;
  readonly brief = true;
  readonly #child: ChildProcess;
  readonly #directory: string;
  readonly #threads: number;
  readonly #sources = new Map<string, string>();

  /** More than one thread: for rows that append and nothing else. */
  constructor(directory: string, threads = 1) {
    this.#directory = directory;
    this.#threads = threads;
    this.name = threads === 1 ? 'limit' : `limit, ${threads} threads`;
    const program = threads === 1 ? './limit_loop.ts' : './crossing_loop.ts';
    this.#child = fork(fileURLToPath(new URL(program, import.meta.url)));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  async open(row: LoadRow, generator: GeneratorProcess): Promise<void> {
    const topic = { name: `bench-${row.name}`, idHex: '00'.repeat(16) };
    const id = Buffer.from(topic.idHex, 'hex');
    const answer = await this.#ask(this.#plan(row, { name: topic.name, id }, buildBatch(row, Date.now())));
    const address = { host: '127.0.0.1', port: (answer as LimitReady).port };
    const batchesPerPartition = Math.floor(row.partitionBytes / row.batchBytes);
    await generator.prepare({ ...jobOf(row, address, VERSIONS), topic, batchesPerPartition });
  }

  async close(): Promise<void> {
    await this.#ask('empty');
  }

  async end(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
  }

  #plan(row: LoadRow, topic: TopicName, batch: BuiltBatch): LimitPlan | CrossingPlan {
    if (this.#threads > 1) {
      const append = appendPlan(row, topic, batch);
      const file = join(this.#directory, `limit-${row.name}-${this.#threads}`);
      return { threads: this.#threads, file, append, connections: row.connections };
    }
    const pairs = row.workload === 'tail' || row.workload === 'paced';
    const reads = row.workload === 'catch-up' || row.workload === 'both';
    return {
      file: join(this.#directory, 'limit'),
      append: row.workload === 'catch-up' ? null : appendPlan(row, topic, batch),
      read: pairs || reads ? this.#readPlan(row, topic, batch, reads) : null,
      pairs,
    };
  }

  /** `source`: from a file that is there; else one batch at a time from what was just written. */
  #readPlan(row: LoadRow, topic: TopicName, batch: BuiltBatch, source: boolean): ReadPlan {
    const { length } = batch.bytes;
    const maxBytes = source ? row.fetchBytes : 8 << 20;
    const shape = { maxWaitMs: 0, minBytes: 0, maxBytes, partitionMaxBytes: maxBytes };
    const recordsBytes = source ? Math.floor(row.fetchBytes / length) * length : length;
    const { head, tail } = fetchAnswer(VERSIONS.fetch, topic, recordsBytes);
    return {
      file: source ? this.#source(row, batch) : '',
      fileBytes: row.partitions * Math.floor(row.partitionBytes / length) * length,
      frameBytes: fetchFrame(VERSIONS.fetch, 0, topic, 0, 0, shape).length,
      recordsBytes,
      head: head.toString('base64'),
      tail: tail.toString('base64'),
      inFlight: row.workload === 'catch-up' ? row.inFlight : 1,
    };
  }

  #source(row: LoadRow, batch: BuiltBatch): string {
    const known = this.#sources.get(row.name);
    if (known !== undefined) return known;
    const path = join(this.#directory, `limit-${row.name}`);
    const descriptor = openSync(path, 'w');
    const batches = row.partitions * Math.floor(row.partitionBytes / batch.bytes.length);
    for (let index = 0; index < batches; index++) writeSync(descriptor, batch.bytes);
    closeSync(descriptor);
    this.#sources.set(row.name, path);
    return path;
  }

  #ask(question: LimitPlan | CrossingPlan | 'empty'): Promise<LimitReady | 'emptied'> {
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

function appendPlan(row: LoadRow, topic: TopicName, batch: BuiltBatch): AppendPlan {
  const head = produceHead(VERSIONS.produce, 0, topic, 0, row.acks, batch.bytes.length);
  const frameBytes = head.length + batch.bytes.length + PRODUCE_TAIL.length;
  return {
    frameBytes,
    answer: produceAnswer(VERSIONS.produce, topic).toString('base64'),
    inFlight: row.inFlight,
    writeBytesMax: Math.max(WRITE_BYTES_MAX, frameBytes),
  };
}
