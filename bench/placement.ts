/**
 * Where connections lie. The kernel gives each connection to any shard, so that a handful of them may all lie on one, and
 * all or none of their requests may cross to another. Before a run the generator connects anew until its connections are
 * spread evenly over the shards, and until about as many of its appends cross as on average would: all but one in as many
 * as there are shards.
 */
import type { BrokerProcess } from './broker_process.ts';
import type { GeneratorProcess } from './load/client.ts';
import type { LoadJob } from './load/job.ts';

/** How often a connection is made anew, and how often all of them, before what came is taken as it is. */
const TRIES_EACH = 60;
const TRIES_ALL = 12;
const ACCEPT_LIMIT_MS = 5000;
/** Requests that show how many cross. */
const SAMPLE_REQUESTS = 120;

/** Opens the job's connections on a broker whose shards tell what they accepted. */
export async function layConnections(
  generator: GeneratorProcess,
  broker: BrokerProcess,
  job: LoadJob,
  shards: number,
): Promise<void> {
  if (shards === 1) return generator.prepare(job);
  for (let attempt = 0; attempt < TRIES_ALL; attempt++) {
    await spreadEvenly(generator, broker, job, shards);
    // A shard reads for itself: only appends cross.
    if (job.workload === 'catch-up' || job.workload === 'both') return;
    const share = await crossingShare(generator, broker, job);
    if (closeEnough(share, shards, job.connections)) return;
  }
}

/** Half the step that one connection makes, or a tenth where there are many. */
export function closeEnough(share: number, shards: number, connections: number): boolean {
  const wanted = (shards - 1) / shards;
  return Math.abs(share - wanted) <= Math.max(0.12, 0.5 / connections) + 1e-9;
}

async function spreadEvenly(
  generator: GeneratorProcess,
  broker: BrokerProcess,
  job: LoadJob,
  shards: number,
): Promise<void> {
  const socketsOfLane = job.workload === 'tail' || job.workload === 'paced' ? 2 : 1;
  const most = Math.ceil((job.connections * socketsOfLane) / shards);
  const held = Array.from({ length: shards }, () => 0);
  let before = await broker.accepted(shards);
  await generator.prepare(job, 0);
  for (let lane = 0; lane < job.connections; lane++) {
    for (let attempt = 0; ; attempt++) {
      await generator.openLane(attempt > 0);
      const after = await accepted(broker, shards, before, socketsOfLane);
      const landed = after.map((count, shard) => count - before[shard]!);
      before = after;
      const fits = landed.every((count, shard) => held[shard]! + count <= most);
      if (!fits && attempt < TRIES_EACH) continue;
      landed.forEach((count, shard) => (held[shard]! += count));
      break;
    }
  }
}

/** A client is connected before the broker has accepted it. */
async function accepted(
  broker: BrokerProcess,
  shards: number,
  before: readonly number[],
  more: number,
): Promise<readonly number[]> {
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
  const untilMs = performance.now() + ACCEPT_LIMIT_MS;
  for (;;) {
    const after = await broker.accepted(shards);
    if (sum(after) >= sum(before) + more) return after;
    if (performance.now() > untilMs) throw new Error('the broker does not tell of a connection that it accepted');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Of the appends: each one that crosses is a message there and one back. */
async function crossingShare(generator: GeneratorProcess, broker: BrokerProcess, job: LoadJob): Promise<number> {
  const before = (await broker.counts()).counters['ringMessages'] ?? 0;
  const { requests } = await generator.run({ seconds: 10, requests: SAMPLE_REQUESTS, watch: [] });
  const after = (await broker.counts()).counters['ringMessages'] ?? 0;
  const appends = job.workload === 'tail' ? requests / 2 : requests;
  return (after - before) / 2 / appends;
}
