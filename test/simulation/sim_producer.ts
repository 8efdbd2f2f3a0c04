import { ErrorCode } from '../../src/protocol/errors.ts';
import { produceRequest, produceResponse } from '../../src/protocol/schema/00_produce.ts';
import type { ProduceResponse } from '../../src/protocol/schema/00_produce.ts';
import type { Decoded, Encodable } from '../../src/protocol/schema_language.ts';
import type { ClientHost, TopicTarget } from './sim_workload.ts';
import { encodeBatch } from './record_values.ts';
import type { Send } from './history.ts';
import { SimClientConnection } from './sim_client.ts';
import { ThrottleWatch } from './throttle_watch.ts';

export interface ProducerOptions {
  readonly number: number;
  readonly version: number;
  /** 0, 1 or −1. */
  readonly acks: number;
  readonly inFlightMax: number;
  readonly partitionsPerRequest: number;
  readonly recordsPerBatch: number;
  readonly patternBytesMax: number;
  readonly pauseMsMax: number;
  /** Sends a value again when its fate is unknown; otherwise it stays unknown. */
  readonly retries: boolean;
  readonly timeoutMs: number;
  /** Chance, after each burst, to leave with everything unanswered, and to come back. */
  readonly quitChance: number;
  /** Requests before it rests; `insist` gives it more. */
  readonly requestsMax: number;
}

/** One batch under way, for one partition. */
interface Batch {
  readonly target: TopicTarget;
  readonly partition: number;
  readonly sends: readonly Send[];
  readonly records: Uint8Array;
}

/** How long a producer waits that has nothing else to do: on the slowest of networks a long request takes that long. */
const patientMs = 60_000;

/** Refusals after which the value may be there all the same. */
const indefinite: readonly number[] = [
  ErrorCode.REQUEST_TIMED_OUT,
  ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  ErrorCode.KAFKA_STORAGE_ERROR,
  ErrorCode.UNKNOWN_SERVER_ERROR,
];

/** Errors that say that the request was wrong, which this producer's never is. */
const unearned: readonly number[] = [
  ErrorCode.CORRUPT_MESSAGE,
  ErrorCode.INVALID_RECORD,
  ErrorCode.INVALID_REQUEST,
  ErrorCode.MESSAGE_TOO_LARGE,
  ErrorCode.INVALID_REQUIRED_ACKS,
  ErrorCode.UNKNOWN_SERVER_ERROR,
];

/** Sends unique values until it is stopped, and writes into the history what became of them. */
export class SimProducer {
  acknowledged = 0;
  refused = 0;
  unknown = 0;
  connections = 0;
  throttled = 0;
  #throttle = new ThrottleWatch();
  readonly #host: ClientHost;
  readonly #options: ProducerOptions;
  #inFlight = 0;
  #stopped = false;
  #patient = false;
  #again: Batch[] = [];
  #requestsLeft: number;

  constructor(host: ClientHost, options: ProducerOptions) {
    this.#host = host;
    this.#options = options;
    this.#requestsLeft = options.requestsMax;
  }

  /** As many requests as it takes, and it waits for their answers. */
  insist(): void {
    this.#requestsLeft = Infinity;
    this.#patient = true;
  }

  start(): void {
    this.#connect();
  }

  stop(): void {
    this.#stopped = true;
  }

  get isIdle(): boolean {
    return this.#stopped && this.#inFlight === 0;
  }

