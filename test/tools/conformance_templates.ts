import { ZERO_UUID } from '../../src/base/uuid.ts';
import { buildBatch, type BatchTemplate } from './conformance_batches.ts';
import { isArray, isObject, type Json, type JsonObject } from './conformance_json.ts';

/** A template names a value that no step before it has captured. */
export class MissingValue extends Error {
  readonly value: string;

  constructor(value: string) {
    super(`$${value} was not captured`);
    this.value = value;
  }
}

/** Names that need no capture. */
const CONSTANTS: ReadonlyMap<string, Json> = new Map([['zero', ZERO_UUID]]);

/**
 * Fills in a template:
 *
 *     "$name"                      a captured value
 *     {"$batch": {"records": …}}   a record batch, in base64
 *     {"$utf8": text}              the text's bytes, in base64
 *     {"$plus": [value, number]}   their sum
 */
export function fillIn(template: Json, captured: ReadonlyMap<string, Json>): Json {
  if (typeof template === 'string') return template.startsWith('$') ? named(template.slice(1), captured) : template;
  if (isArray(template)) return template.map((each) => fillIn(each, captured));
  if (!isObject(template)) return template;
  const filled: Record<string, Json> = {};
  for (const [name, value] of Object.entries(template)) {
    // Text and records are taken as they are: a dollar in them is a dollar.
    if (name === '$utf8') return Buffer.from(value as string, 'utf8').toString('base64');
    if (name === '$batch') return batchOf(value as JsonObject, captured);
    if (name === '$plus') return sum(fillIn(value, captured));
    filled[name] = fillIn(value, captured);
  }
  return filled;
}

function named(name: string, captured: ReadonlyMap<string, Json>): Json {
  const value = captured.get(name) ?? CONSTANTS.get(name);
  if (value === undefined) throw new MissingValue(name);
  return value;
}

function batchOf({ records, ...rest }: JsonObject, captured: ReadonlyMap<string, Json>): string {
  const template = { ...(fillIn(rest, captured) as JsonObject), records } as unknown as BatchTemplate;
  return Buffer.from(buildBatch(template)).toString('base64');
}

function sum(terms: Json): Json {
  return (terms as readonly number[]).reduce((total, term) => total + term, 0);
}
