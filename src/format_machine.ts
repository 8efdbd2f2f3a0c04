import type { FormatMachine } from './cli/format_command.ts';
import { holdDirectories } from './held_directories.ts';
import { createClock } from './platform/clock.ts';
import { createDigests } from './platform/digests.ts';
import { createDisk } from './platform/disk/disk.ts';
import { allocatePoolBudget } from './platform/disk/pool_budget.ts';
import { createEntropy } from './platform/entropy.ts';
import { loadKernels } from './platform/kernels.ts';
import { logToTerminal } from './platform/log.ts';
import { poolThreads } from './platform/thread_pool.ts';

/** Wires `millrace format` to the machine: no threads, no sockets, no pool. */
export async function createFormatMachine(): Promise<FormatMachine> {
  const log = logToTerminal('format');
  const poolBudget = allocatePoolBudget(poolThreads, 1);
  const disk = createDisk({ poolBudget, dataDirectories: [], metadataLogDirectory: null });
  const ports = {
    clock: createClock(),
    disk,
    entropy: createEntropy(),
    kernels: await loadKernels(log),
    log,
    digests: createDigests(),
  };
  return { ports, hold: (directories) => holdDirectories(disk, directories) };
}