  #connect(): void {
    const { world, network, target, clock } = this.#host;
    this.connections++;
    this.#throttle = new ThrottleWatch();
    const connection = new SimClientConnection(world, network, target(), `producer-${this.#options.number}`, {
      opened: () => this.#later(connection),
      closed: () => {
        // What a stopped producer did not get through stays unknown.
        if (this.#stopped) for (const batch of this.#again.splice(0)) this.#settle(batch, 'info');
        else clock.schedule(world.random.between(10, 300), () => this.#connect());
      },
    });
  }

  #later(connection: SimClientConnection): void {
    const { clock, world } = this.#host;
    clock.schedule(world.random.fraction() * this.#options.pauseMsMax, () => this.#produce(connection));
  }

  #produce(connection: SimClientConnection): void {
    if (!connection.isOpen || (this.#stopped && this.#again.length === 0)) return;
    const { acks } = this.#options;
    const inFlightMax = this.#patient ? 1 : this.#options.inFlightMax;
    const burst = this.#host.world.random.between(1, inFlightMax);
    for (let count = 0; count < burst && connection.inFlight < inFlightMax; count++) {
      const batches = this.#nextBatches();
      if (batches.length === 0) break;
      if (acks === 0) this.#sendSilently(connection, batches);
      else this.#send(connection, batches);
    }
    const mayQuit = !this.#stopped && !this.#patient;
    if (mayQuit && this.#host.world.random.chance(this.#options.quitChance)) connection.close();
    this.#later(connection);
  }

  #nextBatches(): Batch[] {
    const again = this.#again.shift();
    if (again !== undefined) {
      for (const send of again.sends) send.attempts++;
      return [again];
    }
    if (this.#stopped || this.#requestsLeft <= 0) return [];
    this.#requestsLeft--;
    const random = this.#host.world.random;
    const batches: Batch[] = [];
    const taken = new Set<string>();
    const wanted = random.between(1, this.#options.partitionsPerRequest);
    for (let count = 0; count < wanted; count++) {
      const target = random.pick(this.#host.topics);
      const partition = random.between(0, target.partitions - 1);
      const name = `${target.name}-${partition}`;
      if (taken.has(name)) continue;
      taken.add(name);
      batches.push(this.#newBatch(target, partition, name));
    }
    return batches;
  }

  #newBatch(target: TopicTarget, partition: number, name: string): Batch {
    const { world, history, clock } = this.#host;
    const random = world.random;
    const values = [];
    const sends: Send[] = [];
    const count = random.between(1, this.#options.recordsPerBatch);
    const durable = this.#options.acks !== 0;
    for (let index = 0; index < count; index++) {
      const send = history.beginSend(name, this.#options.number, this.connections, world.steps, durable);
      sends.push(send);
      values.push({ number: send.value, patternBytes: random.between(0, this.#options.patternBytesMax) });
    }
    return { target, partition, sends, records: encodeBatch(values, clock.wallMs()) };
  }

  #send(connection: SimClientConnection, batches: readonly Batch[]): void {
    const { clock, world } = this.#host;
    this.#inFlight++;
    const throttle = this.#throttle;
    const sentMs = world.nowMs;
    let over = false;
    const timer = clock.schedule(this.#patient ? patientMs : this.#options.timeoutMs + 5000, () => {
      if (!over) connection.close();
    });
    const end = (): void => {
      over = true;
      timer.cancel();
      this.#inFlight--;
    };
    const call = { request: produceRequest, response: produceResponse, version: this.#options.version };
    connection.send(
      call,
      this.#body(batches),
      (response) => {
        end();
        const wrong = throttle.answered(sentMs, world.nowMs, response.throttleTimeMs);
        if (wrong !== null) world.violate('row 82 a throttled connection goes on', wrong);
        if (response.throttleTimeMs > 0) this.throttled++;
        this.#answered(batches, response);
      },
      () => {
        end();
        for (const batch of batches) this.#lost(batch);
      },
    );
  }

  #sendSilently(connection: SimClientConnection, batches: readonly Batch[]): void {
    const call = { request: produceRequest, response: produceResponse, version: this.#options.version };
    connection.sendSilently(call, this.#body(batches));
    for (const batch of batches) this.#settle(batch, 'info');
  }

  #body(batches: readonly Batch[]): Encodable<typeof produceRequest> {
    return {
      transactionalId: null,
      acks: this.#options.acks,
      // What is asked of a slow disk in the end is that it goes on, not how fast.
      timeoutMs: this.#patient ? patientMs : this.#options.timeoutMs,
      topicData: batches.map(({ target, partition, records }) => ({
        name: target.name,
        topicId: target.id,
        partitionData: [{ index: partition, records }],
      })),
    };
  }

  #answered(batches: readonly Batch[], response: Decoded<typeof produceResponse>): void {
    const answers = partitionsOf(response);
    if (answers.length !== batches.length) {
      const detail = `${batches.length} partitions asked, ${answers.length} answered`;
      this.#host.world.violate('answer of another shape', detail);
    }
    batches.forEach((batch, index) => {
      const answer = answers[index];
      if (answer === undefined || answer.index !== batch.partition) {
        this.#host.world.violate('answer of another shape', 'partitions in another order than they were asked');
        return this.#settle(batch, 'info');
      }
      const { errorCode, baseOffset } = answer;
      if (errorCode === ErrorCode.NONE) return this.#settle(batch, 'ok', baseOffset);
      if (unearned.includes(errorCode)) {
        this.#host.world.violate('refused without reason', `error ${errorCode} for ${batch.sends.length} values`);
      }
      if (indefinite.includes(errorCode)) return this.#lost(batch);
      this.#settle(batch, 'fail');
    });
  }

  #lost(batch: Batch): void {
    if (this.#options.retries && !this.#stopped) this.#again.push(batch);
    else this.#settle(batch, 'info');
  }

  #settle(batch: Batch, outcome: 'ok' | 'fail' | 'info', baseOffset = -1): void {
    const { history, world } = this.#host;
    batch.sends.forEach((send, index) => {
      // A value that was sent before and whose fate was unknown then may be there although this attempt was refused.
      const known = outcome === 'fail' && send.attempts > 1 ? 'info' : outcome;
      history.endSend(send, known, world.steps, baseOffset < 0 ? -1 : baseOffset + index);
    });
    if (outcome === 'ok') this.acknowledged += batch.sends.length;
    else if (outcome === 'fail') this.refused += batch.sends.length;
    else this.unknown += batch.sends.length;
  }
}

/** In the order of the response, over all topics. */
function partitionsOf(response: ProduceResponse): ProduceResponse['responses'][number]['partitionResponses'] {
  return response.responses.flatMap((topic) => topic.partitionResponses);
}
