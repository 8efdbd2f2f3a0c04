import type { Uuid } from '../../src/base/uuid.ts';
import type { SeededRandom } from '../../src/base/random.ts';
import type { Clock } from '../../src/port/clock.ts';
import type { Network } from '../../src/port/network.ts';
import type { Finding } from './checkers.ts';
import { History } from './history.ts';
import type { Internet, SimHost } from './internet.ts';
import { SimAdmin } from './sim_admin.ts';
import type { TopicWanted } from './sim_admin.ts';
import { SimClock, WallTime } from './sim_clock.ts';
import { SimConsumer } from './sim_consumer.ts';
import type { ConsumerOptions } from './sim_consumer.ts';
import { SimNetwork } from './sim_network.ts';
import { patienceTopic, SimPatience } from './sim_patience.ts';
import { SimProducer } from './sim_producer.ts';
import type { ProducerOptions } from './sim_producer.ts';
import { SimThread } from './sim_thread.ts';
import { SimTopicCycle } from './sim_topic_cycle.ts';
import type { World } from './world.ts';

export interface TopicTarget {
  readonly name: string;
  readonly id: Uuid;
  readonly partitions: number;
}

/** What a client needs: its machine's ports, where the node is, what it writes down. */
export interface ClientHost {
  readonly world: World;
  readonly network: Network;
  readonly clock: Clock;
  readonly history: History;
  readonly topics: readonly TopicTarget[];
  target(): { readonly host: string; readonly port: number };
}

export interface WorkloadOptions {
  readonly topics: readonly TopicWanted[];
  readonly producers: readonly ProducerOptions[];
  readonly consumers: readonly ConsumerOptions[];
  /** Partitions of a topic that is created and deleted again and again; 0: there is none. */
  readonly cyclePartitions: number;
  /** Partitions of a topic whose consumer waits for more bytes than one of them gets at a time; 0: there is none. */
  readonly patiencePartitions: number;
}

/** How long the node may take for what must happen once nothing disturbs it any more. */
const patienceMs = 120_000;

/** Producers and consumers on machines of their own, and what they saw. */
export class SimWorkload {
  readonly history = new History();
  readonly hosts: SimHost[] = [];
  readonly producers: SimProducer[] = [];
  readonly consumers: SimConsumer[] = [];
  cycle: SimTopicCycle | null = null;
  patience: SimPatience | null = null;
  readonly #world: World;
  readonly #internet: Internet;
  readonly #target: ClientHost['target'];
  readonly #options: WorkloadOptions;

  constructor(world: World, internet: Internet, target: ClientHost['target'], options: WorkloadOptions) {
    this.#world = world;
    this.#internet = internet;
    this.#target = target;
    this.#options = options;
  }

