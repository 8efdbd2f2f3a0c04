import { ErrorCode } from '../../src/protocol/errors.ts';
import { isArray, isObject, shown, type Json } from './conformance_json.ts';
import { pointerOf, PointerPatterns, type Path } from './conformance_pointer.ts';
import { batchesAsJson } from './conformance_records.ts';

export interface Difference {
  /** JSON pointer into the answer. */
  readonly pointer: string;
  readonly expected: Json | undefined;
  readonly got: Json | undefined;
}

export interface Comparison {
  readonly vary?: readonly string[] | undefined;
  readonly unordered?: readonly string[] | undefined;
  readonly chosen?: ChosenValues | undefined;
}

/**
 * What the broker chose where the recorded one had chosen otherwise: ids and epochs, by the field in which they came. A
 * later answer may repeat either.
 */
export class ChosenValues {
  readonly #texts = new Map<string, string>();
  readonly #numbers = new Map<string, number>();

  learn(field: string, recorded: Json | undefined, live: Json): void {
    if (typeof recorded === 'string' && typeof live === 'string') this.#texts.set(recorded, live);
    if (typeof recorded !== 'number' || typeof live !== 'number') return;
    this.#numbers.set(`${field}=${recorded}`, live);
    // A leader's, member's or producer's epoch also comes as plain `epoch`.
    if (field.endsWith('Epoch')) this.#numbers.set(`epoch=${recorded}`, live);
  }

  stands(field: string, recorded: Json, live: Json): boolean {
    if (typeof recorded === 'string') return this.#texts.get(recorded) === live;
    return typeof recorded === 'number' && this.#numbers.get(`${field}=${recorded}`) === live;
  }
}

/** Kafka tells these in the order of a hash table. */
const OUT_OF_HASH_TABLES: ReadonlySet<string> = new Set(['configs', 'configResources']);
/** "Some error" in a transcript. */
const SOME_ERROR = -1;
/** Fields by which elements of an array without order are told apart, for a readable difference. */
const NAMES = [
  'name',
  'apiKey',
  'feature',
  'topic',
  'topicId',
  'groupId',
  'partitionIndex',
  'index',
  'resourceName',
  'key',
];

/** Where the answer is not what was recorded. Wording of messages is free, and so is what `vary` points to. */
export function differences(expected: Json, got: Json, how: Comparison = {}): Difference[] {
  const found: Difference[] = [];
  new Comparer(how, found).compare(expected, got, []);
  return found;
}

class Comparer {
  readonly #how: Comparison;
  readonly #vary: PointerPatterns;
  readonly #unordered: PointerPatterns;
  readonly #found: Difference[];

  constructor(how: Comparison, found: Difference[]) {
    this.#how = how;
    this.#vary = new PointerPatterns(how.vary);
    this.#unordered = new PointerPatterns(how.unordered);
    this.#found = found;
  }

  compare(expected: Json | undefined, got: Json | undefined, path: Path): void {
    if (expected === got || this.#vary.match(path)) return;
    if (expected === undefined || got === undefined) return this.#differ(expected, got, path);
    if (isArray(expected) && isArray(got)) {
      if (this.#unordered.match(path) || OUT_OF_HASH_TABLES.has(String(path.at(-1))))
        this.#compareSets(expected, got, path);
      else this.#compareArrays(expected, got, path);
    } else if (isObject(expected) && isObject(got)) {
      for (const name of new Set([...Object.keys(expected), ...Object.keys(got)])) {
        if (name === 'decodedRecords' && expected[name] === undefined) continue;
        this.compare(expected[name], got[name], [...path, name]);
      }
    } else if (!this.#isAsGood(expected, got, path)) this.#differ(expected, got, path);
  }

  #compareArrays(expected: readonly Json[], got: readonly Json[], path: Path): void {
    const count = Math.max(expected.length, got.length);
    for (let index = 0; index < count; index++) this.compare(expected[index], got[index], [...path, index]);
  }

  /** Pairs equal elements first, then those of the same name; the rest is missing or too much. */
  #compareSets(expected: readonly Json[], got: readonly Json[], path: Path): void {
    const left = new Set(got.keys());
    const take = (fits: (candidate: Json) => boolean): number => {
      for (const at of left) {
        if (!fits(got[at]!)) continue;
        left.delete(at);
        return at;
      }
      return -1;
    };
    const unpaired: number[] = [];
    expected.forEach((each, index) => {
      const equal = take((candidate) => this.#isEqual(each, candidate, [...path, index]));
      if (equal < 0) unpaired.push(index);
    });
    for (const index of unpaired) {
      const named = take((candidate) => this.#nameOf(candidate, path) === this.#nameOf(expected[index]!, path));
      this.compare(expected[index], named < 0 ? undefined : got[named], [...path, index]);
    }
    for (const at of left) this.#differ(undefined, got[at], [...path, at]);
  }

  #isEqual(expected: Json, got: Json, path: Path): boolean {
    const found: Difference[] = [];
    new Comparer(this.#how, found).compare(expected, got, path);
    return found.length === 0;
  }

  /** By what an element is told apart: its first naming field that does not vary. */
  #nameOf(value: Json, path: Path): string {
    if (!isObject(value)) return shown(value);
    const name = NAMES.find((each) => value[each] !== undefined && !this.#vary.match([...path, 0, each]));
    return name === undefined ? '' : `${name}=${shown(value[name])}`;
  }

  #isAsGood(expected: Json, got: Json, path: Path): boolean {
    const field = String(path.findLast((segment) => typeof segment === 'string') ?? '');
    if (/errorMessage$/i.test(field)) return isTextOrNull(expected) && isTextOrNull(got);
    // Documentation is in everybody's own words, and there where it was asked for.
    if (field === 'documentation') return typeof expected === 'string' && typeof got === 'string';
    if (/errorCode$/i.test(field) && expected === SOME_ERROR) return got !== 0;
    // The recorded broker said "come again"; one that need not say so is quicker.
    if (expected === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS && /errorCode$/i.test(field)) return got === ErrorCode.NONE;
    if (field === 'records' && typeof expected === 'string' && typeof got === 'string' && expected !== '') {
      this.compare(batchesAsJson(expected), batchesAsJson(got), path);
      return true;
    }
    return this.#how.chosen?.stands(field, expected, got) ?? false;
  }

  #differ(expected: Json | undefined, got: Json | undefined, path: Path): void {
    this.#found.push({ pointer: pointerOf(path), expected, got });
  }
}

function isTextOrNull(value: Json): boolean {
  return value === null || typeof value === 'string';
}
