/** Produce requests of one batch each. Slots of a lane go to the partitions in turn. */
import { Connection, type AnswerSink } from './connection.ts';
import { apiVersionsFrame, PRODUCE_TAIL, produceErrorAt, produceHead, type TopicName } from './frames.ts';
import type { Lane, Run, Traffic } from './lane.ts';
import type { BuiltBatch } from './record_batch.ts';

/** Frames from here on are not laid out one behind the other: their batch is sent from one place. */
const SHARED_BATCH_FROM = 64 * 1024;
const NOTHING = Buffer.alloc(0);

export interface ProduceShape {
  readonly version: number;
  readonly topic: TopicName;
  readonly partitions: number;
  readonly acks: number;
  readonly inFlight: number;
  /** Where the lane stands among all lanes: its first slot's partition. */
  readonly firstPartition: number;
}

export class ProduceTraffic implements Traffic {
  readonly frontBytes: number;
  readonly #batch: Buffer;
  readonly #plainBytes: number;
  readonly #heads: Buffer[] = [];
  /** All frames, one behind the other; null when the batch is large. */
  readonly #frames: Buffer | null;
  readonly #frameBytes: number;
  /** Views of `#frames` by first slot and count, made when first needed. */
  readonly #views: (Buffer | undefined)[] = [];
  readonly #inFlight: number;
  readonly #errorAt: number;

  constructor(shape: ProduceShape, batch: BuiltBatch) {
    this.#batch = batch.bytes;
    this.#plainBytes = batch.plainBytes;
    this.#inFlight = shape.inFlight;
    this.#errorAt = produceErrorAt(shape.version, shape.topic);
    this.frontBytes = this.#errorAt + 2;
    for (let slot = 0; slot < shape.inFlight; slot++) {
      const partition = (shape.firstPartition + slot) % shape.partitions;
      this.#heads.push(produceHead(shape.version, slot, shape.topic, partition, shape.acks, batch.bytes.length));
    }
    const pieces = this.#heads.map((head) => Buffer.concat([head, batch.bytes, PRODUCE_TAIL]));
    this.#frameBytes = pieces[0]!.length;
    this.#frames = batch.bytes.length >= SHARED_BATCH_FROM ? null : Buffer.concat(pieces);
  }

  /** The whole frame of a slot, a copy. */
  frameOf(slot: number): Buffer {
    return Buffer.concat([this.#heads[slot]!, this.#batch, PRODUCE_TAIL]);
  }

  send(connection: Connection, slot: number, count: number): void {
    const socket = connection.socket;
    if (this.#frames === null) {
      socket.cork();
      for (let index = slot; index < slot + count; index++) {
        socket.write(this.#heads[index]!);
        socket.write(this.#batch);
        socket.write(PRODUCE_TAIL);
      }
      socket.uncork();
      return;
    }
    const key = slot * (this.#inFlight + 1) + count;
    const view = (this.#views[key] ??= this.#frames.subarray(
      slot * this.#frameBytes,
      (slot + count) * this.#frameBytes,
    ));
    socket.write(view);
  }

  check(bytes: Buffer, at: number): number {
    const error = bytes.readInt16BE(at + this.#errorAt);
    if (error !== 0) throw new Error(`Produce was answered with error ${error}`);
    return this.#plainBytes;
  }
}

/**
 * acks=0: nothing is answered. A full window goes out when the kernel has taken the one before, and one ApiVersions at
 * the end, whose answer says that all before it have taken effect.
 */
export class UnansweredLane implements Lane, AnswerSink {
  readonly #traffic: ProduceTraffic;
  readonly #inFlight: number;
  readonly #batchBytes: number;
  #connection!: Connection;
  #run: Run | null = null;
  #left = 0;
  #sent = 0;

  private constructor(traffic: ProduceTraffic, inFlight: number, batchBytes: number) {
    this.#traffic = traffic;
    this.#inFlight = inFlight;
    this.#batchBytes = batchBytes;
  }

  static async open(host: string, port: number, shape: ProduceShape, batch: BuiltBatch): Promise<UnansweredLane> {
    const lane = new UnansweredLane(new ProduceTraffic(shape, batch), shape.inFlight, batch.plainBytes);
    lane.#connection = await Connection.open(host, port, 8, lane);
    return lane;
  }

  begin(run: Run, quota: number): void {
    this.#run = run;
    this.#left = quota;
    this.#sent = 0;
    this.#sendWindow();
  }

  close(): void {
    this.#run = null;
    this.#connection.close();
  }

  answered(): void {
    const run = this.#run;
    if (run === null) return;
    this.#run = null;
    run.requests += this.#sent;
    run.payloadBytes += this.#sent * this.#batchBytes;
    run.laneDone();
  }

  turn(): void {}

  closed(error: Error | null): void {
    this.#run?.fail(error ?? new Error('the broker closed the connection'));
  }

  readonly #sendWindow = (): void => {
    const run = this.#run;
    if (run === null) return;
    const count = performance.now() >= run.untilMs ? 0 : Math.min(this.#inFlight, this.#left);
    const socket = this.#connection.socket;
    if (count === 0) {
      socket.write(apiVersionsFrame(0));
      return;
    }
    this.#left -= count;
    this.#sent += count;
    socket.cork();
    this.#traffic.send(this.#connection, 0, count);
    socket.write(NOTHING, this.#sendWindow);
    socket.uncork();
  };
}
