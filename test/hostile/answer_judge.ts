import { ByteReader } from '../../src/base/bytes.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import { ApiKey, apiOf } from '../../src/protocol/api_keys.ts';
import { Codec } from '../../src/protocol/codec.ts';
import { ErrorCode, errorName } from '../../src/protocol/errors.ts';
import { readResponseHeader } from '../../src/protocol/headers.ts';
import type { Fields, Message } from '../../src/protocol/schema_language.ts';
import { responseMessage } from '../tools/conformance_messages.ts';
import { kernels, toHex } from '../tools/kernels.ts';
import { refusals } from './refusals.ts';
import type { DrawnWorld } from './drawn_values.ts';

const WIDE = { wide: true, keepUnknownTags: false };
const idsKept = 16;
const reader = new ByteReader(kernels.decodeText);
const codecs = new Map<Message, Codec<Message>>();
const knownCodes: ReadonlySet<number> = new Set(Object.values(ErrorCode));

type Value = Record<string, unknown>;

/** Reads answers to well-formed requests, and says what is wrong with them. */
export class AnswerJudge {
  /** Answers by API and error: `Fetch NONE` to how many. */
  readonly seen = new Map<string, number>();
  readonly #world: DrawnWorld;

  constructor(world: DrawnWorld) {
    this.#world = world;
  }

  /** `answer` is a frame without its length. Null: as it should be. */
  complaint(apiKey: number, version: number, answer: Uint8Array): string | null {
    const name = apiOf(apiKey)!.name;
    const message = responseMessage(apiKey)!;
    const value = decoded(message, apiKey, version, answer);
    if (value === null) return `${name} ${version} was answered with what is no such response`;
    if (reader.remaining > 0) return `${name} ${version} was answered with ${reader.remaining} B behind the response`;
    const codes = new Set<number>();
    collectCodes(message.fields, value, codes);
    for (const code of codes) {
      const text = `${name} ${knownCodes.has(code) ? errorName(code) : code}`;
      this.seen.set(text, (this.seen.get(text) ?? 0) + 1);
      if (code !== ErrorCode.NONE && refusals.get(name)?.has(code) !== true) return `${text} is no answer of this API`;
    }
    this.#learn(apiKey, value);
    return null;
  }

  /** Ids that other connections use, too: by right or not. */
  #learn(apiKey: number, value: Value): void {
    const { topics, topicIds, sessionIds, producerIds } = this.#world;
    if (apiKey === ApiKey.Fetch && value['sessionId'] !== 0) keep(sessionIds, value['sessionId'] as number);
    if (apiKey === ApiKey.InitProducerId && value['producerId'] !== -1n) keep(producerIds, Number(value['producerId']));
    if (apiKey !== ApiKey.CreateTopics && apiKey !== ApiKey.Metadata) return;
    for (const { name, topicId } of value['topics'] as { name: string | null; topicId?: Uuid }[]) {
      // Not the topic of those that behave: all are told of it, nobody may guess it.
      if (topicId !== undefined && name !== null && topics.includes(name)) keep(topicIds, topicId);
    }
  }
}

/** The error codes anywhere in an answer, a frame without its length. */
export function errorsIn(apiKey: number, version: number, answer: Uint8Array): Set<number> {
  const codes = new Set<number>();
  collectCodes(responseMessage(apiKey)!.fields, answerOf(apiKey, version, answer), codes);
  return codes;
}

/** What an answer says, a frame without its length. 64-bit numbers are bigints. */
export function answerOf(apiKey: number, version: number, answer: Uint8Array): Value {
  const message = responseMessage(apiKey)!;
  const value = decoded(message, apiKey, version, answer);
  if (value === null || reader.remaining > 0) throw new Error(`${toHex(answer)} is no ${message.name} ${version}`);
  return value;
}

/** Leaves the reader behind the response. */
function decoded(message: Message, apiKey: number, version: number, answer: Uint8Array): Value | null {
  let codec = codecs.get(message);
  if (codec === undefined) codecs.set(message, (codec = new Codec(message, WIDE)));
  reader.resetTo(answer);
  readResponseHeader(reader, apiKey, version);
  return codec.decode(reader, version) as Value | null;
}

function keep<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > idsKept) list.shift();
}

function collectCodes(fields: Fields, value: Value, into: Set<number>): void {
  for (const [name, field] of Object.entries(fields)) {
    const inner = value[name];
    if (inner === undefined || inner === null) continue;
    if (field.kind === 'int16' && /errorCode$/i.test(name)) into.add(inner as number);
    else if (field.kind === 'struct') collectCodes(field.fields!, inner as Value, into);
    else if (field.kind === 'array' && field.element!.kind === 'struct') {
      for (const each of inner as Value[]) collectCodes(field.element!.fields!, each, into);
    }
  }
}
