/** The few requests that tests need to set a scene or to look at it, over one `RawConnection`, one at a time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { RawConnection } from './raw_connection.ts';
import { type ReadRecord, readRecords } from './record_batch.ts';
import {
  ApiKey,
  type ApiVersionsAnswer,
  apiVersionsRequest,
  createTopicBody,
  createTopicsVersion,
  deleteTopicBody,
  deleteTopicsVersion,
  ErrorCode,
  earliestTimestamp,
  FieldReader,
  fetchBody,
  fetchVersion,
  latestTimestamp,
  listOffsetsBody,
  listOffsetsVersion,
  type MetadataAnswer,
  metadataBody,
  metadataVersion,
  type ProduceAnswerPart,
  produceBody,
  produceVersion,
  readApiVersionsAnswer,
  readFetchAnswer,
  readListOffsetsAnswer,
  readMetadataAnswer,
  readProduceAnswer,
  requestFrame,
} from './wire.ts';

/** UNKNOWN_TOPIC_OR_PARTITION, LEADER_NOT_AVAILABLE, NOT_LEADER_OR_FOLLOWER: not led yet. */
const unledErrors: readonly number[] = [3, 5, 6];
const leaderMsMax = 20_000;

export class WireClient implements Disposable {
  readonly connection: RawConnection;
  #correlationId = 0;

  constructor(connection: RawConnection) {
    this.connection = connection;
  }

  static async connect(port: number): Promise<WireClient> {
    return new WireClient(await RawConnection.open(port));
  }

  async apiVersions(): Promise<ApiVersionsAnswer> {
    this.connection.write(apiVersionsRequest(++this.#correlationId));
    return readApiVersionsAnswer(await this.connection.answer());
  }

  async metadata(topics: readonly string[] | null): Promise<MetadataAnswer> {
    return readMetadataAnswer(await this.request(ApiKey.metadata, metadataVersion, metadataBody(topics)));
  }

  /** Resolves when the topic is made, a moment before its leaders are at work. */
  async askForTopic(name: string, partitions = 1, configs: Readonly<Record<string, string>> = {}): Promise<void> {
    const body = createTopicBody(name, partitions, configs);
    const reader = new FieldReader(await this.request(ApiKey.createTopics, createTopicsVersion, body), 4);
    reader.int32();
    const [result] = reader.array((topic) => ({
      name: topic.string(),
      errorCode: topic.int16(),
      text: topic.string(),
    }));
    if (result?.errorCode !== ErrorCode.none) throw new Error(`CreateTopics answered ${JSON.stringify(result)}`);
  }

  /** Resolves when every partition is led. */
  async createTopic(name: string, partitions = 1, configs: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.askForTopic(name, partitions, configs);
    for (let partition = 0; partition < partitions; partition++) await this.logEndOffset(name, partition);
  }

  async deleteTopic(name: string): Promise<void> {
    const body = deleteTopicBody(name);
    const reader = new FieldReader(await this.request(ApiKey.deleteTopics, deleteTopicsVersion, body), 4);
    reader.int32();
    const [result] = reader.array((topic) => ({ name: topic.string(), errorCode: topic.int16() }));
    if (result?.errorCode !== ErrorCode.none) throw new Error(`DeleteTopics answered ${JSON.stringify(result)}`);
  }

  /** `acks` is not 0: the answer is waited for. */
  async produce(topic: string, partition: number, records: Uint8Array | null, acks = -1): Promise<ProduceAnswerPart> {
    return (await this.produceThrottled(topic, partition, records, acks)).part;
  }

  /** The same, with the throttle time at the end of the answer. */
  async produceThrottled(
    topic: string,
    partition: number,
    records: Uint8Array | null,
    acks = -1,
  ): Promise<{ part: ProduceAnswerPart; throttleTimeMs: number }> {
    const body = produceBody(acks, [{ topic, partition, records }]);
    const answer = await this.request(ApiKey.produce, produceVersion, body);
    const [part] = readProduceAnswer(answer);
    if (part === undefined) throw new Error('Produce answered no partition');
    return { part, throttleTimeMs: answer.readInt32BE(answer.length - 4) };
  }

  async logEndOffset(topic: string, partition: number): Promise<number> {
    return this.#offset(topic, partition, latestTimestamp);
  }

  async logStartOffset(topic: string, partition: number): Promise<number> {
    return this.#offset(topic, partition, earliestTimestamp);
  }

  /** Everything from `offset` to the log end offset of now. */
  async readAll(topic: string, partition: number, offset = 0): Promise<ReadRecord[]> {
    const records: ReadRecord[] = [];
    const end = await this.logEndOffset(topic, partition);
    for (let next = offset; next < end;) {
      const body = fetchBody([{ topic, partition, offset: next, maxBytes: 1 << 20 }], 1_000, 1);
      const [part] = readFetchAnswer(await this.request(ApiKey.fetch, fetchVersion, body));
      if (part?.errorCode !== ErrorCode.none) throw new Error(`Fetch answered error ${part?.errorCode}`);
      // The first batch is whole and may begin before what was asked for.
      for (const record of readRecords(part.records)) if (record.offset >= next) records.push(record);
      const last = records.at(-1);
      if (last === undefined || last.offset < next) throw new Error(`Fetch at ${next} of ${end} brought nothing`);
      next = last.offset + 1;
    }
    return records;
  }

  async request(apiKey: number, version: number, body: Uint8Array): Promise<Buffer> {
    const correlationId = ++this.#correlationId;
    this.connection.write(requestFrame(apiKey, version, correlationId, body));
    const answer = await this.connection.answer();
    const answered = answer.readInt32BE(0);
    if (answered !== correlationId) throw new Error(`answer ${answered} came for request ${correlationId}`);
    return answer;
  }

  [Symbol.dispose](): void {
    this.connection.destroy();
  }

  /** As clients do, it waits for a partition that is not led yet: after a crash each is served when it is recovered. */
  async #offset(topic: string, partition: number, timestamp: number): Promise<number> {
    for (const untilMs = performance.now() + leaderMsMax; ;) {
      const { errorCode, offset } = await this.#listOffset(topic, partition, timestamp);
      if (errorCode === ErrorCode.none) return offset;
      const mayCome = unledErrors.includes(errorCode) && performance.now() < untilMs;
      if (!mayCome) throw new Error(`ListOffsets answered error ${errorCode}`);
      await sleep(20);
    }
  }

  async #listOffset(
    topic: string,
    partition: number,
    timestamp: number,
  ): Promise<{ readonly errorCode: number; readonly offset: number }> {
    const body = listOffsetsBody(topic, partition, timestamp);
    return readListOffsetsAnswer(await this.request(ApiKey.listOffsets, listOffsetsVersion, body));
  }
}
