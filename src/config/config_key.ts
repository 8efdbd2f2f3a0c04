import { assert } from '../base/assert.ts';

/** Kafka's types of values. LONG values beyond 2^53 are rounded as numbers; their text stays exact. */
export type ConfigType = 'BOOLEAN' | 'STRING' | 'INT' | 'SHORT' | 'LONG' | 'DOUBLE' | 'LIST' | 'CLASS' | 'PASSWORD';

export type Importance = 'HIGH' | 'MEDIUM' | 'LOW';

/** Whether a value can be changed in a running node: not at all, for one broker, or for the whole cluster too. */
export type UpdateMode = 'read-only' | 'per-broker' | 'cluster-wide';

/** What a value may be, beyond its type. As data, so that errors and documentation can say it. */
export interface Allowed {
  readonly min: number | null;
  readonly max: number | null;
  /** A single value that is fine although it lies outside of [min, max]. */
  readonly orElse: number | null;
  /** The only values of a STRING, or of the elements of a LIST. */
  readonly oneOf: readonly string[] | null;
  readonly ignoreCase: boolean;
  readonly notEmpty: boolean;
  /** A STRING, or each element of a LIST, must match. */
  readonly pattern: RegExp | null;
  /** What the pattern asks for, in words; null where there is none. */
  readonly patternWords: string | null;
}

/** One key: what Kafka calls a ConfigDef entry. */
export interface ConfigKey {
  readonly name: string;
  readonly type: ConfigType;
  /** As text; null: unset. */
  readonly default: string | null;
  readonly allowed: Allowed;
  readonly importance: Importance;
  readonly updateMode: UpdateMode;
  /** The keys that can supply the value, the strongest first; the key itself is one of them. */
  readonly synonyms: readonly string[];
  /** Not for users: Kafka hides it from listings unless it is set. */
  readonly internal: boolean;
  /** What it does in Millrace; null: nothing. */
  readonly effect: string | null;
}

/** Columns: name, type, default, allowed values, importance, update mode, what is rare. */
export type BrokerRow =
  | readonly [string, ConfigType, string | null, Allowed, Importance, UpdateMode]
  | readonly [string, ConfigType, string | null, Allowed, Importance, UpdateMode, RareColumns];

/** Columns: name, type, default, allowed values, importance, the node's keys that it falls back to, what is rare. */
export type TopicRow =
  | readonly [string, ConfigType, string | null, Allowed, Importance, readonly string[]]
  | readonly [string, ConfigType, string | null, Allowed, Importance, readonly string[], RareColumns];

export interface RareColumns {
  readonly synonyms?: readonly string[];
  readonly internal?: boolean;
}

export const ANY: Allowed = {
  min: null,
  max: null,
  orElse: null,
  oneOf: null,
  ignoreCase: false,
  notEmpty: false,
  pattern: null,
  patternWords: null,
};

export const NOT_EMPTY: Allowed = { ...ANY, notEmpty: true };

/** For replication quotas. */
export const THROTTLED_REPLICAS: Allowed = matching(/^(?:\*|\d+:\d+)$/, 'partition:broker pairs, or *');

export function matching(pattern: RegExp, patternWords: string): Allowed {
  return { ...ANY, pattern, patternWords };
}

export function atLeast(min: number): Allowed {
  return { ...ANY, min };
}

export function between(min: number, max: number): Allowed {
  assert(min <= max, 'a range has its bounds in order');
  return { ...ANY, min, max };
}

/** A compression level: a range, or the value that stands for the codec's own default. */
export function levels(min: number, max: number, codecDefault: number): Allowed {
  return { ...between(min, max), orElse: codecDefault };
}

export function oneOf(...values: string[]): Allowed {
  return { ...ANY, oneOf: values };
}

export function oneOfIgnoringCase(...values: string[]): Allowed {
  return { ...oneOf(...values), ignoreCase: true };
}

/** In words, for errors and documentation: "at least 1". Empty where the type says everything. */
export function describeAllowed(allowed: Allowed): string {
  if (allowed.oneOf !== null) return `one of ${allowed.oneOf.join(', ')}${allowed.ignoreCase ? ' (in any case)' : ''}`;
  if (allowed.patternWords !== null) return allowed.patternWords;
  if (allowed.notEmpty) return 'not empty';
  const { min, max, orElse } = allowed;
  if (min !== null && max !== null) return `${min} to ${max}${orElse === null ? '' : `, or ${orElse}`}`;
  return min === null ? '' : `at least ${min}`;
}
