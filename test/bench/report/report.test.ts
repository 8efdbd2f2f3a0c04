import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderPage } from '../../../bench/report/page.ts';
import { renderTable } from '../../../bench/report/table.ts';
import type { BenchResult, Measurement } from '../../../bench/result.ts';

function measurement(requests: number, cpu: number | null): Measurement {
  return {
    seconds: 2,
    requests,
    bytes: requests * 200,
    records: requests,
    latencyUs: { p50: 100, p99: 1000, p999: 2000, max: 3000 },
    cpu: cpu === null ? null : { user: cpu / 2, kernel: cpu / 2 },
    threads: [
      { id: 1, name: 'idle', user: 0, kernel: 0 },
      { id: 2, name: 'shard 1', user: 0.5, kernel: 0.5 },
      { id: 3, name: 'shard 2', user: 1, kernel: 1 },
    ],
    generator: { user: 0.1, kernel: 0.1 },
    others: 0,
    stolen: 0,
    peakMemory: cpu === null ? null : 100 << 20,
    crossing: null,
  };
}

function result(first: readonly number[], second: readonly number[]): BenchResult {
  return {
    format: 2,
    when: '2026-01-01T00:00:00.000Z',
    commit: '<abc>',
    machine: { processor: 'processor', cores: 2, memory: 1, system: 'Linux' },
    node: '26',
    difference: 0.05,
    rows: [
      {
        kind: 'load',
        paced: true,
        name: 'row',
        title: 'a row',
        unit: 'requests',
        targets: [
          { name: 'millrace', repetitions: first.map((requests) => measurement(requests, 1)) },
          { name: 'limit', repetitions: second.map((requests) => measurement(requests, 1)) },
          { name: 'other', repetitions: [measurement(1000, null)] },
        ],
      },
      {
        kind: 'state',
        name: 'state',
        title: 'a state',
        targets: [
          { name: 'millrace', figures: [{ name: 'memory', unit: 'MiB', values: [70, 72] }] },
          { name: 'other', figures: [] },
        ],
      },
    ],
  };
}

test('the table holds figures per CPU-second and says which did more', () => {
  const table = renderTable(result([200_000, 201_000, 199_000], [100_000, 100_000, 100_000]));
  assert.match(table, /millrace .* 200 000 /);
  assert.match(table, /millrace did more per CPU-second: 2\.00 times limit, noise 0\.5 %/);
  assert.match(table, /cores by thread of millrace: shard 2 1\.00, shard 1 0\.50$/m);
  assert.match(table, /inconclusive: millrace did 0\.00 times other/);
});

test('a state row tells the median of each figure, and nothing where a target did not tell', () => {
  const table = renderTable(result([1], [1]));
  assert.match(table, /^state: a state\n +memory, MiB\n +millrace +71\.0 ±1\.4 %\n +other +–$/m);
});

test('noise larger than the difference asked for is inconclusive', () => {
  const table = renderTable(result([200_000, 250_000, 150_000], [190_000, 240_000, 140_000]));
  assert.match(table, /inconclusive: millrace did 1\.05 times limit/);
});

test('the page is one document that loads nothing', () => {
  const page = renderPage(result([200_000, 201_000], [100_000, 100_000]));
  assert.match(page, /^<!doctype html>/);
  assert.doesNotMatch(page, /src=|href="[^#]|url\(|@import|<script/);
  assert.doesNotMatch(page, /NaN|Infinity|undefined|<abc>/);
  // Three of latency, speed and cost of the load; one figure of the state.
  assert.equal(page.match(/<svg/g)?.length, 6);
});
