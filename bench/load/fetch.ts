/**
 * Catch-up: every slot of every lane walks a partition from its own place on, and again from the start as soon as what
 * is left would not fill an answer. The
 * log holds batches of one size, so that the length of the records tells the next offset. Only whole batches count: a
 * broker may cut the last one short.
 */
import type { Connection } from './connection.ts';
import {
  fetchAnswerPlaces,
  fetchFrame,
  fetchOffsetAt,
  type FetchAnswerPlaces,
  type FetchShape,
  type TopicName,
} from './frames.ts';
import type { Traffic } from './lane.ts';

const TWO_32 = 0x1_0000_0000;

export interface CatchUpShape {
  readonly version: number;
  readonly topic: TopicName;
  readonly partitions: number;
  readonly inFlight: number;
  readonly firstPartition: number;
  readonly batchBytes: number;
  readonly recordsPerBatch: number;
  readonly batchesPerPartition: number;
  /** Where each slot begins, in batches from the partition's start. */
  readonly firstBatches: readonly number[];
  readonly fetch: FetchShape;
}

export class CatchUpTraffic implements Traffic {
  readonly frontBytes: number;
  readonly #shape: CatchUpShape;
  readonly #places: FetchAnswerPlaces;
  readonly #offsets: Float64Array;
  readonly #frames: Buffer;
  readonly #frameBytes: number;
  readonly #offsetAt: number;
  /** From here on a fetch would not be filled: the walk begins again. */
  readonly #lastStart: number;
  readonly #views: (Buffer | undefined)[] = [];

  constructor(shape: CatchUpShape) {
    this.#shape = shape;
    this.#places = fetchAnswerPlaces(shape.version, shape.topic);
    this.frontBytes = this.#places.recordsLengthAt + 5;
    const filling = Math.max(1, Math.floor(shape.fetch.partitionMaxBytes / shape.batchBytes));
    const last = Math.max(0, shape.batchesPerPartition - filling);
    this.#lastStart = last * shape.recordsPerBatch;
    this.#offsets = Float64Array.from(shape.firstBatches, (batches) => Math.min(batches, last) * shape.recordsPerBatch);
    const frames: Buffer[] = [];
    for (let slot = 0; slot < shape.inFlight; slot++) {
      const partition = (shape.firstPartition + slot) % shape.partitions;
      frames.push(fetchFrame(shape.version, slot, shape.topic, partition, 0, shape.fetch));
    }
    this.#frameBytes = frames[0]!.length;
    this.#frames = Buffer.concat(frames);
    this.#offsetAt = fetchOffsetAt(shape.version, shape.topic);
  }

  send(connection: Connection, slot: number, count: number): void {
    for (let index = slot; index < slot + count; index++) {
      const offset = this.#offsets[index]!;
      const at = index * this.#frameBytes + this.#offsetAt;
      this.#frames.writeInt32BE(Math.floor(offset / TWO_32), at);
      this.#frames.writeUInt32BE(offset % TWO_32, at + 4);
    }
    const key = slot * (this.#shape.inFlight + 1) + count;
    const view = (this.#views[key] ??= this.#frames.subarray(
      slot * this.#frameBytes,
      (slot + count) * this.#frameBytes,
    ));
    connection.socket.write(view);
  }

  check(bytes: Buffer, at: number, slot: number): number {
    const length = fetchedBytes(bytes, at, this.#places);
    const { batchBytes, recordsPerBatch } = this.#shape;
    const batches = Math.floor(length / batchBytes);
    if (batches === 0) throw new Error('a fetch behind the end of the log brought no whole batch');
    const next = this.#offsets[slot]! + batches * recordsPerBatch;
    this.#offsets[slot] = next > this.#lastStart ? 0 : next;
    return batches * batchBytes;
  }
}

/** Bytes of records in an answer. Throws when the broker refused. */
export function fetchedBytes(bytes: Buffer, at: number, places: FetchAnswerPlaces): number {
  const error = bytes.readInt16BE(at + places.errorAt);
  if (error !== 0) throw new Error(`Fetch was answered with error ${error}`);
  // An answer without topics is how nothing new is told when a wait ran out.
  if (bytes[at + places.topicsAt] !== 2) return 0;
  const partitionError = bytes.readInt16BE(at + places.partitionErrorAt);
  if (partitionError !== 0) throw new Error(`Fetch was answered with error ${partitionError} for the partition`);
  let value = 0;
  let place = at + places.recordsLengthAt;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[place++]!;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return Math.max(value - 1, 0);
}
