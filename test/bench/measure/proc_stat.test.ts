import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMachineStat, parseStat, readProcessCpu } from '../../../bench/measure/proc_stat.ts';

test('a stat line whose name holds anything', () => {
  const line = '4711 (a ) b (c) d) S 1 2 3 0 -1 4194304 10 0 0 0 250 50 0 0 20 0 12 0 100 1 2 3';
  assert.deepEqual(parseStat(line), { user: 2.5, kernel: 0.5 });
});

test('a process that is gone used nothing', () => {
  assert.deepEqual(readProcessCpu(2 ** 30), { user: 0, kernel: 0 });
});

test('busy is all but idle, waiting and stolen time', () => {
  const text = 'cpu  100 20 30 4000 500 6 4 70 8 0\ncpu0 1 2 3 4\n';
  assert.deepEqual(parseMachineStat(text), { busy: 1.6, stolen: 0.7 });
});
