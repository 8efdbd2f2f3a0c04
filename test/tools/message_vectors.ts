import { isDeepStrictEqual } from 'node:util';
import { ByteReader, ByteWriter } from '../../src/base/bytes.ts';
import { ZERO_UUID } from '../../src/base/uuid.ts';
import { Codec, codecOf } from '../../src/protocol/codec.ts';
import { readMetadataFrame, RecordFrame, writeMetadataFrame } from '../../src/protocol/record_frames.ts';
import { MESSAGES } from '../../src/protocol/schema/catalog.ts';
import type { Field, Fields, Message } from '../../src/protocol/schema_language.ts';
import { fromHex, kernels, toHex } from './kernels.ts';

/** A message as Apache Kafka's serialisers wrote it, beside its value as JSON. */
export interface MessageVector {
  readonly api?: number;
  readonly name: string;
  readonly type: string;
  readonly version: number;
  readonly kind: string;
  readonly value: unknown;
  readonly unknownTags?: readonly { readonly tag: number; readonly hex: string }[];
  readonly hex: string;
  readonly framed?: string;
}

type Value = Record<string, unknown>;

const BY_NAME = new Map(MESSAGES.map((message) => [message.name, message]));
/** Kafka's name of a file is not always that of the message in it. */
const OTHER_NAMES: Readonly<Record<string, string>> = { ZkMigrationRecord: 'ZkMigrationStateRecord' };
const wideCodecs = new Map<Message, Codec<Message>>();
const reader = new ByteReader(kernels.decodeText);

/** What is wrong with how this vector is decoded and encoded; nothing, if nothing is. */
export function checkMessageVector(vector: MessageVector): string[] {
  const message = BY_NAME.get(OTHER_NAMES[vector.name] ?? vector.name);
  if (message === undefined) return [`no message ${vector.name} is defined`];
  const problems: string[] = [];
  if (vector.api !== undefined && vector.api !== message.apiKey) problems.push(`api key ${message.apiKey}`);
  checkWide(vector, message, problems);
  checkOrdinary(vector, message, problems);
  if (vector.framed !== undefined) checkFramed(vector, message, problems);
  return problems;
}

/** Nothing may get lost: 64-bit integers as bigints, unknown tags kept. */
function checkWide(vector: MessageVector, message: Message, problems: string[]): void {
  let codec = wideCodecs.get(message);
  if (codec === undefined) wideCodecs.set(message, (codec = new Codec(message, { wide: true, keepUnknownTags: true })));
  const bytes = fromHex(vector.hex);
  const expected = expectedStruct(message.fields, vector.value as Value, true);
  for (const { tag, hex } of vector.unknownTags ?? []) {
    (expected.unknownTags as unknown[]).push({ tag, bytes: fromHex(hex) });
  }
  const decoded = codec.decode(reader.resetTo(bytes), vector.version) as Value | null;
  if (decoded === null || reader.remaining !== 0) problems.push(`decoding failed at ${reader.position}`);
  else compare('decoded (wide)', decoded, expected, problems);
  compareBytes('encoded (wide)', (writer) => codec.encode(writer, vector.version, expected), vector.hex, problems);
}

/** The codec that the broker uses: unknown tags are skipped, and an int64 beyond ±2^53 is refused. */
function checkOrdinary(vector: MessageVector, message: Message, problems: string[]): void {
  const codec = codecOf(message);
  const decoded = codec.decode(reader.resetTo(fromHex(vector.hex)), vector.version) as Value | null;
  if (!numbersHold(message.fields, vector.value as Value)) {
    if (decoded !== null || !reader.failed) problems.push('an int64 beyond 2^53 was not refused');
    return;
  }
  if (decoded === null || reader.remaining !== 0) return void problems.push(`decoding failed at ${reader.position}`);
  compare('decoded', decoded, expectedStruct(message.fields, vector.value as Value, false), problems);
  if (vector.unknownTags !== undefined) return;
  compareBytes('encoded', (writer) => codec.encode(writer, vector.version, decoded), vector.hex, problems);
  const sparse = sparseStruct(message.fields, decoded);
  compareBytes(
    'encoded without defaults',
    (writer) => codec.encode(writer, vector.version, sparse),
    vector.hex,
    problems,
  );
}

/** The frame that stands before the message in a log. */
function checkFramed(vector: MessageVector, message: Message, problems: string[]): void {
  const write = (writer: ByteWriter) => {
    if (vector.type === 'coordinator-key') writer.int16(message.apiKey!);
    else if (vector.type === 'coordinator-value') writer.int16(vector.version);
    else writeMetadataFrame(writer, message.apiKey!, vector.version);
    writer.raw(fromHex(vector.hex));
  };
  compareBytes('framed', write, vector.framed!, problems);
  reader.resetTo(fromHex(vector.framed!));
  const frame = new RecordFrame();
  if (vector.type === 'coordinator-key') frame.type = reader.int16();
  else if (vector.type === 'coordinator-value') frame.version = reader.int16();
  else readMetadataFrame(reader, frame);
  if (vector.type !== 'coordinator-value' && frame.type !== message.apiKey) problems.push(`framed: type ${frame.type}`);
  if (vector.type !== 'coordinator-key' && frame.version !== vector.version)
    problems.push(`framed: version ${frame.version}`);
  if (reader.remaining !== vector.hex.length / 2) problems.push(`framed: ${reader.remaining} bytes left`);
}

