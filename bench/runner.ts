/** Runs rows against targets, interleaved, so that what changes on the machine meanwhile meets all of them. */
import type { GeneratorProcess } from './load/client.ts';
import type { PagePool } from './measure/page_pool.ts';
import { readPeakMemory, readThreadsCpu, resetPeakMemory } from './measure/proc_stat.ts';
import type { Measurement, RowResult } from './result.ts';
import type { BenchRow } from './rows.ts';
import type { Target } from './targets.ts';

/** From here on a broker writes a batch at a time; smaller ones are written together. No write ends at a whole page. */
const LARGE_BATCH_BYTES = 256 * 1024;

export interface RunPlan {
  readonly rows: readonly BenchRow[];
  readonly targets: readonly Target[];
  readonly repetitions: number;
  readonly seconds: number;
  /** Before each measured run, over the same connections. */
  readonly warmUpSeconds: number;
  /** Freed for each run that writes, and its bound: beyond, memory would be new, and page cache be written back. */
  readonly pages: PagePool;
}

export async function runRows(
  plan: RunPlan,
  generator: GeneratorProcess,
  progress: (line: string) => void,
): Promise<RowResult[]> {
  const results = plan.rows.map((row) => plan.targets.map((): Measurement[] => []).map((runs) => ({ row, runs })));
  for (let repetition = 0; repetition < plan.repetitions; repetition++) {
    for (const [index, row] of plan.rows.entries()) {
      for (const [at, target] of plan.targets.entries()) {
        progress(`${row.name}, ${target.name} (${repetition + 1} of ${plan.repetitions})`);
        results[index]![at]!.runs.push(await measure(plan, row, target, generator));
      }
    }
  }
  return plan.rows.map((row, index) => ({
    name: row.name,
    title: row.title,
    unit: row.unit,
    targets: plan.targets.map((target, at) => ({ name: target.name, repetitions: results[index]![at]!.runs })),
  }));
}

async function measure(
  plan: RunPlan,
  row: BenchRow,
  target: Target,
  generator: GeneratorProcess,
): Promise<Measurement> {
  const job = await target.open(row, generator);
  await generator.prepare(job);
  const watch = target.pid === null ? [] : [target.pid];
  const writes = row.workload === 'produce';
  const requests = writes ? Math.floor(plan.pages.runBytes / row.batchBytes) : Number.MAX_SAFE_INTEGER;
  const writeBytes = row.batchBytes >= LARGE_BATCH_BYTES ? row.batchBytes - 1000 : 65_000;
  if (writes) {
    plan.pages.hold(writeBytes);
    plan.pages.release(writeBytes);
  }
  await generator.run({ seconds: plan.warmUpSeconds, requests: Math.ceil(requests / 4), watch });
  if (target.pid !== null) resetPeakMemory(target.pid);
  const countsBefore = await target.counted?.ask('counts');
  const threadsBefore = target.pid === null ? [] : readThreadsCpu(target.pid);
  const load = await generator.run({ seconds: plan.seconds, requests: Math.ceil((requests * 3) / 4), watch });
  const threadsAfter = target.pid === null ? [] : readThreadsCpu(target.pid);
  const counts = await target.counted?.ask('counts');
  const peakMemory = target.pid === null ? null : readPeakMemory(target.pid);
  await generator.closeConnections();
  await target.close(row);
  if (writes) plan.pages.hold(writeBytes);

  const cpu = load.watched[0] ?? null;
  const known = (cpu === null ? 0 : cpu.user + cpu.kernel) + load.generator.user + load.generator.kernel;
  const ringMessages = counts?.counters['ringMessages'];
  return {
    seconds: load.seconds,
    requests: load.requests,
    bytes: load.bytes,
    records: load.records,
    latencyUs: load.latencyUs,
    cpu,
    threads: threadsAfter.map((thread) => {
      const before = threadsBefore.find((other) => other.id === thread.id);
      const { user, kernel } = before ?? { user: 0, kernel: 0 };
      return { ...thread, user: thread.user - user, kernel: thread.kernel - kernel };
    }),
    generator: load.generator,
    others: Math.max(0, load.machine.busy - known),
    stolen: load.machine.stolen,
    peakMemory,
    ringMessages:
      ringMessages === undefined
        ? null
        : (ringMessages - (countsBefore?.counters['ringMessages'] ?? 0)) / load.requests,
  };
}
