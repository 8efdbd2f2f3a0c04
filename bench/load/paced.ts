/**
 * Messages at a fixed rate, and how long each takes until its consumer has it, counted from the moment it was due: a
 * message that had to wait to be sent because the one before it was stuck has waited, too (coordinated omission).
 *
 * Each lane is a partition with a consumer at its end. A thread of its own sends (`paced_sender.ts`): it sleeps and
 * wakes to some tens of microseconds, which the timers of an event loop cannot. Messages go to the lanes in turn, so that
 * the offset that a consumer has reached tells when what it got was due.
 */
import { Worker } from 'node:worker_threads';
import { Connection, type AnswerSink } from './connection.ts';
import { fetchedBytes } from './fetch.ts';
import { fetchAnswerPlaces, fetchFrame, fetchOffsetAt, type FetchAnswerPlaces } from './frames.ts';
import type { Lane, Run } from './lane.ts';
import type { PacedOrder, PacedReport, PacedSetup } from './paced_sender.ts';
import { ProduceTraffic } from './produce.ts';
import type { BuiltBatch } from './record_batch.ts';
import type { TailShape } from './tail.ts';

const TWO_32 = 0x1_0000_0000;
/** After the last message: by then each consumer has all of them, or the run fails. */
const ARRIVAL_LIMIT_MS = 10_000;
/** Between the order and the first message: consumers fetch first. */
const LEAD_MS = 5;

/** Milliseconds of the clock that all threads and processes of a machine share. */
export function sharedNowMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

/** One message in each lane's batch. */
export class PacedLane implements Lane, AnswerSink {
  readonly #places: FetchAnswerPlaces;
  readonly #frame: Buffer;
  readonly #offsetAt: number;
  readonly #batch: BuiltBatch;
  readonly #ends: Map<number, number>;
  readonly #partition: number;
  #consumer!: Connection;
  #sender!: Worker;
  #run: Run | null = null;
  #offset = 0;
  /** Of the run: messages consumed, how many are to come, when the first was due, and the time between two. */
  #consumed = 0;
  #expected = 0;
  #firstMs = 0;
  #intervalMs = 0;
  #parked = false;
  #late: NodeJS.Timeout | undefined;
  readonly #rate: number;
  readonly #phase: number;

  private constructor(shape: TailShape, batch: BuiltBatch, rate: number, phase: number) {
    const { topic, firstPartition, partitions } = shape.produce;
    this.#batch = batch;
    this.#places = fetchAnswerPlaces(shape.fetchVersion, topic);
    this.#ends = shape.ends;
    this.#partition = firstPartition % partitions;
    this.#offset = shape.ends.get(this.#partition) ?? 0;
    this.#frame = fetchFrame(shape.fetchVersion, 0, topic, this.#partition, 0, shape.fetch);
    this.#offsetAt = fetchOffsetAt(shape.fetchVersion, topic);
    this.#rate = rate;
    this.#phase = phase;
  }

  /** `rate` is that of this lane; `phase` is when in an interval it sends, 0 to 1. */
  static async open(
    host: string,
    port: number,
    shape: TailShape,
    batch: BuiltBatch,
    rate: number,
    phase: number,
  ): Promise<PacedLane> {
    const lane = new PacedLane(shape, batch, rate, phase);
    const traffic = new ProduceTraffic(shape.produce, batch);
    const setup: PacedSetup = { host, port, frame: traffic.frameOf(0), errorAt: traffic.frontBytes - 2 };
    const sender = new Worker(new URL('./paced_sender.ts', import.meta.url), { workerData: setup });
    lane.#sender = sender;
    await new Promise<void>((resolve, reject) => {
      sender.once('message', () => resolve());
      sender.once('error', reject);
    });
    sender.on('error', (error) => lane.#fail(error as Error));
    sender.on('message', (report: PacedReport) => {
      if (report.failure !== null) lane.#fail(new Error(report.failure));
    });
    lane.#consumer = await Connection.open(host, port, lane.#places.recordsLengthAt + 5, lane);
    return lane;
  }

  begin(run: Run, quota: number): void {
    this.#run = run;
    const leftMs = run.untilMs - performance.now();
    this.#intervalMs = 1000 / this.#rate;
    this.#expected = Math.max(1, Math.min(quota, Math.floor(leftMs / this.#intervalMs)));
    this.#consumed = 0;
    if (!this.#parked) this.#fetch();
    this.#firstMs = sharedNowMs() + LEAD_MS + this.#phase * this.#intervalMs;
    const order: PacedOrder = { firstMs: this.#firstMs, intervalMs: this.#intervalMs, count: this.#expected };
    this.#sender.postMessage(order);
    const wholeMs = LEAD_MS + (this.#expected + 1) * this.#intervalMs + ARRIVAL_LIMIT_MS;
    this.#late = setTimeout(() => this.#fail(new Error('messages did not arrive in time')), wholeMs);
  }

  close(): void {
    this.#run = null;
    clearTimeout(this.#late);
    this.#consumer.close();
    void this.#sender.terminate();
  }

  answered(bytes: Buffer, at: number): void {
    const run = this.#run;
    let messages = 0;
    try {
      messages = Math.floor(fetchedBytes(bytes, at, this.#places) / this.#batch.bytes.length);
      if (this.#consumed + messages > this.#expected) throw new Error('more messages came than were sent');
    } catch (error) {
      return this.#fail(error as Error);
    }
    const nowMs = sharedNowMs();
    for (let index = 0; index < messages; index++) {
      run?.latencyUs.record((nowMs - this.#firstMs - this.#consumed++ * this.#intervalMs) * 1000);
    }
    this.#offset += messages * this.#batch.records;
    this.#fetch();
    if (run === null || messages === 0 || this.#consumed < this.#expected) return;
    this.#run = null;
    clearTimeout(this.#late);
    this.#ends.set(this.#partition, this.#offset);
    run.requests += this.#consumed;
    run.payloadBytes += this.#consumed * this.#batch.plainBytes;
    run.laneDone();
  }

  turn(): void {}

  closed(error: Error | null): void {
    this.#fail(error ?? new Error('the broker closed the connection'));
  }

  #fetch(): void {
    this.#parked = true;
    this.#frame.writeInt32BE(Math.floor(this.#offset / TWO_32), this.#offsetAt);
    this.#frame.writeUInt32BE(this.#offset % TWO_32, this.#offsetAt + 4);
    this.#consumer.socket.write(this.#frame);
  }

  #fail(error: Error): void {
    clearTimeout(this.#late);
    this.#run?.fail(error);
  }
}
