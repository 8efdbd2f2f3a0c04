import { describeAllowed, type ConfigKey, type ConfigType } from './config_key.ts';

/** A parsed value. INT, SHORT, LONG and DOUBLE are numbers; STRING, CLASS and PASSWORD text; null is unset. */
export type ConfigValue = boolean | number | string | readonly string[] | null;

/** A text of a client's in a message about it: a message is a text itself, of 32 kB at most. */
export function quoted(text: string): string {
  return text.length > QUOTED_MAX ? `${text.slice(0, QUOTED_MAX)}…` : text;
}

const QUOTED_MAX = 1000;

/** Why a text is not a value of its key, and what would be, in words that complete a sentence. */
export class InvalidValue {
  /** "must be a whole number, at least 1" */
  readonly requirement: string;

  constructor(requirement: string) {
    this.requirement = requirement;
  }
}

const integerBounds: Readonly<Partial<Record<ConfigType, readonly [bigint, bigint]>>> = {
  SHORT: [-(2n ** 15n), 2n ** 15n - 1n],
  INT: [-(2n ** 31n), 2n ** 31n - 1n],
  LONG: [-(2n ** 63n), 2n ** 63n - 1n],
};

/** Reads a text as Kafka's ConfigDef does: spaces around it do not count, and an empty list is a list. */
export function parseConfigValue(key: ConfigKey, text: string): ConfigValue | InvalidValue {
  const trimmed = text.trim();
  switch (key.type) {
    case 'BOOLEAN':
      return parseBoolean(trimmed);
    case 'SHORT':
    case 'INT':
    case 'LONG':
      return parseInteger(key, trimmed);
    case 'DOUBLE':
      return parseDouble(key, trimmed);
    case 'LIST':
      return parseList(key, trimmed);
    case 'PASSWORD':
      return text;
    case 'STRING':
    case 'CLASS':
      return parseText(key, trimmed);
  }
}

function parseBoolean(text: string): boolean | InvalidValue {
  const lower = text.toLowerCase();
  if (lower === 'true') return true;
  return lower === 'false' ? false : new InvalidValue('must be true or false');
}

function parseInteger(key: ConfigKey, text: string): number | InvalidValue {
  const bounds = integerBounds[key.type] ?? [0n, 0n];
  if (!/^[+-]?\d{1,30}$/.test(text)) return new InvalidValue(numberRequirement('a whole number', key));
  const exact = BigInt(text.replace(/^\+/, ''));
  if (exact < bounds[0] || exact > bounds[1]) {
    const { min, max, orElse } = key.allowed;
    const besides = orElse === null ? '' : `, or ${orElse}`;
    return new InvalidValue(`must be a whole number from ${min ?? bounds[0]} to ${max ?? bounds[1]}${besides}`);
  }
  const value = Number(exact);
  return isInRange(key, value) ? value : new InvalidValue(numberRequirement('a whole number', key));
}

function parseDouble(key: ConfigKey, text: string): number | InvalidValue {
  const value = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : NaN;
  const fits = !Number.isNaN(value) && isInRange(key, value);
  return fits ? value : new InvalidValue(numberRequirement('a number', key));
}

function isInRange(key: ConfigKey, value: number): boolean {
  const { min, max, orElse } = key.allowed;
  return value === orElse || ((min === null || value >= min) && (max === null || value <= max));
}

function numberRequirement(kind: string, key: ConfigKey): string {
  const allowed = describeAllowed(key.allowed);
  return allowed === '' ? `must be ${kind}` : `must be ${kind}, ${allowed}`;
}

/** Elements are parted by commas; an empty element is an element, so that `a,,b` is seen for the slip that it is. */
function parseList(key: ConfigKey, text: string): readonly string[] | InvalidValue {
  const elements = text === '' ? [] : text.split(',').map((element) => element.trim());
  if (elements.includes('')) return new InvalidValue('must not have an empty element in its list');
  const { allowed } = key;
  if (allowed.notEmpty && elements.length === 0) return new InvalidValue('must not be empty');
  for (const element of elements) {
    const known = allowed.oneOf === null || allowed.oneOf.includes(element);
    const matches = allowed.pattern === null || allowed.pattern.test(element);
    if (!known || !matches) return new InvalidValue(`must be a list of ${describeAllowed(allowed)}`);
  }
  return elements;
}

function parseText(key: ConfigKey, text: string): string | InvalidValue {
  const { allowed } = key;
  if (allowed.notEmpty && text === '') return new InvalidValue('must not be empty');
  if (allowed.pattern !== null && !allowed.pattern.test(text)) {
    return new InvalidValue(`must be ${describeAllowed(allowed)}`);
  }
  if (allowed.oneOf === null) return text;
  const found = allowed.oneOf.find(
    (value) => value === text || (allowed.ignoreCase && value.toLowerCase() === text.toLowerCase()),
  );
  if (found === undefined) return new InvalidValue(`must be ${describeAllowed(allowed)}`);
  return text;
}

/** A value that `parseConfigValue` takes, as Kafka shows it: without spaces that do not count. */
export function configValueText(key: ConfigKey, text: string): string {
  if (key.type === 'PASSWORD') return text;
  const trimmed = text.trim();
  if (key.type === 'BOOLEAN') return trimmed.toLowerCase();
  if (key.type !== 'LIST') return trimmed;
  return trimmed
    .split(',')
    .map((element) => element.trim())
    .join(',');
}
