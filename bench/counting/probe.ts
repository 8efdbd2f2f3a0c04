/**
 * Runs inside the broker, before its entry and before each worker's (`node --import`), so that the broker has no code
 * for the bench. In the main thread it answers questions over the IPC channel. In a shard it hands the main thread the
 * shared counters that it finds among what the shard was booted with.
 */
import { getHeapStatistics } from 'node:v8';
import { BroadcastChannel, isMainThread, workerData, type Worker } from 'node:worker_threads';
import { CounterSums, counterNames, counter } from '../../src/shared-memory/counters.ts';
import type { ProbeAnswer } from './questions.ts';
import { countViews } from './view_count.ts';

interface Introduction {
  readonly counters: SharedArrayBuffer | null;
  readonly views: Int32Array<SharedArrayBuffer>;
}

const channel = new BroadcastChannel('millrace-bench-probe');
channel.unref();
const views = new Int32Array(new SharedArrayBuffer(4));
if (isMainThread) answerQuestions();
else channel.postMessage({ counters: findCounters(workerData, 3), views } satisfies Introduction);
if (process.env['BENCH_COUNT_VIEWS'] === '1') countViews(views);

function answerQuestions(): void {
  const workers: Worker[] = [];
  const viewCounts = [views];
  let sums: CounterSums | null = null;
  process.on('worker', (worker) => workers.push(worker));
  channel.onmessage = (message) => {
    const introduction = message.data as Introduction;
    viewCounts.push(introduction.views);
    if (introduction.counters !== null) sums ??= new CounterSums(introduction.counters);
  };
  const answer = async (): Promise<ProbeAnswer> => {
    const heaps = await Promise.all(workers.map((worker) => worker.getHeapStatistics()));
    const counters: Record<string, number> = {};
    if (sums !== null) for (const name of counterNames) counters[name] = sums.sum(counter[name]);
    return {
      counters,
      allocatedBytes: [getHeapStatistics(), ...heaps].map((heap) => heap.total_allocated_bytes),
      views: viewCounts.reduce((sum, count) => sum + Atomics.load(count, 0), 0),
    };
  };
  process.on('message', () => void answer().then((counts) => process.send?.(counts)));
  // The broker ends when it has nothing to do, whoever still listens here.
  process.channel?.unref();
}

/** The shared memory that control hands to every thread has a buffer of this name. */
function findCounters(value: unknown, depth: number): SharedArrayBuffer | null {
  if (typeof value !== 'object' || value === null || depth < 0) return null;
  const named = (value as { counters?: unknown }).counters;
  if (named instanceof SharedArrayBuffer) return named;
  for (const inner of Object.values(value)) {
    const found = findCounters(inner, depth - 1);
    if (found !== null) return found;
  }
  return null;
}
