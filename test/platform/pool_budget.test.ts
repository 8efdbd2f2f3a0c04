import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

import { allocatePoolBudget, PoolBudget } from '../../src/platform/disk/pool_budget.ts';

test('two syncs of a directory are in flight at most, and reads and writes pass them', () => {
  const budget = new PoolBudget(allocatePoolBudget(16, 2));
  const started: string[] = [];
  for (const name of ['sync 1', 'sync 2', 'sync 3', 'sync 4']) budget.take(0, true, () => started.push(name));
  budget.take(0, false, () => started.push('write'));
  budget.take(1, true, () => started.push('other directory'));
  assert.deepEqual(started, ['sync 1', 'sync 2', 'write', 'other directory']);
  budget.giveBack(0, true);
  assert.deepEqual(started.slice(4), ['sync 3']);
  budget.giveBack(0, true);
  budget.giveBack(0, true);
  assert.deepEqual(started.slice(5), ['sync 4']);
  budget.giveBack(0, true);
  budget.giveBack(0, false);
  budget.giveBack(1, true);
  assert.equal(budget.inFlight, 0);
});

test('all directories together leave four threads of the pool, and one leaves two to each other', () => {
  const budget = new PoolBudget(allocatePoolBudget(16, 3));
  const inFlight: number[] = [];
  const take = (directory: number): void => budget.take(directory, false, () => inFlight.push(directory));
  for (let call = 0; call < 50; call++) take(0);
  assert.equal(inFlight.length, 8);
  for (let call = 0; call < 50; call++) take(1);
  for (let call = 0; call < 50; call++) take(2);
  for (let call = 0; call < 50; call++) take(budget.elsewhere);
  assert.equal(inFlight.length, 12);
  // Whatever ends, what is queued for that directory or another follows, until all have run.
  let ended = 0;
  for (let next = inFlight.shift(); next !== undefined; next = inFlight.shift()) {
    ended++;
    budget.giveBack(next, false);
    assert.ok(budget.inFlight <= 12);
    assert.ok(ended > 100 || budget.inFlight === 12, 'none stands idle while calls of several directories wait');
  }
  assert.equal(ended, 200);
});

test('the smallest pool leaves room for data', () => {
  const budget = new PoolBudget(allocatePoolBudget(5, 4));
  const started: number[] = [];
  budget.take(3, true, () => started.push(3));
  budget.take(2, false, () => started.push(2));
  assert.deepEqual(started, [3]);
  budget.giveBack(3, true);
  assert.deepEqual(started, [3, 2]);
  budget.giveBack(2, false);
  assert.throws(() => allocatePoolBudget(4, 1));
});

test('threads that share a budget never pass it, and each gets all its calls through', async () => {
  const memory = allocatePoolBudget(6, 1);
  const observed = new Int32Array(new SharedArrayBuffer(12));
  const workers = [1, 2].map(
    () =>
      new Promise<number>((resolve, reject) => {
        const worker = new Worker(new URL('./budget_worker.ts', import.meta.url), {
          workerData: { memory, observed: observed.buffer, calls: 400 },
        });
        worker.once('message', resolve);
        worker.once('error', reject);
      }),
  );
  assert.deepEqual(await Promise.all(workers), [400, 400]);
  assert.equal(observed[0], 0, 'nothing is left in flight');
  assert.ok((observed[1] as number) <= 2, `${observed[1]} were in flight at once`);
  assert.equal(new PoolBudget(memory).inFlight, 0);
});
