import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { plant, plants } from '../../bench/plants.ts';

test('every plant finds its one place', () => {
  for (const { file, from, to } of Object.values(plants).flat()) {
    const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
    assert.ok(plant(text, from, to).includes(to), file);
  }
  assert.throws(() => plant('a b a', 'a', 'c'), /2 places/);
  assert.throws(() => plant('b', 'a', 'c'), /0 places/);
});
