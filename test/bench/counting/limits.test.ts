import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  breaches,
  countedNames,
  limitFor,
  renderCounts,
  smallest,
  type Counts,
  type Limits,
} from '../../../bench/counting/limits.ts';
import { countedLoads } from '../../../bench/counting/loads.ts';

const counts = (value: number): Counts => Object.fromEntries(countedNames.map((name) => [name, value])) as Counts;

test('a count above its limit is a breach, and so is a count without one', () => {
  const limits: Limits = { load: { ...counts(2), wakeups: 0.5 } };
  assert.deepEqual(breaches('load', { ...counts(2), wakeups: 0.5 }, limits), []);
  assert.deepEqual(breaches('load', { ...counts(1), views: 2.01 }, limits), [
    { load: 'load', name: 'wakeups', counted: 1, limit: 0.5 },
    { load: 'load', name: 'views', counted: 2.01, limit: 2 },
  ]);
  assert.equal(breaches('other', counts(0), limits).length, countedNames.length);
});

test('what was counted is within the limit made of it, and little more is', () => {
  for (const name of countedNames) {
    for (const value of [0, 0.5, 1, 2.034, 17, 16_500]) {
      const limit = limitFor(name, value, 1);
      assert.ok(limit >= value, `${name} ${value}`);
      assert.ok(limit <= value * 1.5 + 1, `${name} ${value}`);
      if (name !== 'bytesCopied') assert.ok(limitFor(name, value, 2) >= 2 * value, `${name} ${value}`);
    }
  }
});

test('the smallest of each count is taken from any round', () => {
  const first = { ...counts(3), wakeups: 1 };
  const second = { ...counts(2), wakeups: 4 };
  assert.deepEqual(smallest([first, second]), { ...counts(2), wakeups: 1 });
});

test('the table marks what breaks a limit', () => {
  const table = renderCounts(new Map([['load', counts(2)]]), { load: { ...counts(2), views: 1 } });
  assert.match(table, /2\.00 > 1 !/);
  assert.equal(table.match(/!/g)?.length, 1);
});

test('every load has its limits in the file', () => {
  const limits = JSON.parse(readFileSync(new URL('../../../bench/limits.json', import.meta.url), 'utf8')) as Limits;
  for (const { name } of countedLoads) {
    assert.deepEqual(Object.keys(limits[name] ?? {}).sort(), [...countedNames].sort(), name);
  }
});
