import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrokerProcess } from '../../../bench/broker_process.ts';
import { GeneratorProcess } from '../../../bench/load/client.ts';
import type { LoadJob } from '../../../bench/load/job.ts';
import { createTopic, negotiate, type BrokerVersions } from '../../../bench/load/session.ts';

const REQUESTS = 1000;
const ROUNDS = 4;
/**
 * Bytes of JavaScript heap for a request, when five are in flight on each of four connections. A request itself makes no
 * object: what is left are the views that native calls and vectored writes take (150 B each), what Node makes for each
 * read and write of a socket, and what a turn makes. Half of these bounds is what is counted.
 */
const PRODUCE_BYTES_MAX = 3000;
const FETCH_BYTES_MAX = 5600;

const directory = mkdtempSync(join(tmpdir(), 'millrace-allocation-'));
const generator = new GeneratorProcess();
let broker: BrokerProcess;
let versions: BrokerVersions;

before(async () => {
  // Compiled at the same call of a function each time, not when another thread has time for it.
  const nodeOptions = ['--no-concurrent-recompilation'];
  broker = await BrokerProcess.start({ directory, shards: 1, overrides: [], nodeOptions, countViews: false });
  versions = await negotiate({ host: '127.0.0.1', port: broker.port });
});

after(async () => {
  generator.end();
  await broker.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function jobOn(topicName: string): Promise<LoadJob> {
  const address = { host: '127.0.0.1', port: broker.port };
  const topic = await createTopic(address, topicName, 4);
  return {
    ...address,
    workload: 'produce',
    topic: { name: topicName, idHex: Buffer.from(topic.id).toString('hex') },
    partitions: 4,
    produceVersion: versions.produce,
    fetchVersion: versions.fetch,
    connections: 4,
    inFlight: 5,
    acks: -1,
    batchBytes: 200,
    recordBytes: 200,
    compression: 'none',
    rate: 0,
    fetchBytes: 4096,
    batchesPerPartition: 250,
  };
}

const run = (requests: number) => generator.run({ seconds: 60, requests, watch: [] });

/** The least of several rounds: in one of them the engine may have compiled something. */
async function allocatedForRequest(): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const earlier = (await broker.counts()).allocatedBytes;
    const { requests } = await run(REQUESTS);
    const later = (await broker.counts()).allocatedBytes;
    const bytes = later.reduce((sum, count, thread) => sum + count - earlier[thread]!, 0);
    least = Math.min(least, bytes / requests);
  }
  return least;
}

test('a thousand Produce requests leave next to nothing to the garbage collector', async () => {
  await generator.prepare(await jobOn('produced'));
  await run(5 * REQUESTS);
  const bytes = await allocatedForRequest();
  assert.ok(bytes > 0 && bytes <= PRODUCE_BYTES_MAX, `${bytes.toFixed(0)} bytes for each request`);
});

test('a thousand Fetch requests leave little to the garbage collector', async () => {
  const job = await jobOn('fetched');
  await generator.prepare(job);
  await run(REQUESTS);
  await generator.prepare({ ...job, workload: 'catch-up' });
  await run(5 * REQUESTS);
  const bytes = await allocatedForRequest();
  assert.ok(bytes > 0 && bytes <= FETCH_BYTES_MAX, `${bytes.toFixed(0)} bytes for each request`);
});
