/**
 * Tail: a consumer waits at the end of a partition with a long poll while a producer appends one batch at a time. The
 * next batch goes out when the last one is acknowledged and consumed and the next fetch is on its way, so that each
 * round is one Produce and one Fetch. A round's latency is from the append's sending to the consumer's having it.
 */
import { Connection, type AnswerSink } from './connection.ts';
import { fetchAnswerPlaces, fetchFrame, fetchOffsetAt, type FetchAnswerPlaces, type FetchShape } from './frames.ts';
import { fetchedBytes } from './fetch.ts';
import type { Lane, Run } from './lane.ts';
import { ProduceTraffic, type ProduceShape } from './produce.ts';
import type { BuiltBatch } from './record_batch.ts';

const TWO_32 = 0x1_0000_0000;

export interface TailShape {
  /** One partition is the lane's; one request in flight. */
  readonly produce: ProduceShape;
  readonly fetchVersion: number;
  readonly fetch: FetchShape;
  /** Where each partition ends, as far as lanes have written and read it: those opened later go on from there. */
  readonly ends: Map<number, number>;
}

export class TailLane implements Lane {
  readonly #batch: BuiltBatch;
  readonly #traffic: ProduceTraffic;
  readonly #places: FetchAnswerPlaces;
  readonly #frame: Buffer;
  readonly #offsetAt: number;
  readonly #ends: Map<number, number>;
  readonly #partition: number;
  #producer!: Connection;
  #consumer!: Connection;
  #run: Run | null = null;
  #rounds = 0;
  #quota = 0;
  #offset = 0;
  #sentMs = 0;
  #acknowledged = true;
  #consumed = true;
  /** A fetch is parked at the end of the log from one run to the next. */
  #parked = false;

  private constructor(shape: TailShape, batch: BuiltBatch) {
    const { topic, firstPartition, partitions } = shape.produce;
    this.#batch = batch;
    this.#traffic = new ProduceTraffic(shape.produce, batch);
    this.#places = fetchAnswerPlaces(shape.fetchVersion, topic);
    this.#ends = shape.ends;
    this.#partition = firstPartition % partitions;
    this.#offset = shape.ends.get(this.#partition) ?? 0;
    this.#frame = fetchFrame(shape.fetchVersion, 0, topic, this.#partition, 0, shape.fetch);
    this.#offsetAt = fetchOffsetAt(shape.fetchVersion, topic);
  }

  static async open(host: string, port: number, shape: TailShape, batch: BuiltBatch): Promise<TailLane> {
    const lane = new TailLane(shape, batch);
    const closed = (error: Error | null) => lane.#fail(error ?? new Error('the broker closed the connection'));
    const producer: AnswerSink = { answered: (bytes, at) => lane.#produced(bytes, at), turn: () => {}, closed };
    const consumer: AnswerSink = { answered: (bytes, at) => lane.#fetched(bytes, at), turn: () => {}, closed };
    lane.#producer = await Connection.open(host, port, lane.#traffic.frontBytes, producer);
    lane.#consumer = await Connection.open(host, port, lane.#places.recordsLengthAt + 5, consumer);
    return lane;
  }

  begin(run: Run, quota: number): void {
    this.#run = run;
    this.#rounds = 0;
    this.#quota = quota;
    if (!this.#parked) this.#fetch();
    this.#next();
  }

  close(): void {
    this.#run = null;
    this.#producer.close();
    this.#consumer.close();
  }

  #next(): void {
    const run = this.#run;
    if (run === null || !this.#acknowledged || !this.#consumed) return;
    const nowMs = performance.now();
    if (this.#rounds >= this.#quota || nowMs >= run.untilMs) {
      this.#run = null;
      this.#ends.set(this.#partition, this.#offset);
      run.requests += 2 * this.#rounds;
      run.payloadBytes += 2 * this.#rounds * this.#batch.plainBytes;
      return run.laneDone();
    }
    this.#rounds++;
    this.#acknowledged = false;
    this.#consumed = false;
    this.#sentMs = nowMs;
    this.#traffic.send(this.#producer, 0, 1);
  }

  #fetch(): void {
    this.#parked = true;
    this.#frame.writeInt32BE(Math.floor(this.#offset / TWO_32), this.#offsetAt);
    this.#frame.writeUInt32BE(this.#offset % TWO_32, this.#offsetAt + 4);
    this.#consumer.socket.write(this.#frame);
  }

  #produced(bytes: Buffer, at: number): void {
    try {
      this.#traffic.check(bytes, at);
    } catch (error) {
      return this.#fail(error as Error);
    }
    this.#acknowledged = true;
    this.#next();
  }

  #fetched(bytes: Buffer, at: number): void {
    let length = 0;
    try {
      length = fetchedBytes(bytes, at, this.#places);
    } catch (error) {
      return this.#fail(error as Error);
    }
    const batches = Math.floor(length / this.#batch.bytes.length);
    this.#offset += batches * this.#batch.records;
    if (batches > 0) {
      this.#run?.latencyUs.record((performance.now() - this.#sentMs) * 1000);
      this.#consumed = true;
    }
    this.#fetch();
    this.#next();
  }

  #fail(error: Error): void {
    this.#run?.fail(error);
  }
}
