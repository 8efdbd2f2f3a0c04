import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

/**
 * `node test/tools/conformance_fixture.ts OUTPUT TRANSCRIPT…`: puts transcripts into one compressed file, without what
 * the replay does not look at.
 */
const [output, ...transcripts] = process.argv.slice(2);
if (output === undefined || transcripts.length === 0)
  throw new Error('usage: conformance_fixture.ts OUTPUT TRANSCRIPT…');

const lines: string[] = [];
for (const path of transcripts) {
  for (const line of readFileSync(path, 'utf8').split('\n')) if (line !== '') lines.push(shortened(line));
}
// A file that says when it was made would differ each time; gzip at this level does not.
writeFileSync(output, gzipSync(`${lines.join('\n')}\n`, { level: 9 }));

/** Without what the replay makes itself. The request stays for the tests of templates only as bytes. */
function shortened(line: string): string {
  const step = JSON.parse(line, keepSource) as Record<string, unknown>;
  const isDecoded = step['response'] !== undefined;
  delete step['request'];
  if (isDecoded) delete step['responseHex'];
  return JSON.stringify(step);
}

/** Integers that a number does not hold stay as they are written. */
function keepSource(_key: string, value: unknown, context?: { source?: string }): unknown {
  const isRounded = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);
  return isRounded ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(context!.source!) : value;
}
