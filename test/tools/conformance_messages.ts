import { isDeepStrictEqual } from 'node:util';
import { ByteReader, ByteWriter } from '../../src/base/bytes.ts';
import { ZERO_UUID } from '../../src/base/uuid.ts';
import { Codec, codecOf } from '../../src/protocol/codec.ts';
import { Layout } from '../../src/protocol/codec_layout.ts';
import { writeRequestHeader } from '../../src/protocol/headers.ts';
import { MESSAGES } from '../../src/protocol/schema/catalog.ts';
import type { Field, Fields, Message } from '../../src/protocol/schema_language.ts';
import type { ApiKey } from '../../src/protocol/api_keys.ts';
import type { Json, JsonObject } from './conformance_json.ts';
import { decodedRecords } from './conformance_records.ts';
import { kernels } from './kernels.ts';

/**
 * Requests and answers as JSON, in the form of Kafka's converters: fields that the version lacks and tagged fields with
 * their default are left out, bytes are base64, ids are their texts. Beside every `records` of an answer stands
 * `decodedRecords`.
 */

const WIDE = { wide: true, keepUnknownTags: false };

const requests = messagesNamed('Request');
const responses = messagesNamed('Response');
const wideCodecs = new Map<Message, Codec<Message>>();
const reader = new ByteReader(kernels.decodeText);

export function requestMessage(api: number): Message | undefined {
  return requests.get(api);
}

export function responseMessage(api: number): Message | undefined {
  return responses.get(api);
}

/** The whole frame of a request, its size first. */
export function encodeRequest(
  api: number,
  version: number,
  correlationId: number,
  clientId: string | null,
  body: JsonObject,
): Uint8Array {
  const message = requests.get(api);
  if (message === undefined) throw new Error(`no request of API ${api} is defined`);
  const writer = new ByteWriter(kernels.encodeText, 1024);
  writer.int32(0);
  writeRequestHeader(writer, api as ApiKey, version, correlationId, clientId);
  codecOf(message).encode(writer, version, structOf(message.fields, body, message.name));
  writer.view.setInt32(0, writer.position - 4);
  return writer.copyWritten();
}

export interface DecodedAnswer {
  readonly correlationId: number;
  /** Null: the bytes are no such message. */
  readonly body: JsonObject | null;
  /** What remained behind the message. */
  readonly bytesLeft: number;
}

/** Decodes a frame without its size. */
export function decodeAnswer(
  frame: Uint8Array,
  api: number,
  version: number,
  headerVersion: number | undefined,
): DecodedAnswer {
  const message = responses.get(api);
  if (message === undefined) throw new Error(`no response of API ${api} is defined`);
  reader.resetTo(frame);
  const correlationId = reader.int32();
  if (headerVersion === 1) reader.skipTaggedFields();
  let codec = wideCodecs.get(message);
  if (codec === undefined) wideCodecs.set(message, (codec = new Codec(message, WIDE)));
  const value = codec.decode(reader, version) as Record<string, unknown> | null;
  if (value === null) return { correlationId, body: null, bytesLeft: 0 };
  const body = jsonOfStruct(new Layout(message, version, WIDE), message.fields, value);
  return { correlationId, body, bytesLeft: reader.remaining };
}

function messagesNamed(suffix: string): ReadonlyMap<number, Message> {
  const found = new Map<number, Message>();
  for (const message of MESSAGES) {
    if (message.apiKey !== undefined && message.name.endsWith(suffix)) found.set(message.apiKey, message);
  }
  return found;
}

function jsonOfStruct(layout: Layout, fields: Fields, value: Record<string, unknown>): JsonObject {
  const json: Record<string, Json> = {};
  for (const [name, field] of Object.entries(fields)) {
    const presence = layout.presence(field);
    if (presence === 'absent') continue;
    const each = jsonOf(layout, field, value[name]);
    if (presence === 'tagged' && isDeepStrictEqual(each, defaultOf(layout, field))) continue;
    json[name] = each;
    if (field.kind === 'records') json['decodedRecords'] = decodedRecords(value[name] as Uint8Array | null);
  }
  return json;
}

function jsonOf(layout: Layout, field: Field<unknown, unknown>, value: unknown): Json {
  if (value === null) return null;
  switch (field.kind) {
    case 'array':
      return (value as unknown[]).map((each) => jsonOf(layout, field.element!, each));
    case 'struct':
      return jsonOfStruct(layout, field.fields!, value as Record<string, unknown>);
    case 'bytes':
    case 'records':
      return Buffer.from(value as Uint8Array).toString('base64');
    case 'int64':
    case 'bigInt64': {
      const number = Number(value as bigint);
      return Number.isSafeInteger(number) ? number : (value as bigint);
    }
    default:
      return value as Json;
  }
}

/** What a field has in JSON when it is not said. */
function defaultOf(layout: Layout, field: Field<unknown, unknown>): Json {
  const given = field.options.default;
  if (given !== undefined) return jsonOf(layout, field, given);
  switch (field.kind) {
    case 'bool':
      return false;
    case 'string':
    case 'bytes':
    case 'records':
      return '';
    case 'uuid':
      return ZERO_UUID;
    case 'array':
      return [];
    case 'struct':
      return Object.fromEntries(
        Object.entries(field.fields!)
          .filter(([, inner]) => layout.presence(inner) === 'plain')
          .map(([name, inner]) => [name, defaultOf(layout, inner)]),
      );
    default:
      return 0;
  }
}

function structOf(fields: Fields, json: JsonObject, where: string): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const [name, each] of Object.entries(json)) {
    const field = fields[name];
    if (field === undefined) throw new Error(`${where} has no field ${name}`);
    value[name] = valueOf(field, each, `${where}.${name}`);
  }
  return value;
}

function valueOf(field: Field<unknown, unknown>, json: Json, where: string): unknown {
  if (json === null) return null;
  switch (field.kind) {
    case 'array':
      return (json as readonly Json[]).map((each) => valueOf(field.element!, each, where));
    case 'struct':
      return structOf(field.fields!, json as JsonObject, where);
    case 'bytes':
    case 'records':
      return new Uint8Array(Buffer.from(json as string, 'base64'));
    case 'bigInt64':
      return BigInt(json as number | bigint);
    default:
      return json;
  }
}
