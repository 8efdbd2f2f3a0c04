/**
 * The count gate: what the broker does for each request, counted, not timed, so that a slow or busy machine says the same
 * as a fast one. System calls, wake-ups, messages between threads and copied bytes are the broker's own counters; heap
 * bytes are V8's count of all that was ever allocated; views of memory are counted by a second broker whose
 * constructors are stood in for. A count above its limit in bench/limits.json fails.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BrokerProcess } from './broker_process.ts';
import { countedLoads, type CountedLoad } from './counting/loads.ts';
import {
  breaches,
  countedNames,
  limitFor,
  renderCounts,
  smallest,
  type CountedName,
  type Counts,
  type Limits,
} from './counting/limits.ts';
import type { ProbeAnswer } from './counting/questions.ts';
import { GeneratorProcess } from './load/client.ts';
import type { LoadJob } from './load/job.ts';
import { createTopic, deleteTopic, negotiate, type BrokerAddress, type BrokerVersions } from './load/session.ts';

const LIMITS_FILE = fileURLToPath(new URL('./limits.json', import.meta.url));
const ROUNDS = 5;
/** Before the rounds that count: until then the engine still interprets, and allocates for it. */
const WARM_UP_ROUNDS = 5;
/** Compiled at the same call of a function each time, not when another thread has time for it. */
const NODE_OPTIONS = ['--no-concurrent-recompilation'];
/** A connection lands on any shard: how often to try for the one where the partition is not. */
const CROSSING_TRIES = 40;
const SECONDS_MAX = 120;

/** Returns the exit code. */
export async function runCountGate(parent: string, writeLimits: boolean): Promise<number> {
  const directory = mkdtempSync(join(parent, 'millrace-counts-'));
  const counted = new Map<string, Counts>();
  try {
    for (const shards of [1, 2] as const) {
      const loads = countedLoads.filter((load) => load.shards === shards);
      const events = await countWith(directory, shards, loads, false);
      const views = await countWith(directory, shards, loads, true);
      for (const { name } of loads) counted.set(name, { ...events.get(name)!, views: views.get(name)!.views });
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  if (writeLimits) writeFileSync(LIMITS_FILE, `${JSON.stringify(limitsFrom(counted), null, 2)}\n`);
  return report(counted, JSON.parse(readFileSync(LIMITS_FILE, 'utf8')) as Limits);
}

function report(counted: ReadonlyMap<string, Counts>, limits: Limits): number {
  console.log(renderCounts(counted, limits));
  const found = [...counted].flatMap(([load, counts]) => breaches(load, counts, limits));
  if (found.length === 0) {
    console.log('\nAll counts are within bench/limits.json.');
    return 0;
  }
  console.error(`\n${found.length} counts break bench/limits.json:`);
  for (const { load, name, counted: value, limit } of found) {
    console.error(`  ${load}: ${value.toFixed(2)} ${name} for each request, limit ${limit ?? 'not given'}`);
  }
  console.error('A higher limit is a decision: write it with `npm run bench -- --counts --write-limits` and say why.');
  return 1;
}

function limitsFrom(counted: ReadonlyMap<string, Counts>): Limits {
  const limits: Record<string, Partial<Record<CountedName, number>>> = {};
  for (const { name: load, slack } of countedLoads) {
    const counts = counted.get(load)!;
    limits[load] = Object.fromEntries(countedNames.map((name) => [name, limitFor(name, counts[name], slack)]));
  }
  return limits;
}

async function countWith(
  directory: string,
  shards: number,
  loads: readonly CountedLoad[],
  countViews: boolean,
): Promise<Map<string, Counts>> {
  const broker = await BrokerProcess.start({ directory, shards, overrides: [], nodeOptions: NODE_OPTIONS, countViews });
  const generator = new GeneratorProcess();
  try {
    const gate = new Gate(broker, generator, await negotiate({ host: '127.0.0.1', port: broker.port }));
    const counted = new Map<string, Counts>();
    for (const load of loads) counted.set(load.name, await gate.count(load));
    return counted;
  } finally {
    generator.end();
    await broker.stop();
  }
}

class Gate {
  readonly #broker: BrokerProcess;
  readonly #generator: GeneratorProcess;
  readonly #address: BrokerAddress;
  readonly #versions: BrokerVersions;

  constructor(broker: BrokerProcess, generator: GeneratorProcess, versions: BrokerVersions) {
    this.#broker = broker;
    this.#generator = generator;
    this.#address = { host: '127.0.0.1', port: broker.port };
    this.#versions = versions;
  }

  async count(load: CountedLoad): Promise<Counts> {
    const name = `counts-${load.name}`;
    const topic = await createTopic(this.#address, name, 1);
    const job = this.#job(load, name, Buffer.from(topic.id).toString('hex'));
    if (load.workload === 'catch-up') {
      await this.#generator.prepare({ ...job, workload: 'produce', acks: -1 });
      await this.#run(load.batchesPerPartition);
    }
    await this.#generator.prepare(job);
    if (load.shards === 2) await this.#land(load, job);
    for (let round = 0; round < WARM_UP_ROUNDS; round++) await this.#run(load.requests);
    const rounds: Counts[] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await this.#round(load.requests));
    await this.#generator.closeConnections();
    if (this.#versions.deletesTopics) await deleteTopic(this.#address, name);
    return smallest(rounds);
  }

  /** Connects anew until the connection's shard is, or is not, that of the partition. */
  async #land(load: CountedLoad, job: LoadJob): Promise<void> {
    for (let attempt = 0; attempt < CROSSING_TRIES; attempt++) {
      const counts = await this.#round(20);
      if (counts.ringMessages >= 1 === load.crossing) return;
      await this.#generator.prepare(job);
    }
    throw new Error(`${load.name}: no connection landed where it was wanted`);
  }

  async #round(requests: number): Promise<Counts> {
    const before = await this.#broker.counts();
    const done = await this.#run(requests);
    const after = await this.#broker.counts();
    return countsBetween(before, after, done);
  }

  async #run(requests: number): Promise<number> {
    const result = await this.#generator.run({ seconds: SECONDS_MAX, requests, watch: [] });
    return result.requests;
  }

  #job(load: CountedLoad, name: string, idHex: string): LoadJob {
    const { workload, connections, inFlight, batchBytes, recordBytes, fetchBytes, batchesPerPartition } = load;
    return {
      ...this.#address,
      workload,
      topic: { name, idHex },
      partitions: 1,
      produceVersion: this.#versions.produce,
      fetchVersion: this.#versions.fetch,
      connections,
      inFlight,
      acks: -1,
      batchBytes,
      recordBytes,
      compression: 'none',
      rate: 0,
      fetchBytes,
      batchesPerPartition,
    };
  }
}

function countsBetween(before: ProbeAnswer, after: ProbeAnswer, requests: number): Counts {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const heapBytes = sum(after.allocatedBytes) - sum(before.allocatedBytes);
  const events = countedNames.map((name): [CountedName, number] => {
    if (name === 'heapBytes') return [name, heapBytes / requests];
    if (name === 'views') return [name, (after.views - before.views) / requests];
    const value = after.counters[name];
    if (value === undefined) throw new Error(`the broker does not tell ${name}`);
    return [name, (value - before.counters[name]!) / requests];
  });
  return Object.fromEntries(events) as Counts;
}
