import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** The lines of a file of JSON lines, gzipped or not. Integers that a number does not hold are bigints. */
export function readVectors(path: string): unknown[] {
  const raw = readFileSync(path);
  const text = (raw[0] === 0x1f && raw[1] === 0x8b ? gunzipSync(raw) : raw).toString('utf8');
  const vectors: unknown[] = [];
  for (const line of text.split('\n')) if (line !== '') vectors.push(parseExactly(line));
  return vectors;
}

function parseExactly(line: string): unknown {
  // The third argument of a reviver, the source text, is not in TypeScript's library yet.
  const reviver = (_key: string, value: unknown, context?: { source?: string }): unknown =>
    typeof value === 'number' &&
    Number.isInteger(value) &&
    !Number.isSafeInteger(value) &&
    /^-?\d+$/.test(context?.source ?? '')
      ? BigInt(context!.source!)
      : value;
  return JSON.parse(line, reviver);
}
