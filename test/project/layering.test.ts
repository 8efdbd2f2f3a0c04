import { deepEqual, equal, ok } from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { filesBelow, foldersIn, readText } from './source_files.ts';

interface Layer {
  readonly rooms: readonly string[];
  readonly packages: readonly string[];
}

interface Import {
  readonly file: string;
  readonly target: string;
  /** Neither a type nor an `import()`. */
  readonly isLoadedAtOnce: boolean;
}

/** The table between the two marks, wherever in docs/ it stands. */
function readTable(): ReadonlyMap<string, Layer> {
  const tables = filesBelow('docs')
    .filter((path) => path.endsWith('.md'))
    .flatMap((path) => [...readText(path).matchAll(/<!-- layering: begin -->([^]*?)<!-- layering: end -->/g)]);
  equal(tables.length, 1, 'the table stands in one place');
  const rows = (tables[0]?.[1] ?? '').split('\n').filter((line) => line.startsWith('| '));
  const names = (cell: string | undefined): readonly string[] =>
    (cell ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');
  return new Map(
    rows.slice(2).map((line) => {
      const [, room, rooms, packages] = line.split('|');
      return [room?.trim() ?? '', { rooms: names(rooms), packages: names(packages) }];
    }),
  );
}

/** `import … from '…'`, `export … from '…'`, `import '…'` and `import('…')`; what is imported has only names and braces. */
const statement =
  /^\s*(?:import|export)\s[\w*{}\s,$]*?from\s+'([^']+)'|^\s*import\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm;

function importsOf(file: string): readonly Import[] {
  return [...readText(file).matchAll(statement)].map((match) => ({
    file,
    target: match[1] ?? match[2] ?? match[3] ?? '',
    isLoadedAtOnce: match[3] === undefined && !/^\s*(?:import|export)\s+type\b/.test(match[0]),
  }));
}

/** Files that are no room: what wires rooms together. */
function roomOf(path: string): string {
  const [top, room] = path.split('/');
  if (top === 'workers') return 'entries';
  if (top === 'bench') return top;
  return room?.includes('.') ? 'entries' : (room ?? '');
}

const sources = [...filesBelow('src'), ...filesBelow('workers')].filter((path) => path.endsWith('.ts'));
const imports = sources.flatMap(importsOf);
const table = readTable();

test('every room is in the table, and the table has no circle', () => {
  deepEqual(
    foldersIn('src').filter((room) => !table.has(room)),
    [],
  );
  const rooms = [...table.keys()];
  for (const [room, layer] of table) {
    for (const lower of layer.rooms) {
      ok(rooms.indexOf(lower) < rooms.indexOf(room), `${room} stands below ${lower}, which it imports`);
    }
  }
});

test('imports point down the table', () => {
  const wrong = imports
    .filter(({ target }) => target.startsWith('.'))
    .map(({ file, target }) => ({ file, from: roomOf(file), to: roomOf(join(dirname(file), target)), target }))
    .filter(({ from, to }) => from !== to && !(table.get(from)?.rooms ?? []).includes(to))
    .map(({ file, target }) => `${file} imports ${target}`);
  deepEqual(wrong, []);
});

test('each room uses only its own packages', () => {
  const wrong = imports
    .filter(({ target }) => !target.startsWith('.'))
    .filter(({ file, target }) => {
      const allowed = table.get(roomOf(file))?.packages ?? [];
      const name = target.startsWith('node:') ? 'node:*' : packageOf(target);
      return !allowed.includes(name);
    })
    .map(({ file, target }) => `${file} imports ${target}`);
  deepEqual(wrong, []);
});

test('a start loads no package that it can do without', () => {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const { target, isLoadedAtOnce } of imports.filter((one) => one.file === file)) {
      if (!isLoadedAtOnce) continue;
      if (target.startsWith('.')) visit(join(dirname(file), target));
      else if (!target.startsWith('node:')) packages.add(target);
    }
  };
  visit('src/main.ts');
  ok(seen.size > 10);
  deepEqual(
    [...packages].filter(
      (name) => !['commander', 'properties-file/parser', '@node-rs/crc32', 'xxhash-wasm'].includes(name),
    ),
    [],
  );
});

test('what the package takes of the bench shares no code with the broker', () => {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const { target } of importsOf(file)) {
      if (target.startsWith('.')) visit(join(dirname(file), target));
    }
  };
  imports
    .map(({ file, target }) => join(dirname(file), target))
    .filter((path) => path.startsWith('bench/'))
    .forEach(visit);
  ok(seen.has('bench/load/frames.ts'));
  deepEqual(
    [...seen].filter((path) => !path.startsWith('bench/')),
    [],
  );
});

test('the graph was read', () => {
  ok(imports.length > 100, 'there are imports');
  ok(
    imports.some(({ file, target }) => file === 'src/config/value.ts' && target === './config_key.ts'),
    'a known import is among them',
  );
});

function packageOf(target: string): string {
  return target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');
}
