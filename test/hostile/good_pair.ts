import assert from 'node:assert/strict';
import { recordBatch } from '../processes/record_batch.ts';
import { WireClient } from '../processes/wire_client.ts';

const pauseMs = 5;
const partitions = 2;

/** A producer and a consumer that behave, beside those that do not. Their topic's name is not one that is guessed. */
export class GoodPair implements Disposable {
  readonly #topic: string;
  readonly #producer: WireClient;
  readonly #consumer: WireClient;
  /** By partition, the acknowledged values in the order of their offsets. */
  readonly #acknowledged: string[][] = Array.from({ length: partitions }, () => []);
  #isOver = false;

  private constructor(topic: string, producer: WireClient, consumer: WireClient) {
    this.#topic = topic;
    this.#producer = producer;
    this.#consumer = consumer;
  }

  static async start(port: number, topic: string): Promise<GoodPair> {
    const producer = await WireClient.connect(port);
    await producer.createTopic(topic, partitions);
    return new GoodPair(topic, producer, await WireClient.connect(port));
  }

  /** Records acknowledged so far. */
  get records(): number {
    return this.#acknowledged.reduce((sum, values) => sum + values.length, 0);
  }

  /** Produces and consumes until `stop`; fails with the first answer that is not as it should be. */
  async run(): Promise<void> {
    await Promise.all([this.#produce(), this.#consume()]);
  }

  stop(): void {
    this.#isOver = true;
  }

  /** All that was acknowledged is there, and nothing else. */
  async check(): Promise<void> {
    for (const [partition, values] of this.#acknowledged.entries()) {
      const records = await this.#consumer.readAll(this.#topic, partition);
      assert.deepEqual(
        records.map(({ value }) => value.toString()),
        values,
      );
    }
  }

  [Symbol.dispose](): void {
    this.#producer[Symbol.dispose]();
    this.#consumer[Symbol.dispose]();
  }

  async #produce(): Promise<void> {
    for (let number = 0; !this.#isOver; number++) {
      const partition = number % partitions;
      const values = this.#acknowledged[partition]!;
      const batch = [`record ${number}`, 'x'.repeat(number % 100)];
      const { errorCode, baseOffset } = await this.#producer.produce(this.#topic, partition, recordBatch(batch));
      assert.deepEqual({ errorCode, baseOffset }, { errorCode: 0, baseOffset: values.length });
      values.push(...batch);
      await pause();
    }
  }

  async #consume(): Promise<void> {
    const positions = Array.from({ length: partitions }, () => 0);
    while (!this.#isOver) {
      for (let partition = 0; partition < partitions; partition++) {
        for (const { offset, value } of await this.#consumer.readAll(this.#topic, partition, positions[partition])) {
          assert.equal(offset, positions[partition]!++);
          // Read before its acknowledgement has come: it is checked at the end.
          const acknowledged = this.#acknowledged[partition]![offset];
          if (acknowledged !== undefined) assert.equal(value.toString(), acknowledged);
        }
      }
      await pause();
    }
  }
}

async function pause(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, pauseMs);
  await promise;
}
