import { equal, ok } from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { apiTable, type ApiEntry } from '../../src/api/table.ts';
import { apis, type Api } from '../../src/protocol/api_keys.ts';
import { datasheets } from './datasheets.ts';

const page = new URL('../../docs/protocol.md', import.meta.url);

/** `npm run docs:protocol` writes the tables anew. */
const isWriting = process.env['MILLRACE_WRITE_DOCS'] === '1';

test('the tables of docs/protocol.md are those of the program', () => {
  const served = apis().flatMap((api) => {
    const entry = apiTable.get(api.key);
    return entry === undefined ? [] : [servedRow(api, entry)];
  });
  const others = apis().filter(({ key }) => !apiTable.has(key));
  equal(served.length, apiTable.size);
  const before = readFileSync(page, 'utf8');
  let after = withTable(
    before,
    'served',
    'key | API | served | of Kafka | takes effect | order | not done yet',
    served,
  );
  after = withTable(
    after,
    'not served',
    'key | API | of Kafka',
    others.map((api) => `${api.key} | ${api.name} | ${versions(api.minVersion, api.maxStableVersion)}`),
  );
  const bounds = [...apiTable.values()].map(({ name }) => {
    const { bound, errors } = datasheets.get(name)!;
    return `${name} | ${bound} | ${errors.join(', ')}`;
  });
  after = withTable(after, 'bounds', 'API | bound | errors', bounds);
  if (isWriting) writeFileSync(page, after);
  else equal(before, after);
});

function withTable(text: string, title: string, head: string, rows: readonly string[]): string {
  const begin = `<!-- ${title}: begin -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(`<!-- ${title}: end -->`);
  ok(from >= 0 && to > from, `${title} has its place in the page`);
  const rule = head.replaceAll(/[^|]+/g, ' --- ').trim();
  const table = [head, rule, ...rows].map((row) => `| ${row} |`).join('\n');
  return `${text.slice(0, from + begin.length)}\n\n${table}\n\n${text.slice(to)}`;
}

function servedRow({ key, name, minVersion, maxStableVersion }: Api, entry: ApiEntry): string {
  const columns = [
    key,
    name,
    versions(entry.minVersion, entry.maxVersion),
    versions(minVersion, maxStableVersion),
    entry.executes,
    entry.order,
    datasheets.get(name)!.notDoneYet,
  ];
  return columns.join(' | ');
}

function versions(first: number, last: number): string {
  return first === last ? String(first) : `${first}–${last}`;
}
