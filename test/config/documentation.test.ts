import { equal } from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { describeAllowed, type ConfigKey } from '../../src/config/config_key.ts';
import { NODE_KEYS, TOPIC_SETTINGS } from '../../src/config/keys.ts';

const page = new URL('../../docs/configuration.md', import.meta.url);

/** `MILLRACE_WRITE_DOCS=1 node --test test/config/documentation.test.ts` writes the tables anew. */
const isWriting = process.env['MILLRACE_WRITE_DOCS'] === '1';

test('the tables of docs/configuration.md are those of the program', () => {
  const before = readFileSync(page, 'utf8');
  let after = before;
  after = withTable(
    after,
    'own keys',
    NODE_KEYS.filter(({ name }) => name.startsWith('millrace.')),
  );
  after = withTable(
    after,
    'keys of Kafka',
    NODE_KEYS.filter(({ name }) => !name.startsWith('millrace.')),
  );
  after = withTable(after, 'topic settings', TOPIC_SETTINGS);
  if (isWriting) writeFileSync(page, after);
  else equal(before, after);
});

function withTable(text: string, title: string, keys: readonly ConfigKey[]): string {
  const begin = `<!-- ${title}: begin -->`;
  const end = `<!-- ${title}: end -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  equal(from >= 0 && to > from, true, `${title} has its place in the page`);
  const rows = keys.filter((key) => key.effect !== null).map(row);
  const table = ['| key | default | allowed | what it does |', '| --- | --- | --- | --- |', ...rows].join('\n');
  return `${text.slice(0, from + begin.length)}\n\n${table}\n\n${text.slice(to)}`;
}

function row(key: ConfigKey): string {
  const shown = key.default === null ? '' : `\`${key.default}\``;
  return `| \`${key.name}\` | ${key.default === '' ? '(empty)' : shown} | ${allowedOf(key)} | ${key.effect} |`;
}

function allowedOf(key: ConfigKey): string {
  const allowed = describeAllowed(key.allowed);
  return allowed === '' ? key.type.toLowerCase() : `${key.type.toLowerCase()}, ${allowed}`;
}
