import { ErrorCode } from '../../src/protocol/errors.ts';
import { produceRequest, produceResponse } from '../../src/protocol/schema/00_produce.ts';
import { fetchRequest, fetchResponse } from '../../src/protocol/schema/01_fetch.ts';
import type { FetchResponse } from '../../src/protocol/schema/01_fetch.ts';
import { listOffsetsRequest, listOffsetsResponse } from '../../src/protocol/schema/02_list_offsets.ts';
import { decodeBatches, encodeBatch } from './record_values.ts';
import { SimClientConnection } from './sim_client.ts';
import type { ClientHost, TopicTarget } from './sim_workload.ts';

/** The topic that it has for itself: one segment for each partition, whose end is found without asking the disk. */
export const patienceTopic = {
  name: 'patience',
  configs: [
    { name: 'segment.bytes', value: '100000000' },
    { name: 'index.interval.bytes', value: '4096' },
  ],
};

/** Rounds before it rests, until somebody insists. */
const roundsMax = 40;
/** Clocks of simulated threads differ by what their calls take, a stalled one too: so long before its end a wait is not over. */
const surelyMs = 1500;
/** A peer that lost its power does not say so. */
const answerMs = 50_000;
const LATEST = -1n;

/** A wait for bytes, and what came meanwhile. */
interface Round {
  readonly minBytes: number;
  readonly maxWaitMs: number;
  readonly sentMs: number;
  /** As many batches as it takes, or too few. */
  readonly reaches: boolean;
  /** Nothing strikes the node during it. */
  readonly isCalm: boolean;
  /** When so much was acknowledged, in all partitions together, that the wait is over. */
  reachedMs: number;
  isOver: boolean;
}

interface Acknowledged {
  readonly partition: number;
  readonly offset: number;
  readonly bytes: number;
}

/**
 * A consumer at the ends of several partitions that waits for more bytes than any of them gets at a time, and the
 * producer of these bytes. An answer before its time holds at least `min.bytes`, of all partitions together; and once
 * they have got so many together it does not come at the end of its time.
 */
export class SimPatience {
  /** Waits that ended with an answer. */
  rounds = 0;
  /** Of them, those that the bytes of several partitions ended. */
  reached = 0;
  readonly #host: Omit<ClientHost, 'topics'>;
  readonly #topic: TopicTarget;
  #fetching: SimClientConnection | null = null;
  #producing: SimClientConnection | null = null;
  /** Of the pair of connections; what an earlier pair was told counts for nothing. */
  #generation = 0;
  #next: number[] = [];
  #acknowledged: Acknowledged[] = [];
  #value = 1;
  #isStopped = false;
  #isCalm = false;
  #roundsLeft = roundsMax;
  /** An answer that is wrong unless the node is stopping: then none follows. */
  #suspicion: { readonly sinceMs: number; readonly detail: string } | null = null;

  constructor(host: Omit<ClientHost, 'topics'>, topic: TopicTarget) {
    this.#host = host;
    this.#topic = topic;
  }

  start(): void {
    this.#connect();
  }

  /** Nothing strikes any more: as many rounds as it takes, and each ends when it must. */
  insist(): void {
    this.#isCalm = true;
    const rested = this.#roundsLeft <= 0;
    this.#roundsLeft = Infinity;
    if (rested) this.#askEnds(this.#generation);
  }

  stop(): void {
    this.#isStopped = true;
    this.#fetching?.close();
    this.#producing?.close();
  }

  describe(): string {
    return `${this.rounds} waits for bytes, at ${this.#next.join(', ')}`;
  }

  #connect(): void {
    if (this.#isStopped) return;
    const generation = ++this.#generation;
    this.#suspicion = null;
    this.#acknowledged = [];
    const fetching = this.#open('patience', generation);
    this.#fetching = fetching;
    this.#producing = this.#open('patience-producer', generation);
  }

