import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  cpuBetween,
  parseMachineStat,
  parseStat,
  readProcessCpu,
  type CpuReading,
  type CpuSeconds,
} from '../../../bench/measure/proc_stat.ts';

test('a stat line whose name holds anything', () => {
  const line = '4711 (a ) b (c) d) S 1 2 3 0 -1 4194304 10 0 0 0 250 50 0 0 20 0 12 0 100 1 2 3';
  assert.deepEqual(parseStat(line), { user: 2.5, kernel: 0.5 });
});

test('a process that is gone used nothing', () => {
  assert.deepEqual(readProcessCpu(2 ** 30), { user: 0, kernel: 0, nanosecondsOf: new Map() });
});

test('busy is all but idle, waiting and stolen time', () => {
  const text = 'cpu  100 20 30 4000 500 6 4 70 8 0\ncpu0 1 2 3 4\n';
  assert.deepEqual(parseMachineStat(text), { busy: 1.6, stolen: 0.7 });
});

function reading(user: number, kernel: number, threads: [number, number][]): CpuReading {
  return { user, kernel, nanosecondsOf: new Map(threads.map(([id, seconds]) => [id, seconds * 1e9])) };
}

function inMilliseconds({ user, kernel }: CpuSeconds): { user: number; kernel: number } {
  return { user: Math.round(user * 1000), kernel: Math.round(kernel * 1000) };
}

test('between two readings the exact sum counts, cut as the ticks are', () => {
  const before = reading(1, 2, [[1, 3.004]]);
  assert.deepEqual(inMilliseconds(cpuBetween(before, reading(1.06, 2.02, [[1, 3.084]]))), { user: 60, kernel: 20 });
  assert.deepEqual(cpuBetween(reading(1, 2, []), reading(2, 4, [])), { user: 1, kernel: 2 });
});

test('a thread that ended between two readings takes nothing from the sum', () => {
  const before = reading(1, 1, [
    [1, 1.5],
    [2, 0.5],
  ]);
  assert.deepEqual(inMilliseconds(cpuBetween(before, reading(1.05, 1.05, [[1, 1.6]]))), { user: 50, kernel: 50 });
});

test('what a thread did that began and ended between two readings is taken from the ticks', () => {
  const used = cpuBetween(reading(1, 1, [[1, 2]]), reading(1.3, 1.1, [[1, 2.1]]));
  assert.deepEqual(inMilliseconds(used), { user: 300, kernel: 100 });
});

test('a number that came back belongs to a new thread', () => {
  const used = cpuBetween(reading(1, 1, [[7, 2]]), reading(1.05, 1.05, [[7, 0.1]]));
  assert.deepEqual(inMilliseconds(used), { user: 50, kernel: 50 });
});
