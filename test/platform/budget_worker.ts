import { parentPort, workerData } from 'node:worker_threads';

import { PoolBudget } from '../../src/platform/disk/pool_budget.ts';

/** Takes from a shared budget many times at once; each call lasts a turn of the loop. */
interface Task {
  readonly memory: SharedArrayBuffer;
  /** In flight now, most in flight at once. */
  readonly observed: SharedArrayBuffer;
  readonly calls: number;
}

const { memory, observed, calls } = workerData as Task;
const budget = new PoolBudget(memory);
const words = new Int32Array(observed);
let ended = 0;

for (let call = 0; call < calls; call++) {
  const isSync = call % 3 === 0;
  budget.take(0, isSync, () => {
    const now = Atomics.add(words, 0, 1) + 1;
    let most = Atomics.load(words, 1);
    while (now > most) {
      const before = Atomics.compareExchange(words, 1, most, now);
      if (before === most) break;
      most = before;
    }
    setImmediate(() => {
      Atomics.sub(words, 0, 1);
      budget.giveBack(0, isSync);
      if (++ended === calls) parentPort?.postMessage(ended);
    });
  });
}
