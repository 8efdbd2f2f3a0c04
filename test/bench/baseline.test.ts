import assert from 'node:assert/strict';
import { test } from 'node:test';
import { baselineRows, holdAgainst, type Baseline } from '../../bench/baseline.ts';
import type { LoadRowResult, Measurement } from '../../bench/result.ts';

function run(requests: number, p50: number, p99: number): Measurement {
  return {
    seconds: 1,
    requests,
    bytes: requests,
    records: requests,
    latencyUs: { p50, p99, p999: p99, max: p99 },
    cpu: { user: 0.5, kernel: 0.5 },
    threads: [],
    generator: { user: 0, kernel: 0 },
    others: 0,
    stolen: 0,
    peakMemory: null,
    crossing: null,
  };
}

/** The limit does 1,000 requests a CPU-second, in 100 µs and 200 µs. */
function row(own: readonly Measurement[], paced: boolean): LoadRowResult {
  const limit = [run(1000, 100, 200), run(1000, 100, 200), run(1000, 100, 200)];
  const targets = [
    { name: 'millrace', repetitions: own },
    { name: 'limit', repetitions: limit },
  ];
  return { kind: 'load', name: 'row', title: '', unit: 'requests', paced, targets };
}

const same = (requests: number, p50 = 150, p99 = 400) => [1, 2, 3].map(() => run(requests, p50, p99));
const baseline: Baseline = {
  commit: 'c',
  when: 'w',
  processors: 'other',
  rows: { row: { throughput: 0.5, own: 500, noise: 0.05, p50: 1.5, p99: 2 } },
};
const verdicts = (rows: readonly LoadRowResult[]) =>
  holdAgainst(rows, baseline, 'here').map(({ what, verdict }) => `${what} ${verdict}`);

test('a baseline holds ratios to the limit, and latency of paced rows', () => {
  assert.deepEqual(baselineRows([row(same(500), false)]), { row: { throughput: 0.5, own: 500, noise: 0 } });
  assert.deepEqual(baselineRows([row(same(500), true)]), {
    row: { throughput: 0.5, own: 500, noise: 0, p50: 1.5, p99: 2 },
  });
});

test('what has no limit beside it is in no baseline', () => {
  const alone = { ...row(same(500), false), targets: [{ name: 'limit', repetitions: same(500) }] };
  assert.deepEqual(baselineRows([alone, { kind: 'state', name: 'state', title: '', targets: [] }]), {});
});

test('throughput may fall by 15 %', () => {
  assert.deepEqual(verdicts([row(same(430), false)]), []);
  assert.deepEqual(verdicts([row(same(420), false)]), ['throughput worse']);
  assert.deepEqual(verdicts([row(same(900), false)]), []);
});

test('latency may rise by 30 %', () => {
  assert.deepEqual(verdicts([row(same(500, 190, 510), true)]), []);
  assert.deepEqual(verdicts([row(same(500, 200, 400), true)]), ['p50 worse']);
  assert.deepEqual(verdicts([row(same(500, 150, 530), true)]), ['p99 worse']);
});

test('noise that would hide the difference is inconclusive, a fall beyond the noise is not', () => {
  const noisy = [run(400, 150, 400), run(480, 150, 400), run(600, 150, 400)];
  assert.deepEqual(verdicts([row(noisy, false)]), ['throughput inconclusive']);
  const far = [run(80, 150, 400), run(100, 150, 400), run(120, 150, 400)];
  assert.deepEqual(verdicts([row(far, false)]), ['throughput worse']);
});

test('a baseline that was taken from unsteady runs is held against nothing that they would hide', () => {
  const unsteady = { ...baseline, rows: { row: { throughput: 0.5, own: 500, noise: 0.4 } } };
  const verdictsOf = (requests: number) =>
    holdAgainst([row(same(requests), false)], unsteady, 'here').map(({ what, verdict }) => `${what} ${verdict}`);
  assert.deepEqual(verdictsOf(400), ['throughput inconclusive']);
  assert.deepEqual(verdictsOf(290), ['throughput worse']);
});

test('on the processors of the baseline a limit that has become better makes no row worse', () => {
  const here = { ...baseline, processors: 'here' };
  const faster = { ...here, rows: { row: { throughput: 0.7, own: 500, noise: 0 } } };
  const held = (requests: number, against: Baseline, processors: string) =>
    holdAgainst([row(same(requests), false)], against, processors).map(({ verdict }) => verdict);
  assert.deepEqual(held(500, faster, 'here'), []);
  assert.deepEqual(held(500, faster, 'elsewhere'), ['worse']);
  assert.deepEqual(held(420, faster, 'here'), ['worse']);
});

test('a row that the baseline does not know is told', () => {
  assert.deepEqual(verdicts([{ ...row(same(500), false), name: 'new' }]), ['row unknown']);
});
