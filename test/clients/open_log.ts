import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { recordBatch } from '../processes/record_batch.ts';
import {
  ApiKey,
  ErrorCode,
  fetchBody,
  fetchVersion,
  type ProduceAnswerPart,
  readFetchAnswer,
} from '../processes/wire.ts';
import type { WireClient } from '../processes/wire_client.ts';

const attributesAt = 21;
const codecMask = 7;

/** The one partition of a topic, and what shows which settings its log has. */
export class OpenLog {
  readonly #client: WireClient;
  readonly #directory: string;
  readonly #topic: string;

  /** @param directory the one of `log.dirs` */
  constructor(client: WireClient, directory: string, topic: string) {
    this.#client = client;
    this.#directory = directory;
    this.#topic = topic;
  }

  /** Appends one record of so many bytes, which do not compress. The error. */
  async tryToProduce(bytes: number): Promise<number> {
    return (await this.#append(bytes)).errorCode;
  }

  /** The same, which must succeed. */
  async produce(bytes: number): Promise<ProduceAnswerPart> {
    const answer = await this.#append(bytes);
    assert.equal(answer.errorCode, ErrorCode.none);
    return answer;
  }

  /** Of the last batch, as it is stored. */
  async codecOfLast(): Promise<number> {
    const topic = this.#topic;
    const offset = (await this.#client.logEndOffset(topic, 0)) - 1;
    const body = fetchBody([{ topic, partition: 0, offset, maxBytes: 1 << 20 }], 1_000, 1);
    const [part] = readFetchAnswer(await this.#client.request(ApiKey.fetch, fetchVersion, body));
    assert.equal(part?.errorCode, ErrorCode.none);
    return part.records.readInt16BE(attributesAt) & codecMask;
  }

  segments(): number {
    return readdirSync(join(this.#directory, `${this.#topic}-0`)).filter((name) => name.endsWith('.log')).length;
  }

  #append(bytes: number): Promise<ProduceAnswerPart> {
    return this.#client.produce(this.#topic, 0, recordBatch([randomBytes(bytes)]));
  }
}
