/**
 * Loaded before the broker's own entry (`node --import faulty_entry.ts src/main.ts …`), in its main thread and in
 * every thread that it starts: makes one shard fail when the test asks for it, while the product is as it is.
 *
 * `FAULT_FILE` names a file that does not exist yet. When the test writes `throw` or `hang` into it, shard
 * `FAULT_THREAD` throws in an event of its loop, or never returns from one. (`orderFault` does it from the test.)
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isMainThread, workerData } from 'node:worker_threads';

export type Fault = 'throw' | 'hang';
export const faultMessage = 'a fault ordered by the test';

/** The environment and Node arguments that arm a broker. */
export function armed(
  faultFile: string,
  thread: number,
): { nodeArguments: string[]; environment: Record<string, string> } {
  return {
    nodeArguments: ['--import', import.meta.filename],
    environment: { FAULT_FILE: faultFile, FAULT_THREAD: String(thread) },
  };
}

export function orderFault(faultFile: string, fault: Fault): void {
  // Renamed, so that it is never seen half written.
  writeFileSync(`${faultFile}.new`, fault);
  renameSync(`${faultFile}.new`, faultFile);
}

const faultFile = process.env['FAULT_FILE'];
const thread = (workerData as { thread?: number } | null)?.thread;
if (!isMainThread && faultFile !== undefined && thread === Number(process.env['FAULT_THREAD'])) {
  const timer = setInterval(() => {
    if (!existsSync(faultFile)) return;
    clearInterval(timer);
    if (readFileSync(faultFile, 'utf8') === 'throw') throw new Error(faultMessage);
    for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }, 1);
  timer.unref();
}
