/**
 * Kafka's wire format as the process tests speak it: written apart from the product's codecs, so that a mistake
 * there is not made twice. Only versions before the flexible ones, which is what a hand can write and check.
 */

export const ApiKey = {
  produce: 0,
  fetch: 1,
  listOffsets: 2,
  metadata: 3,
  apiVersions: 18,
  createTopics: 19,
  deleteTopics: 20,
} as const;

export const ErrorCode = {
  none: 0,
  corruptMessage: 2,
  unknownTopicOrPartition: 3,
  messageTooLarge: 10,
  invalidTimestamp: 32,
  unsupportedVersion: 35,
  topicAlreadyExists: 36,
  invalidRecord: 87,
} as const;

/** Writes big-endian fields one behind the other. */
export class Fields {
  readonly #parts: Buffer[] = [];

  int8(value: number): this {
    const bytes = Buffer.alloc(1);
    bytes.writeInt8(value);
    return this.raw(bytes);
  }

  int16(value: number): this {
    const bytes = Buffer.alloc(2);
    bytes.writeInt16BE(value);
    return this.raw(bytes);
  }

  int32(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return this.raw(bytes);
  }

  int64(value: number): this {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(BigInt(value));
    return this.raw(bytes);
  }

  /** int16 length and UTF-8; -1 for null. */
  string(value: string | null): this {
    if (value === null) return this.int16(-1);
    const bytes = Buffer.from(value);
    return this.int16(bytes.length).raw(bytes);
  }

  /** int32 length and bytes; -1 for null. */
  bytes(value: Uint8Array | null): this {
    return value === null ? this.int32(-1) : this.int32(value.length).raw(value);
  }

  /** int32 count and the items; -1 for null. */
  array<T>(items: readonly T[] | null, write: (fields: this, item: T) => void): this {
    this.int32(items === null ? -1 : items.length);
    for (const item of items ?? []) write(this, item);
    return this;
  }

