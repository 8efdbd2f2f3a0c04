import assert from 'node:assert/strict';
import { test } from 'node:test';
import { benchRows, fullRows, quickRows } from '../../bench/rows.ts';

test('rows have names of their own, and are few', () => {
  const names = benchRows.map((row) => row.name);
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.length <= 24);
  assert.equal(quickRows.length, 4);
  for (const row of quickRows) assert.ok(benchRows.includes(row), row.name);
});

test('the full set holds the rows and every combination once', () => {
  const names = fullRows().map((row) => row.name);
  assert.equal(new Set(names).size, names.length);
  for (const row of benchRows) assert.ok(names.includes(row.name), row.name);
  assert.equal(names.filter((name) => name.startsWith('all-produce-')).length, 4 * 2 * 3 * 2 * 3);
  assert.equal(names.filter((name) => name.startsWith('all-fetch-')).length, 2 * 2 * 3);
});
