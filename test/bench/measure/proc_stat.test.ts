import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuBetween, parseMachineStat, parseStat, readProcessCpu } from '../../../bench/measure/proc_stat.ts';

test('a stat line whose name holds anything', () => {
  const line = '4711 (a ) b (c) d) S 1 2 3 0 -1 4194304 10 0 0 0 250 50 0 0 20 0 12 0 100 1 2 3';
  assert.deepEqual(parseStat(line), { user: 2.5, kernel: 0.5 });
});

test('a process that is gone used nothing', () => {
  assert.deepEqual(readProcessCpu(2 ** 30), { user: 0, kernel: 0, exact: 0 });
});

test('busy is all but idle, waiting and stolen time', () => {
  const text = 'cpu  100 20 30 4000 500 6 4 70 8 0\ncpu0 1 2 3 4\n';
  assert.deepEqual(parseMachineStat(text), { busy: 1.6, stolen: 0.7 });
});

test('between two readings the exact sum counts, cut as the ticks are', () => {
  const before = { user: 1, kernel: 2, exact: 3.004 };
  assert.deepEqual(cpuBetween(before, { user: 1.03, kernel: 2.01, exact: 3.084 }).user.toFixed(3), '0.060');
  assert.deepEqual(cpuBetween(before, { user: 1.03, kernel: 2.01, exact: 3.084 }).kernel.toFixed(3), '0.020');
  assert.deepEqual(cpuBetween({ ...before, exact: 0 }, { user: 2, kernel: 4, exact: 0 }), { user: 1, kernel: 2 });
});
