import { deepEqual, ok } from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { filesBelow, foldersIn, readText, root } from './source_files.ts';

const sources = [...filesBelow('src'), ...filesBelow('workers')].filter((path) => /\.(?:ts|cjs)$/.test(path));

test('every room says what it is, and what it must never do', () => {
  const rooms = foldersIn('src').filter((room) => filesBelow(join('src', room)).length > 0);
  deepEqual(
    rooms.filter((room) => !existsSync(join(root, 'src', room, 'README.md'))),
    [],
  );
});

test('no file of the product is longer than 600 lines', () => {
  ok(sources.length > 50);
  deepEqual(
    sources.filter((path) => readText(path).split('\n').length > 601),
    [],
  );
});

test('files are named in lower case with underscores', () => {
  deepEqual(
    sources.filter((path) => !/^(?:[a-z0-9_-]+\/)+[a-z0-9_]+\.(?:ts|cjs)$/.test(path)),
    [],
  );
});

test('the lock file names no address to download from', () => {
  ok(!/"resolved"/.test(readText('package-lock.json')));
});

test('every dependency stands in docs/dependencies.md', () => {
  const { dependencies, devDependencies } = JSON.parse(readText('package.json')) as {
    readonly dependencies: Readonly<Record<string, string>>;
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  const page = readText('docs/dependencies.md');
  const names = [...Object.keys(dependencies), ...Object.keys(devDependencies)];
  deepEqual(
    names.filter((name) => !page.includes(`| \`${name}\` |`)),
    [],
  );
});
