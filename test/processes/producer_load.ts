/**
 * Producers that never retry, and remember what they sent and what was acknowledged, to compare it with what a
 * broker holds after it was killed (RELIABILITY: I1, I2, row 7).
 */
import assert from 'node:assert/strict';
import { RawConnection } from './raw_connection.ts';
import { recordBatch } from './record_batch.ts';
import { ApiKey, ErrorCode, produceBody, produceVersion, readProduceAnswer, requestFrame } from './wire.ts';
import { WireClient } from './wire_client.ts';

const recordsPerBatch = 5;
/** UNKNOWN_SERVER_ERROR, REQUEST_TIMED_OUT, NOT_ENOUGH_REPLICAS_AFTER_APPEND: written or not. */
const indefiniteErrors: readonly number[] = [-1, 7, 20];

/** One connection that writes to one partition, with a number of requests in flight. */
export class Producer implements Disposable {
  readonly topic: string;
  readonly partition: number;
  /** Values in the order sent, over all rounds. */
  readonly sent: string[] = [];
  /** By offset. */
  readonly acknowledged = new Map<number, string>();
  /** Values of requests that never got an answer: they may be there or not. */
  readonly unknown = new Set<string>();
  readonly #inFlightMax: number;
  #connection: RawConnection | null = null;
  #round = 0;
  #finishing = false;

  constructor(topic: string, partition: number, inFlightMax: number) {
    this.topic = topic;
    this.partition = partition;
    this.#inFlightMax = inFlightMax;
  }

  /** Produces until the broker is gone or `finish` is called. `acknowledgedBatch` is told of each. */
  async run(port: number, acknowledgedBatch: () => void): Promise<void> {
    const connection = await RawConnection.open(port);
    this.#connection = connection;
    this.#round++;
    this.#finishing = false;
    const inFlight = new Map<number, string[]>();
    let correlationId = 0;
    for (;;) {
      while (inFlight.size < this.#inFlightMax && !connection.isClosed && !this.#finishing) {
        const values = Array.from(
          { length: recordsPerBatch },
          (_, index) => `${this.partition}-${this.#round}-${++correlationId}-${index}`,
        );
        const records = recordBatch(values);
        const body = produceBody(-1, [{ topic: this.topic, partition: this.partition, records }]);
        this.sent.push(...values);
        inFlight.set(correlationId, values);
        connection.write(requestFrame(ApiKey.produce, produceVersion, correlationId, body));
      }
      if (inFlight.size === 0) break;
      const outcome = await connection.outcome();
      if (outcome.kind === 'closed') break;
      const values = inFlight.get(outcome.answer.readInt32BE(0));
      const part = readProduceAnswer(outcome.answer)[0];
      assert.ok(values !== undefined && part !== undefined, 'an answer belongs to a request');
      inFlight.delete(outcome.answer.readInt32BE(0));
      if (part.errorCode !== ErrorCode.none) {
        // A stop may refuse what came too late. A definite refusal means that it is not there.
        if (indefiniteErrors.includes(part.errorCode)) for (const value of values) this.unknown.add(value);
        continue;
      }
      for (const [index, value] of values.entries()) this.acknowledged.set(part.baseOffset + index, value);
      acknowledgedBatch();
    }
    for (const value of [...inFlight.values()].flat()) this.unknown.add(value);
    connection.destroy();
  }

  /** Sends nothing more; `run` ends when all that was sent is answered. */
  finish(): void {
    this.#finishing = true;
  }

  /** Holds what the broker has now against what it acknowledged. */
  async check(port: number): Promise<void> {
    using client = await WireClient.connect(port);
    const records = await client.readAll(this.topic, this.partition);
    const place = new Map(this.sent.map((value, index) => [value, index]));
    let last = -1;
    for (const [index, record] of records.entries()) {
      const value = record.value.toString();
      const where = `partition ${this.partition}, offset ${record.offset}, value ${value}`;
      assert.equal(record.offset, index, `offsets have no gap: ${where}`);
      const sentAt = place.get(value) ?? -1;
      // Strictly rising: in the order sent, and nothing twice.
      assert.ok(sentAt > last, `sent as number ${sentAt}, after number ${last}: ${where}`);
      last = sentAt;
      const acknowledgedValue = this.acknowledged.get(record.offset);
      if (acknowledgedValue === undefined) assert.ok(this.unknown.has(value), `never answered, or refused: ${where}`);
      else assert.equal(value, acknowledgedValue, `acknowledged at this offset: ${where}`);
    }
    for (const offset of this.acknowledged.keys()) {
      assert.ok(offset < records.length, `partition ${this.partition}: offset ${offset} was acknowledged and is lost`);
    }
  }

  [Symbol.dispose](): void {
    this.#connection?.destroy();
  }
}

/** One producer for each partition, run together. */
export class ProducerLoad implements Disposable {
  readonly producers: readonly Producer[];

  constructor(topic: string, partitions: number, inFlightMax = 8) {
    this.producers = Array.from({ length: partitions }, (_, partition) => new Producer(topic, partition, inFlightMax));
  }

  /** Runs until `batches` were acknowledged, then lets `end` end the broker, or the load, under way. */
  async run(port: number, batches: number, end: () => Promise<void> | void): Promise<void> {
    const enough = Promise.withResolvers<void>();
    let count = 0;
    const acknowledgedBatch = (): void => {
      if (++count === batches) enough.resolve();
    };
    const running = Promise.all(this.producers.map((producer) => producer.run(port, acknowledgedBatch)));
    await Promise.race([enough.promise, running]);
    assert.ok(count >= batches, `the broker ended by itself after ${count} acknowledged batches`);
    await end();
    await running;
  }

  finish(): void {
    for (const producer of this.producers) producer.finish();
  }

  async check(port: number): Promise<void> {
    for (const producer of this.producers) await producer.check(port);
  }

  [Symbol.dispose](): void {
    for (const producer of this.producers) producer[Symbol.dispose]();
  }
}
