import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { describeAllowed, type ConfigKey } from '../../src/config/config_key.ts';
import { NODE_KEYS, TOPIC_SETTINGS } from '../../src/config/keys.ts';
import { InvalidValue, parseConfigValue } from '../../src/config/value.ts';
import { resolveFile } from './sources.ts';

const KAFKA_KEYS = NODE_KEYS.filter(({ name }) => !name.startsWith('millrace.'));

/** Largest and smallest of each type of number. */
const BOUNDS: Readonly<Record<string, readonly [string, string]>> = {
  SHORT: ['-32768', '32767'],
  INT: ['-2147483648', '2147483647'],
  LONG: ['-9223372036854775808', '9223372036854775807'],
};

/** Texts at the edges of what a key allows. */
function legalTexts({ type, allowed, default: fallback }: ConfigKey): string[] {
  const texts = fallback === null ? [] : [fallback];
  if (type === 'BOOLEAN') texts.push('true', 'FALSE');
  if (allowed.oneOf !== null) texts.push(...allowed.oneOf.filter((one) => one !== ''));
  if (allowed.min !== null) texts.push(String(allowed.min));
  if (allowed.max !== null) texts.push(String(allowed.max));
  const [least, most] = BOUNDS[type] ?? [];
  if (least !== undefined && allowed.min === null && allowed.oneOf === null) texts.push(least);
  if (most !== undefined && allowed.max === null && allowed.oneOf === null) texts.push(most);
  return texts;
}

interface Illegal {
  readonly text: string;
  /** What the error says instead. */
  readonly allowed: string;
}

/** Texts that are beyond what a key allows; none where it takes everything. */
function illegalTexts({ type, allowed }: ConfigKey): Illegal[] {
  const inWords = describeAllowed(allowed);
  const texts: string[] = [];
  const beyond: string[] = [];
  const [least, most] = BOUNDS[type] ?? [];
  if (type === 'BOOLEAN') texts.push('maybe', '1');
  if (least !== undefined) {
    texts.push('many', '1.5');
    beyond.push(`${least}0`, `${most}0`);
    if (allowed.max !== null) texts.push(String(BigInt(allowed.max) + 1n));
  }
  if (type === 'DOUBLE') texts.push('many');
  if (allowed.min !== null) texts.push(type === 'DOUBLE' ? String(allowed.min - 1) : below(allowed));
  if (allowed.oneOf !== null) texts.push('nonsense');
  const range = `from ${allowed.min ?? least} to ${allowed.max ?? most}`;
  return [
    ...texts.map((text) => ({ text, allowed: type === 'BOOLEAN' ? 'true or false' : inWords })),
    ...beyond.map((text) => ({ text, allowed: range })),
  ];
}

function below({ min, orElse }: ConfigKey['allowed']): string {
  const text = String(BigInt(min!) - 1n);
  return text === String(orElse) ? String(BigInt(min!) - 2n) : text;
}

test('a file that sets every key to what it is anyway has no error, and names those without effect once', () => {
  const keys = KAFKA_KEYS.filter((key) => key.default !== null);
  ok(keys.length > 200, String(keys.length));
  const { errors, warnings } = resolveFile(keys.map((key) => `${key.name}=${key.default}`).join('\n'));
  deepEqual(errors, []);
  const idle = keys.filter((key) => key.effect === null).map((key) => key.name);
  const named = warnings.filter((warning) => warning.includes('have no effect'));
  equal(named.length, 1);
  deepEqual(named[0]!.replace(/^.*: /, '').split(', '), idle.toSorted());
});

test('each key takes every value that Kafka allows', () => {
  let taken = 0;
  for (const key of [...NODE_KEYS, ...TOPIC_SETTINGS]) {
    for (const text of legalTexts(key)) {
      ok(!(parseConfigValue(key, text) instanceof InvalidValue), `${key.name}=${text}`);
      taken++;
    }
  }
  ok(taken > 700, String(taken));
});

test('a value that is not allowed is an error that names key, value, place and what is allowed', () => {
  let refused = 0;
  for (const key of NODE_KEYS) {
    for (const { text, allowed } of illegalTexts(key)) {
      const { node, errors } = resolveFile(`\n${key.name}=${text}\n`);
      equal(node, null);
      const error = errors.find((one) => one.startsWith(key.name)) ?? errors.join();
      for (const part of [key.name, text, 'server.properties:2', allowed]) {
        ok(error.includes(part), `${key.name}=${text}: ${error} does not say ${part}`);
      }
      refused++;
    }
  }
  ok(refused > 700, String(refused));
});

test('a setting of a topic that is not allowed is refused with what is', () => {
  for (const key of TOPIC_SETTINGS) {
    for (const { text, allowed } of illegalTexts(key)) {
      const value = parseConfigValue(key, text);
      ok(value instanceof InvalidValue, `${key.name}=${text}`);
      ok(value.requirement.includes(allowed), value.requirement);
    }
  }
});
