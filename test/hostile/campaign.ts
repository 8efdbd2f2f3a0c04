import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from '../../src/base/random.ts';
import { BrokerProcess } from '../processes/broker_process.ts';
import { WireClient } from '../processes/wire_client.ts';
import { AnswerJudge } from './answer_judge.ts';
import { DrawnRequests } from './drawn_requests.ts';
import type { DrawnWorld } from './drawn_values.ts';
import { GoodPair } from './good_pair.ts';
import { nothingHeld, probed } from './holdings.ts';
import { Lane, laneCorrelations, type LaneCounts } from './lane.ts';

export interface CampaignOptions {
  readonly inputs: number;
  readonly seed: number;
  readonly nodeArguments?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

export interface CampaignReport extends LaneCounts {
  /** Records of the pair that behaved. */
  readonly records: number;
  readonly residentBytesBefore: number;
  readonly residentBytesMax: number;
  /** Answers to well-formed requests, by API and error. */
  readonly seen: ReadonlyMap<string, number>;
}

const shards = 2;
const laneCount = 8;
const stepsBetweenLooks = 25;
/** Topics of the lanes, made again whenever they are gone. */
const topics = ['fuzz-a', 'fuzz-b', 'fuzz.c', '__transaction_state'];
const overrides = {
  'auto.create.topics.enable': true,
  'fetch.max.bytes': 1 << 20,
  // So few that sessions are driven out by others.
  'max.incremental.fetch.session.cache.slots': 16,
  'millrace.partitions.max': 512,
  'queued.max.request.bytes': 64 << 20,
  'socket.request.max.bytes': 8 << 20,
};

/**
 * Drawn and spoilt requests over several connections at once against a broker of two shards, beside a pair of clients
 * that behave. Fails with the seed and the input at the first thing that must not be.
 */
export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const { inputs, seed } = options;
  try {
    return await run(options);
  } catch (error) {
    throw new Error(`seed ${seed}, ${inputs} inputs: ${(error as Error).message}`, { cause: error });
  }
}

async function run({ inputs, seed, nodeArguments = [], environment = {} }: CampaignOptions): Promise<CampaignReport> {
  await using broker = await BrokerProcess.start({
    shards,
    overrides,
    nodeArguments: [...probed, ...nodeArguments],
    environment,
  });
  using old = await WireClient.connect(broker.port);
  using pair = await GoodPair.start(broker.port, 'kept-by-the-pair');
  for (const topic of topics) await old.createTopic(topic, 3);
  const random = new SeededRandom(seed);
  const world: DrawnWorld = { topics, topicIds: [], sessionIds: [], producerIds: [0, 1, 2, 3] };
  const judge = new AnswerJudge(world);
  const lanes = Array.from({ length: laneCount }, (_, index) => {
    const requests = new DrawnRequests(random.fork(), world, index * laneCorrelations + 100);
    return new Lane(broker.port, index, random.fork(), requests, judge);
  });
  const residentBytesBefore = broker.residentBytes();
  let residentBytesMax = residentBytesBefore;
  let isOver = false;
  const runLane = async (lane: Lane): Promise<void> => {
    const share = inputs / laneCount;
    for (let step = 1; lane.counts.inputs < share && !isOver; step++) {
      await lane.step();
      if (broker.hasExited) throw new Error('the broker has ended');
      if (step % stepsBetweenLooks !== 0) continue;
      await look(broker, old, lane === lanes[0]);
      residentBytesMax = Math.max(residentBytesMax, broker.residentBytes());
    }
  };
  const stop = async (error: unknown): Promise<never> => {
    isOver = true;
    pair.stop();
    // If it is the broker that is going, its last words are worth waiting for.
    await Promise.race([broker.exited, sleep(2_000)]);
    const last = broker.lines.slice(-50).join('\n');
    throw new Error(`${(error as Error).message}\nlast lines of the broker:\n${last}`, { cause: error });
  };
  const pairIsOver = pair.run().catch(stop);
  const lanesAreOver = Promise.all(lanes.map((lane) => runLane(lane).catch(stop))).finally(() => pair.stop());
  await Promise.all([lanesAreOver, pairIsOver]);
  for (const lane of lanes) lane.end();
  await pair.check();
  // The old connection and the pair's two.
  await nothingHeld(broker, shards, 3);
  await broker.stop();
  return { ...total(lanes), records: pair.records, residentBytesBefore, residentBytesMax, seen: judge.seen };
}

/** Asks over the old connection and over a new one; makes topics again that were deleted. */
async function look(broker: BrokerProcess, old: WireClient, isFirst: boolean): Promise<void> {
  using fresh = await WireClient.connect(broker.port);
  assert.equal((await fresh.apiVersions()).errorCode, 0);
  if (!isFirst) return;
  assert.equal((await old.apiVersions()).errorCode, 0);
  const { topics: found } = await old.metadata(topics);
  for (const { name, errorCode } of found) {
    // Others create and delete at the same time.
    if (errorCode === 3) await old.askForTopic(name!, 3).catch(() => {});
  }
}

function total(lanes: readonly Lane[]): LaneCounts {
  const sum: LaneCounts = { inputs: 0, answers: 0, closed: 0, abandoned: 0 };
  for (const { counts } of lanes) {
    for (const name of Object.keys(sum) as (keyof LaneCounts)[]) sum[name] += counts[name];
  }
  return sum;
}
