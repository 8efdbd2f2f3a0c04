import { isArray, isObject, type Json } from './conformance_json.ts';

/**
 * JSON pointers (RFC 6901) into an answer. In a pattern, the segment `*` stands for every index of an array.
 */
export type Path = readonly (string | number)[];

export function parsePointer(pointer: string): readonly string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) throw new Error(`${pointer} is no JSON pointer`);
  return pointer
    .slice(1)
    .split('/')
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}

export function pointerOf(path: Path): string {
  return path.map((segment) => `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** What lies there; undefined if nothing does. */
export function valueAt(value: Json | undefined, pointer: string): Json | undefined {
  let at = value;
  for (const segment of parsePointer(pointer)) {
    if (isArray(at)) at = at[Number(segment)];
    else if (isObject(at)) at = at[segment];
    else return undefined;
  }
  return at;
}

/** Whether a path is one of those that patterns describe. */
export class PointerPatterns {
  readonly #patterns: readonly (readonly string[])[];

  constructor(pointers: readonly string[] = []) {
    this.#patterns = pointers.map(parsePointer);
  }

  match(path: Path): boolean {
    return this.#patterns.some(
      (pattern) =>
        pattern.length === path.length &&
        pattern.every((segment, index) =>
          segment === '*' ? typeof path[index] === 'number' : segment === String(path[index]),
        ),
    );
  }
}

/** `/a/0/errorCode=6`, as a step's conditions are written. */
export class Condition {
  readonly #pointer: string;
  readonly #value: string;

  constructor(text: string) {
    const equals = text.lastIndexOf('=');
    if (equals < 0) throw new Error(`${text} is no condition`);
    this.#pointer = text.slice(0, equals);
    this.#value = text.slice(equals + 1);
  }

  holds(answer: Json): boolean {
    const value = valueAt(answer, this.#pointer);
    return value !== undefined && String(value as string | number) === this.#value;
  }
}