  /** Both begin anew when one of them is over. */
  #open(name: string, generation: number): SimClientConnection {
    const { world, network, target, clock } = this.#host;
    return new SimClientConnection(world, network, target(), name, {
      opened: () => {
        if (this.#fetching?.isOpen === true && this.#producing?.isOpen === true) this.#askEnds(generation);
      },
      closed: () => {
        if (generation !== this.#generation || this.#isStopped) return;
        this.#generation++;
        this.#fetching?.close();
        this.#producing?.close();
        clock.schedule(world.random.between(10, 300), () => this.#connect());
      },
    });
  }

  #askEnds(generation: number): void {
    if (generation !== this.#generation || this.#isStopped || this.#fetching?.isOpen !== true) return;
    const { clock } = this.#host;
    const partitions = this.#partitions().map((partitionIndex) => ({ partitionIndex, timestamp: LATEST }));
    const timer = clock.schedule(answerMs, () => this.#fetching?.close());
    this.#fetching.send(
      { request: listOffsetsRequest, response: listOffsetsResponse, version: 7 },
      { replicaId: -1, isolationLevel: 0, timeoutMs: 0, topics: [{ name: this.#topic.name, partitions }] },
      ({ topics }) => {
        timer.cancel();
        const told = topics[0]?.partitions ?? [];
        if (told.length < partitions.length || told.some(({ errorCode }) => errorCode !== ErrorCode.NONE)) {
          return void clock.schedule(100, () => this.#askEnds(generation));
        }
        this.#next = partitions.map(({ partitionIndex }) => {
          return told.find((one) => one.partitionIndex === partitionIndex)?.offset ?? 0;
        });
        this.#begin(generation);
      },
      () => timer.cancel(),
    );
  }

  #begin(generation: number): void {
    if (generation !== this.#generation || this.#isStopped || this.#fetching?.isOpen !== true) return;
    if (this.#roundsLeft-- <= 0) return;
    const { world, clock } = this.#host;
    const { random } = world;
    const reaches = this.#isCalm || random.chance(0.6);
    const round: Round = {
      minBytes: random.between(500, 4000),
      maxWaitMs: reaches ? (this.#isCalm ? 60_000 : 20_000) : random.pick([2000, 4000]),
      sentMs: world.nowMs,
      reaches,
      isCalm: this.#isCalm,
      reachedMs: Infinity,
      isOver: false,
    };
    const timer = clock.schedule(round.maxWaitMs + answerMs, () => this.#fetching?.close());
    const over = (): void => {
      round.isOver = true;
      timer.cancel();
    };
    this.#fetching.send(
      { request: fetchRequest, response: fetchResponse, version: random.between(4, 18) },
      {
        maxWaitMs: round.maxWaitMs,
        minBytes: round.minBytes,
        maxBytes: 1_000_000,
        topics: [
          {
            topic: this.#topic.name,
            topicId: this.#topic.id,
            partitions: this.#partitions().map((partition) => {
              return { partition, fetchOffset: this.#next[partition]!, partitionMaxBytes: 1_000_000 };
            }),
          },
        ],
        forgottenTopicsData: [],
      },
      (response) => {
        over();
        this.#answered(round, response, generation);
      },
      over,
    );
    this.#noteReached(round);
    this.#produce(round, generation);
  }

  #produce(round: Round, generation: number): void {
    const { world, clock } = this.#host;
    const { random } = world;
    clock.schedule(random.between(1, 40), () => {
      if (round.isOver || generation !== this.#generation || this.#producing?.isOpen !== true) return;
      const patternBytes = random.between(0, Math.floor(round.minBytes / 3));
      const records = encodeBatch([{ number: this.#value++, patternBytes }], clock.wallMs());
      const total = this.#knownBytes() + records.length;
      if (!round.reaches && total >= round.minBytes) return;
      const index = random.pick(this.#partitions());
      const topic = { name: this.#topic.name, topicId: this.#topic.id, partitionData: [{ index, records }] };
      const timer = clock.schedule(answerMs, () => this.#producing?.close());
      this.#producing.send(
        { request: produceRequest, response: produceResponse, version: 9 },
        { transactionalId: null, acks: random.pick([1, -1]), timeoutMs: 30_000, topicData: [topic] },
        ({ responses }) => {
          timer.cancel();
          const answer = responses[0]?.partitionResponses[0];
          if (generation !== this.#generation || answer === undefined) return;
          if (answer.errorCode === ErrorCode.NONE) {
            this.#acknowledged.push({ partition: index, offset: answer.baseOffset, bytes: records.length });
            this.#noteReached(round);
          }
          if (round.reachedMs === Infinity) this.#produce(round, generation);
        },
        () => timer.cancel(),
      );
    });
  }

  #noteReached(round: Round): void {
    if (round.reachedMs === Infinity && this.#knownBytes() >= round.minBytes) round.reachedMs = this.#host.world.nowMs;
  }

  /** Acknowledged and not read yet. */
  #knownBytes(): number {
    this.#acknowledged = this.#acknowledged.filter(({ partition, offset }) => offset >= this.#next[partition]!);
    return this.#acknowledged.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  #answered(round: Round, { errorCode, responses }: FetchResponse, generation: number): void {
    if (generation !== this.#generation) return;
    const { world, clock } = this.#host;
    const partitions = responses.flatMap(({ partitions: told }) => told);
    const again = (): void => void clock.schedule(world.random.between(1, 200), () => this.#begin(generation));
    if (errorCode !== ErrorCode.NONE || partitions.some((told) => told.errorCode !== ErrorCode.NONE)) {
      return void clock.schedule(100, () => this.#askEnds(generation));
    }
    this.#judge(
      round,
      partitions.reduce((sum, { records }) => sum + (records?.length ?? 0), 0),
    );
    for (const { partitionIndex, records } of partitions) {
      if (records === null || records.length === 0) continue;
      const decoded = decodeBatches(records);
      if (typeof decoded === 'string') world.violate('I2 damaged records', `${this.#topic.name}: ${decoded}`);
      else this.#next[partitionIndex] = decoded.at(-1)!.offset + 1;
    }
    this.rounds++;
    again();
  }

  #judge(round: Round, bytes: number): void {
    const { world } = this.#host;
    const waitedMs = world.nowMs - round.sentMs;
    const isEarly = waitedMs < round.maxWaitMs - surelyMs;
    const what = `${bytes} of ${round.minBytes} bytes after ${waitedMs.toFixed(1)} of ${round.maxWaitMs} ms`;
    if (isEarly && bytes >= round.minBytes) this.reached++;
    if (this.#suspicion !== null && this.#suspicion.sinceMs < round.sentMs) {
      world.violate('min.bytes: answered too early', this.#suspicion.detail);
      this.#suspicion = null;
    }
    if (isEarly && bytes < round.minBytes) this.#suspicion ??= { sinceMs: world.nowMs, detail: what };
    const hadTime = round.reachedMs - round.sentMs < round.maxWaitMs / 3;
    if (round.isCalm && !isEarly && hadTime) world.violate('min.bytes: answered too late', what);
  }

  #partitions(): number[] {
    return Array.from({ length: this.#topic.partitions }, (_, partition) => partition);
  }
}