  /** Zigzag, 7 bits to the byte. */
  varint(value: number): this {
    let rest = value < 0 ? -2 * value - 1 : 2 * value;
    const bytes: number[] = [];
    while (rest >= 0x80) {
      bytes.push((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    bytes.push(rest);
    return this.raw(Buffer.from(bytes));
  }

  raw(bytes: Uint8Array): this {
    this.#parts.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    return this;
  }

  build(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** Reads what `Fields` writes; a read past the end throws. */
export class FieldReader {
  readonly bytes: Buffer;
  position: number;

  constructor(bytes: Buffer, position = 0) {
    this.bytes = bytes;
    this.position = position;
  }

  get left(): number {
    return this.bytes.length - this.position;
  }

  int8(): number {
    return this.bytes.readInt8(this.#take(1));
  }

  int16(): number {
    return this.bytes.readInt16BE(this.#take(2));
  }

  int32(): number {
    return this.bytes.readInt32BE(this.#take(4));
  }

  int64(): number {
    return Number(this.bytes.readBigInt64BE(this.#take(8)));
  }

  string(): string | null {
    const length = this.int16();
    return length < 0 ? null : this.slice(length).toString();
  }

  nullableBytes(): Buffer | null {
    const length = this.int32();
    return length < 0 ? null : this.slice(length);
  }

  array<T>(read: (reader: this) => T): T[] {
    const items: T[] = [];
    for (let count = this.int32(); count > 0; count--) items.push(read(this));
    return items;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.bytes.readUInt8(this.#take(1));
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }

  slice(length: number): Buffer {
    const start = this.#take(length);
    return this.bytes.subarray(start, start + length);
  }

  #take(length: number): number {
    const start = this.position;
    if (start + length > this.bytes.length)
      throw new Error(`answer ends ${start + length - this.bytes.length} B early`);
    this.position += length;
    return start;
  }
}

/** A whole frame: length, header version 1 and body. */
export function requestFrame(
  apiKey: number,
  version: number,
  correlationId: number,
  body: Uint8Array,
  clientId: string | null = 'process-test',
): Buffer {
  return frame(new Fields().int16(apiKey).int16(version).int32(correlationId).string(clientId).raw(body).build());
}

/** Puts the length before `payload`, or another one that lies. */
export function frame(payload: Uint8Array, declaredLength = payload.length): Buffer {
  return new Fields().int32(declaredLength).raw(payload).build();
}

/** ApiVersions before its flexible versions has an empty body. */
export function apiVersionsRequest(correlationId: number, version = 0): Buffer {
  return requestFrame(ApiKey.apiVersions, version, correlationId, new Uint8Array(0));
}

export interface ApiVersionsAnswer {
  readonly correlationId: number;
  readonly errorCode: number;
  readonly apis: { readonly apiKey: number; readonly minVersion: number; readonly maxVersion: number }[];
  /** Bytes behind the array: 0 in a version 0 answer. */
  readonly left: number;
}

/** Version 0, which is also the form in which an unsupported version is answered. */
export function readApiVersionsAnswer(answer: Buffer): ApiVersionsAnswer {
  const reader = new FieldReader(answer);
  const correlationId = reader.int32();
  const errorCode = reader.int16();
  const apis = reader.array((each) => ({ apiKey: each.int16(), minVersion: each.int16(), maxVersion: each.int16() }));
  return { correlationId, errorCode, apis, left: reader.left };
}

export const createTopicsVersion = 4;

export function createTopicBody(
  name: string,
  partitions: number,
  configs: Readonly<Record<string, string>> = {},
): Buffer {
  return new Fields()
    .array([name], (topic, text) =>
      topic
        .string(text)
        .int32(partitions)
        .int16(1)
        .array([], () => {})
        .array(Object.entries(configs), (config, [key, value]) => config.string(key).string(value)),
    )
    .int32(30_000)
    .int8(0)
    .build();
}

export const deleteTopicsVersion = 3;

export function deleteTopicBody(name: string): Buffer {
  return new Fields()
    .array([name], (topics, text) => topics.string(text))
    .int32(30_000)
    .build();
}

export const metadataVersion = 8;

/** `null` asks for all topics. Topics are not created by asking. */
export function metadataBody(topics: readonly string[] | null): Buffer {
  return new Fields()
    .array(topics, (fields, name) => fields.string(name))
    .int8(0)
    .int8(0)
    .int8(0)
    .build();
}

export interface MetadataAnswer {
  readonly brokers: { readonly nodeId: number; readonly host: string | null; readonly port: number }[];
  readonly topics: {
    readonly errorCode: number;
    readonly name: string | null;
    readonly partitions: { readonly errorCode: number; readonly index: number; readonly leader: number }[];
  }[];
}

export function readMetadataAnswer(answer: Buffer): MetadataAnswer {
  const reader = new FieldReader(answer, 4);
  reader.int32();
  const brokers = reader.array((broker) => {
    const found = { nodeId: broker.int32(), host: broker.string(), port: broker.int32() };
    broker.string();
    return found;
  });
  reader.string();
  reader.int32();
  const topics = reader.array((topic) => {
    const errorCode = topic.int16();
    const name = topic.string();
    topic.int8();
    const partitions = topic.array((partition) => {
      const found = { errorCode: partition.int16(), index: partition.int32(), leader: partition.int32() };
      partition.int32();
      for (let list = 0; list < 3; list++) partition.array((each) => each.int32());
      return found;
    });
    topic.int32();
    return { errorCode, name, partitions };
  });
  return { brokers, topics };
}

export const produceVersion = 8;

export interface ProducePart {
  readonly topic: string;
  readonly partition: number;
  readonly records: Uint8Array | null;
}

export function produceBody(acks: number, parts: readonly ProducePart[]): Buffer {
  return new Fields()
    .string(null)
    .int16(acks)
    .int32(30_000)
    .array(parts, (fields, part) =>
      fields.string(part.topic).array([part], (inner, each) => inner.int32(each.partition).bytes(each.records)),
    )
    .build();
}

export interface ProduceAnswerPart {
  readonly topic: string | null;
  readonly partition: number;
  readonly errorCode: number;
  readonly baseOffset: number;
  /** -1: the producer's times hold. */
  readonly logAppendTimeMs: number;
}

export function readProduceAnswer(answer: Buffer): ProduceAnswerPart[] {
  const reader = new FieldReader(answer, 4);
  return reader
    .array((fields) => {
      const topic = fields.string();
      return fields.array((partition) => {
        const part = {
          topic,
          partition: partition.int32(),
          errorCode: partition.int16(),
          baseOffset: partition.int64(),
          logAppendTimeMs: partition.int64(),
        };
        partition.int64();
        partition.array((error) => [error.int32(), error.string()]);
        partition.string();
        return part;
      });
    })
    .flat();
}

export const fetchVersion = 11;

export interface FetchPart {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly maxBytes: number;
}

export function fetchBody(parts: readonly FetchPart[], maxWaitMs: number, minBytes: number): Buffer {
  return new Fields()
    .int32(-1)
    .int32(maxWaitMs)
    .int32(minBytes)
    .int32(0x7fff_ffff)
    .int8(0)
    .int32(0)
    .int32(-1)
    .array(parts, (fields, part) =>
      fields
        .string(part.topic)
        .array([part], (inner, each) =>
          inner.int32(each.partition).int32(-1).int64(each.offset).int64(-1).int32(each.maxBytes),
        ),
    )
    .array([], () => {})
    .string('')
    .build();
}

export interface FetchAnswerPart {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly records: Buffer;
}

export function readFetchAnswer(answer: Buffer): FetchAnswerPart[] {
  const reader = new FieldReader(answer, 4);
  reader.int32();
  reader.int16();
  reader.int32();
  return reader
    .array((fields) => {
      fields.string();
      return fields.array((partition) => {
        const index = partition.int32();
        const errorCode = partition.int16();
        const highWatermark = partition.int64();
        partition.int64();
        partition.int64();
        partition.array((aborted) => [aborted.int64(), aborted.int64()]);
        partition.int32();
        return { partition: index, errorCode, highWatermark, records: partition.nullableBytes() ?? Buffer.alloc(0) };
      });
    })
    .flat();
}

export const listOffsetsVersion = 5;
export const latestTimestamp = -1;
export const earliestTimestamp = -2;

export function listOffsetsBody(topic: string, partition: number, timestamp: number): Buffer {
  return new Fields()
    .int32(-1)
    .int8(0)
    .array([topic], (fields, name) =>
      fields.string(name).array([partition], (inner, index) => inner.int32(index).int32(-1).int64(timestamp)),
    )
    .build();
}

export function readListOffsetsAnswer(answer: Buffer): { readonly errorCode: number; readonly offset: number } {
  const reader = new FieldReader(answer, 4);
  reader.int32();
  const parts = reader
    .array((fields) => {
      fields.string();
      return fields.array((partition) => {
        partition.int32();
        const errorCode = partition.int16();
        partition.int64();
        const offset = partition.int64();
        partition.int32();
        return { errorCode, offset };
      });
    })
    .flat();
  const part = parts[0];
  if (part === undefined) throw new Error('ListOffsets answered no partition');
  return part;
}
