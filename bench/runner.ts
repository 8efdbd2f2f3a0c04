/** Runs rows against targets, interleaved, so that what changes on the machine meanwhile meets all of them. */
import type { GeneratorProcess } from './load/client.ts';
import type { PagePool } from './measure/page_pool.ts';
import { readPeakMemory, readThreadsCpu, resetPeakMemory } from './measure/proc_stat.ts';
import type { Progress } from './progress.ts';
import type { LoadRowResult, Measurement } from './result.ts';
import type { LoadRow } from './rows.ts';
import type { Target } from './targets.ts';

/** From here on a broker writes a batch at a time; smaller ones are written together. No write ends at a whole page. */
const LARGE_BATCH_BYTES = 256 * 1024;

export interface MeasureBounds {
  readonly seconds: number;
  /** Before each measured run, over the same connections. */
  readonly warmUpSeconds: number;
  /** Freed during each run that writes, and its bound: beyond, memory would be new, and page cache be written back. */
  readonly pages: PagePool;
}

export async function runRows(
  rows: readonly LoadRow[],
  targets: readonly Target[],
  repetitions: number,
  bounds: MeasureBounds,
  generator: GeneratorProcess,
  progress: Progress,
): Promise<LoadRowResult[]> {
  const results = rows.map(() => targets.map((): Measurement[] => []));
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const [index, row] of rows.entries()) {
      for (const [at, target] of targets.entries()) {
        progress.step(`${row.name}, ${target.name} (${repetition + 1} of ${repetitions})`);
        results[index]![at]!.push(await measure(bounds, row, target, generator));
      }
    }
  }
  return rows.map((row, index) => ({
    kind: 'load',
    name: row.name,
    title: row.title,
    unit: row.unit,
    paced: row.workload === 'paced',
    targets: targets.map((target, at) => ({ name: target.name, repetitions: results[index]![at]! })),
  }));
}

export async function measure(
  bounds: MeasureBounds,
  row: LoadRow,
  target: Target,
  generator: GeneratorProcess,
): Promise<Measurement> {
  await target.open(row, generator);
  const watch = target.pid === null ? [] : [target.pid];
  const writes = row.workload !== 'catch-up' && row.workload !== 'paced';
  // Half of what a run of both moves is fetched; a round at the end is two requests.
  const requests = writes ? Math.floor(bounds.pages.runBytes / row.batchBytes) : Number.MAX_SAFE_INTEGER;
  const writeBytes = row.batchBytes >= LARGE_BATCH_BYTES ? row.batchBytes - 1000 : 65_000;
  if (writes) bounds.pages.hold(writeBytes);
  const giving = writes ? bounds.pages.giveBack(writeBytes) : null;
  await generator.run({ seconds: bounds.warmUpSeconds, requests: Math.ceil(requests / 4), watch });
  if (target.pid !== null) resetPeakMemory(target.pid);
  const countsBefore = await target.counted?.counts();
  const threadsBefore = target.pid === null ? [] : readThreadsCpu(target.pid);
  const seconds = target.brief ? bounds.seconds / 2 : bounds.seconds;
  const load = await generator.run({ seconds, requests: Math.ceil((requests * 3) / 4), watch });
  const threadsAfter = target.pid === null ? [] : readThreadsCpu(target.pid);
  const counts = await target.counted?.counts();
  giving?.end();
  const peakMemory = target.pid === null ? null : readPeakMemory(target.pid);
  await generator.closeConnections();
  await target.close(row);
  if (writes) bounds.pages.hold(writeBytes);

  const cpu = load.watched[0] ?? null;
  const known = (cpu === null ? 0 : cpu.user + cpu.kernel) + load.generator.user + load.generator.kernel;
  const messages = counts?.counters['ringMessages'];
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
    // A request that crosses is a message there and one back.
    crossing:
      messages === undefined
        ? null
        : Math.min(1, (messages - (countsBefore?.counters['ringMessages'] ?? 0)) / 2 / load.requests),
  };
}