function compareBytes(what: string, write: (writer: ByteWriter) => void, hex: string, problems: string[]): void {
  const writer = new ByteWriter(kernels.encodeText, 1);
  try {
    write(writer);
  } catch (error) {
    return void problems.push(`${what}: ${String(error)}`);
  }
  const got = toHex(writer.written());
  if (got === hex) return;
  let at = 0;
  while (got[at] === hex[at]) at++;
  at = Math.max(0, (at >> 1) * 2 - 16);
  problems.push(`${what}, from byte ${at / 2}: …${got.slice(at, at + 80)} instead of …${hex.slice(at, at + 80)}`);
}

function compare(what: string, got: unknown, expected: unknown, problems: string[], path = ''): void {
  if (isDeepStrictEqual(got, expected)) return;
  if (Array.isArray(got) && Array.isArray(expected) && got.length === expected.length) {
    return got.forEach((each, index) => compare(what, each, expected[index], problems, `${path}[${index}]`));
  }
  if (isStruct(got) && isStruct(expected)) {
    const names = new Set([...Object.keys(got), ...Object.keys(expected)]);
    return names.forEach((name) => compare(what, got[name], expected[name], problems, `${path}.${name}`));
  }
  problems.push(`${what}${path}: ${show(got)} instead of ${show(expected)}`);
}

function isStruct(value: unknown): value is Value {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function show(value: unknown): string {
  if (value instanceof Uint8Array) return `bytes ${toHex(value).slice(0, 60)}`;
  if (typeof value === 'bigint') return `${value}n`;
  return (
    JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? `${inner}n` : inner))?.slice(0, 80) ?? 'nothing'
  );
}

/** The value that decoding is to give, made from Kafka's JSON: what that leaves out has its default. */
function expectedStruct(fields: Fields, json: Value, wide: boolean): Value {
  const value: Value = {};
  for (const [name, field] of Object.entries(fields)) {
    value[name] = json[name] === undefined ? defaultOf(field, wide) : expectedField(field, json[name], wide);
  }
  if (wide) value['unknownTags'] = [];
  return value;
}

function expectedField(field: Field<unknown, unknown>, json: unknown, wide: boolean): unknown {
  if (json === null) return null;
  switch (field.kind) {
    case 'array':
      return (json as unknown[]).map((each) => expectedField(field.element!, each, wide));
    case 'struct':
      return expectedStruct(field.fields!, json as Value, wide);
    case 'bytes':
    case 'records':
      return new Uint8Array(Buffer.from(json as string, 'base64'));
    case 'bigInt64':
      return BigInt(json as number | bigint);
    case 'int64':
      return wide ? BigInt(json as number | bigint) : Number(json);
    case 'float64':
      return Number(json);
    default:
      return json;
  }
}

function defaultOf(field: Field<unknown, unknown>, wide: boolean): unknown {
  const given = field.options.default;
  if (given !== undefined) return field.kind === 'int64' && wide ? BigInt(given as number) : given;
  switch (field.kind) {
    case 'bool':
      return false;
    case 'string':
      return '';
    case 'uuid':
      return ZERO_UUID;
    case 'bytes':
    case 'records':
      return new Uint8Array(0);
    case 'array':
      return [];
    case 'struct':
      return expectedStruct(field.fields!, {}, wide);
    case 'bigInt64':
      return 0n;
    case 'int64':
      return wide ? 0n : 0;
    default:
      return 0;
  }
}

/** The same value without the fields that have their default and may be left out. */
function sparseStruct(fields: Fields, value: Value): Value {
  const sparse: Value = {};
  for (const [name, field] of Object.entries(fields)) {
    const { default: given, tag, versions } = field.options;
    const mayBeLeftOut = given !== undefined || tag !== undefined || versions !== undefined;
    if (mayBeLeftOut && isDeepStrictEqual(value[name], defaultOf(field, false))) continue;
    sparse[name] = sparseField(field, value[name]);
  }
  return sparse;
}

function sparseField(field: Field<unknown, unknown>, value: unknown): unknown {
  if (value === null) return null;
  if (field.kind === 'struct') return sparseStruct(field.fields!, value as Value);
  if (field.kind === 'array') return (value as unknown[]).map((each) => sparseField(field.element!, each));
  return value;
}

function numbersHold(fields: Fields, json: Value): boolean {
  return Object.entries(fields).every(([name, field]) => json[name] === undefined || fieldHolds(field, json[name]));
}

function fieldHolds(field: Field<unknown, unknown>, json: unknown): boolean {
  if (json === null) return true;
  if (field.kind === 'array') return (json as unknown[]).every((each) => fieldHolds(field.element!, each));
  if (field.kind === 'struct') return numbersHold(field.fields!, json as Value);
  if (field.kind !== 'int64') return true;
  return json === -(2 ** 53) || json === -(2n ** 53n) || Number.isSafeInteger(Number(json));
}