  /** Creates the topics, then starts all clients. What went wrong, or null. */
  begin(): Finding | null {
    const { cyclePartitions, patiencePartitions } = this.#options;
    const ofPatience = patiencePartitions > 0 ? [{ ...patienceTopic, partitions: patiencePartitions }] : [];
    const admin = new SimAdmin(this.#client('admin'), [...this.#options.topics, ...ofPatience]);
    admin.start();
    if (!this.#world.runUntil(() => admin.isDone || admin.problem !== null, patienceMs)) {
      return { rule: 'I17 no topics', detail: `after ${patienceMs} ms ${this.#options.topics.length} are not there` };
    }
    if (admin.problem !== null) return { rule: 'I17 no topics', detail: admin.problem };
    const topics = admin.topics.filter(({ name }) => name !== patienceTopic.name);
    const forPatience = admin.topics.find(({ name }) => name === patienceTopic.name);
    for (const options of this.#options.producers) {
      const host = { ...this.#client(`producer-${options.number}`), topics };
      this.producers.push(new SimProducer(host, options));
    }
    for (const options of this.#options.consumers) {
      const host = { ...this.#client(`consumer-${options.number}`), topics };
      this.consumers.push(new SimConsumer(host, options));
    }
    for (const producer of this.producers) producer.start();
    for (const consumer of this.consumers) consumer.start();
    if (forPatience !== undefined) {
      this.patience = new SimPatience(this.#client('patience'), forPatience);
      this.patience.start();
    }
    if (cyclePartitions > 0) {
      this.cycle = new SimTopicCycle(this.#client('cycle'), cyclePartitions);
      this.cycle.start();
    }
    return null;
  }

  /**
   * The phase after the faults: every producer gets something acknowledged, then all stop, every request comes to an
   * end, and every consumer reads all there is.
   */
  finish(): Finding[] {
    const world = this.#world;
    const waitedFor = new Map<SimProducer, number>();
    this.producers.forEach((producer, index) => {
      if (this.#options.producers[index]?.acks === 0) return;
      waitedFor.set(producer, producer.acknowledged);
      producer.insist();
    });
    const progress = (): boolean => {
      for (const [producer, before] of waitedFor) {
        if (producer.acknowledged === before) continue;
        producer.stop();
        waitedFor.delete(producer);
      }
      return waitedFor.size === 0;
    };
    if (!world.runUntil(progress, patienceMs)) {
      return [{ rule: 'I17 no progress', detail: `some producer gets nothing acknowledged. ${this.describe()}` }];
    }
    for (const producer of this.producers) producer.stop();
    const unfinished = this.#finishCycle() ?? this.#finishPatience();
    if (unfinished !== null) return [unfinished];
    if (!world.runUntil(() => this.producers.every((producer) => producer.isIdle), patienceMs)) {
      return [{ rule: 'I17 no answer', detail: `requests stay unanswered. ${this.describe()}` }];
    }
    return this.catchUp();
  }

  /** Two more lives of the topic: the first may have had faults at its begin. */
  #finishCycle(): Finding | null {
    const { cycle } = this;
    if (cycle === null) return null;
    const wanted = cycle.cycles + 2;
    const hasGoneOn = this.#world.runUntil(() => cycle.cycles >= wanted, patienceMs);
    cycle.stop();
    return hasGoneOn ? null : { rule: 'I17 topics do not come and go', detail: cycle.describe() };
  }

  /** Two more waits for bytes; one may still be of the time of the faults. */
  #finishPatience(): Finding | null {
    const { patience } = this;
    if (patience === null) return null;
    patience.insist();
    const wanted = patience.rounds + 3;
    const hasGoneOn = this.#world.runUntil(() => patience.rounds >= wanted, 2 * patienceMs);
    patience.stop();
    return hasGoneOn ? null : { rule: 'I17 no answer to a fetch that waits', detail: patience.describe() };
  }

  /** Every consumer reads all there is. */
  catchUp(): Finding[] {
    for (const consumer of this.consumers) consumer.hurry();
    const position = (): number =>
      this.consumers.reduce((sum, { positions }) => sum + positions.reduce((all, { next }) => all + next, 0), 0);
    const done = (): boolean => this.consumers.every((consumer) => consumer.hasCaughtUp);
    for (let before = -1; !done() && position() > before;) {
      before = position();
      this.#world.runUntil(done, 60_000);
    }
    return done() ? [] : [{ rule: 'I17 no catching up', detail: this.describe() }];
  }

  /** The consumers begin again at offset 0, with everything they remember of the ends forgotten. */
  readAgain(): void {
    for (const consumer of this.consumers) consumer.forgetPositions();
  }

  /** The machine has lost power. Unless what was acknowledged survives that, its logs may have become shorter. */
  powerLost(acknowledgedSurvives: boolean): void {
    this.history.mayBeginLater = true;
    if (!acknowledgedSurvives) this.cycle?.powerLost();
    if (acknowledgedSurvives) return;
    this.history.powerLost();
    for (const consumer of this.consumers) consumer.forgetPositions();
  }

  counts(): Record<string, number> {
    const sum = <One>(ones: readonly One[], count: (one: One) => number): number =>
      ones.reduce((all, one) => all + count(one), 0);
    return {
      sent: this.history.sends.length,
      acknowledged: sum(this.producers, (producer) => producer.acknowledged),
      refused: sum(this.producers, (producer) => producer.refused),
      unknown: sum(this.producers, (producer) => producer.unknown),
      read: this.history.reads.length,
      fetches: sum(this.consumers, (consumer) => consumer.fetches),
      sessions: sum(this.consumers, (consumer) => consumer.sessions),
      throttled: sum(this.producers, (producer) => producer.throttled),
      connections: sum(this.producers, (producer) => producer.connections),
      cycles: this.cycle?.cycles ?? 0,
      forbidden: this.cycle?.refused ?? 0,
      waits: this.patience?.rounds ?? 0,
      waitsEnded: this.patience?.reached ?? 0,
    };
  }

  describe(): string {
    const sends = JSON.stringify(this.counts());
    return [sends, ...this.consumers.map((consumer) => consumer.describe())].join('; ');
  }

  #client(name: string): Omit<ClientHost, 'topics'> {
    const world = this.#world;
    const host = this.#internet.host(name);
    this.hosts.push(host);
    const thread = new SimThread(world, name);
    return {
      world,
      network: new SimNetwork(host, thread),
      clock: new SimClock(thread, new WallTime(world)),
      history: this.history,
      target: this.#target,
    };
  }
}

/** The longest batch that these producers make. */
export function batchBytesMax({ producers }: WorkloadOptions): number {
  return Math.max(...producers.map((producer) => 100 + producer.recordsPerBatch * (producer.patternBytesMax + 30)));
}

/** Clients of all kinds: impatient and slow, pipelined and not, with small and large appetites. */
export function drawWorkload(random: SeededRandom, seed: number): WorkloadOptions {
  const topics = Array.from({ length: random.between(1, 2) }, (_, index) => ({
    name: `topic-${index}`,
    partitions: random.between(1, 6),
    configs: [],
  }));
  return {
    topics,
    producers: Array.from({ length: random.between(1, 3) }, (_, number) => drawProducer(random, number)),
    consumers: Array.from({ length: random.between(1, 3) }, (_, number) => ({
      number,
      version: random.between(4, 18),
      maxWaitMs: random.pick([0, 50, 500, 5000]),
      minBytes: random.pick([0, 1, 1, 1000, 100_000]),
      maxBytes: random.pick([1, 10_000, 1_000_000, 0x7fff_ffff]),
      partitionMaxBytes: random.pick([1, 1000, 100_000, 1_048_576]),
      pauseMsMax: random.pick([1, 10, 100]),
      sleepChance: random.chance(0.2) ? 0.05 : 0,
      rewindChance: random.chance(0.3) ? 0.02 : 0,
    })),
    cyclePartitions: random.pick([0, 1, 4]),
    patiencePartitions: [0, 0, 0, 0, 0, 2, 0, 5][seed % 8]!,
  };
}

function drawProducer(random: SeededRandom, number: number): ProducerOptions {
  const partitionsPerRequest = random.pick([1, 1, 3, 6]);
  const recordsPerBatch = random.pick([1, 5, 30]);
  const requestBytes = random.pick([1000, 10_000, 200_000]);
  return {
    number,
    version: random.between(3, 13),
    acks: random.pick([1, 1, -1, -1, 0]),
    inFlightMax: random.pick([1, 2, 5, 20]),
    partitionsPerRequest,
    recordsPerBatch,
    patternBytesMax: Math.floor(requestBytes / partitionsPerRequest / recordsPerBatch),
    pauseMsMax: random.pick([1, 10, 100]),
    retries: random.chance(0.3),
    timeoutMs: random.pick([1000, 30_000]),
    quitChance: random.pick([0, 0, 0.1]),
    requestsMax: Math.min(random.between(20, 150), Math.ceil(2_000_000 / requestBytes)),
  };
}
