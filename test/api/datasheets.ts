import { readdirSync, readFileSync } from 'node:fs';
import type { ApiName } from '../../src/protocol/api_keys.ts';
import { ErrorCode, type ErrorName } from '../../src/protocol/errors.ts';

const folder = new URL('../../src/api/', import.meta.url);

/** What the handler of an API says of itself, in the comment that its class or object opens with. */
export interface Datasheet {
  readonly file: string;
  readonly name: ApiName;
  readonly key: number;
  readonly minVersion: number;
  readonly maxVersion: number;
  readonly servedBy: string;
  readonly bound: string;
  /** With which it may refuse a well-formed request, or a part of one. */
  readonly errors: readonly ErrorName[];
  /** Empty for nothing. */
  readonly notDoneYet: string;
  /** The whole file. */
  readonly source: string;
}

const HEAD = /^(\w+) \((\d+)\), versions (\d+) to (\d+)/;

/** One for each file that is named by an API key; by the name of the API. */
export const datasheets: ReadonlyMap<string, Datasheet> = new Map(
  readdirSync(folder)
    .filter((file) => /^\d\d_.*\.ts$/.test(file))
    .map(read)
    .map((sheet) => [sheet.name, sheet]),
);

function read(file: string): Datasheet {
  const source = readFileSync(new URL(file, folder), 'utf8');
  const comment = /\/\*\*\n([^]*?)\n \*\/\n/.exec(source)?.[1] ?? '';
  const lines = comment.split('\n').map((line) => line.replace(/^ \* ?/, ''));
  const head = HEAD.exec(lines[0]!);
  if (head === null) throw new Error(`${file} opens with no datasheet`);
  const prose = lines.join(' ');
  const errors = listed(file, lines, 'errors').split(' ');
  for (const name of errors) if (!(name in ErrorCode)) throw new Error(`${file}: ${name} is no error`);
  return {
    file,
    name: head[1] as ApiName,
    key: Number(head[2]),
    minVersion: Number(head[3]),
    maxVersion: Number(head[4]),
    servedBy: listed(file, lines, 'served by'),
    bound: listed(file, lines, 'bound'),
    errors: errors as ErrorName[],
    notDoneYet: /Not done yet: (.*?)\.(?: |$)/.exec(prose)?.[1] ?? '',
    source,
  };
}

/** What stands beside a word of the list at the comment's end, with the lines that go on with it. */
function listed(file: string, lines: readonly string[], word: string): string {
  const at = lines.findIndex((line) => line.startsWith(`    ${word} `));
  if (at < 0) throw new Error(`${file}: the datasheet does not say: ${word}`);
  const more = lines.slice(at + 1);
  const end = more.findIndex((line) => !/^ {10}/.test(line));
  const texts = [lines[at]!.slice(4 + word.length), ...more.slice(0, end < 0 ? more.length : end)];
  return texts.map((text) => text.trim()).join(' ');
}
