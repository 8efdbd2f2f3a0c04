/**
 * Runs inside the broker, before its entry and before each worker's (`node --import`), so that the broker has no code
 * for the bench. In the main thread it answers questions over the IPC channel, and finds the shared counters among what
 * the shards are booted with.
 */
import { getHeapStatistics } from 'node:v8';
import { BroadcastChannel, isMainThread, type Worker } from 'node:worker_threads';
import { CounterSums, counterNames, counter } from '../../src/shared-memory/counters.ts';
import type { AcceptedAnswer, ProbeAnswer, ProbeQuestion } from './questions.ts';
import { countViews } from './view_count.ts';

const channel = new BroadcastChannel('millrace-bench-probe');
channel.unref();
const views = new Int32Array(new SharedArrayBuffer(4));
if (isMainThread) answerQuestions();
else channel.postMessage(views);
if (process.env['BENCH_COUNT_VIEWS'] === '1') countViews(views);

function answerQuestions(): void {
  /** What each worker has allocated, as last heard. Those of the background pool end when they have nothing to do. */
  const allocated = new Map<Worker, number>();
  const viewCounts = [views];
  let sums: CounterSums | null = null;
  process.on('worker', (worker) => {
    allocated.set(worker, 0);
    const post = worker.postMessage.bind(worker);
    worker.postMessage = (value: unknown, transfers) => {
      const counters = sums === null ? findCounters(value, 3) : null;
      if (counters !== null) sums = new CounterSums(counters);
      post(value, transfers);
    };
  });
  channel.onmessage = (message) => {
    viewCounts.push(message.data as Int32Array<SharedArrayBuffer>);
  };
  const hear = async (worker: Worker): Promise<void> => {
    try {
      allocated.set(worker, (await worker.getHeapStatistics()).total_allocated_bytes);
    } catch {
      // It has ended, or ends just now.
    }
  };
  const answer = async (): Promise<ProbeAnswer> => {
    await Promise.all([...allocated.keys()].map(hear));
    const counters: Record<string, number> = {};
    if (sums !== null) for (const name of counterNames) counters[name] = sums.sum(counter[name]);
    return {
      counters,
      allocatedBytes: [getHeapStatistics().total_allocated_bytes, ...allocated.values()],
      views: viewCounts.reduce((sum, count) => sum + Atomics.load(count, 0), 0),
    };
  };
  const accepted = (): AcceptedAnswer => ({
    accepted: [0, ...allocated.keys()].map((_, thread) => sums?.of(thread, counter.connectionsAccepted) ?? 0),
  });
  process.on('message', (question: ProbeQuestion) => {
    if (question === 'accepted') process.send?.(accepted());
    else void answer().then((counts) => process.send?.(counts));
  });
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
