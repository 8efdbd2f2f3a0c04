import { runBackgroundTask } from '../src/background/run_task.ts';
import type { BackgroundPorts } from '../src/background/background_ports.ts';
import type { BackgroundOutcome, BackgroundTask } from '../src/background/tasks.ts';
import { createClock } from '../src/platform/clock.ts';
import { createDisk } from '../src/platform/disk/disk.ts';
import { enterBackgroundThread } from '../src/platform/background.ts';
import { loadKernels } from '../src/platform/kernels.ts';
import type { BackgroundProgramBoot } from '../src/machine.ts';

const { disk } = enterBackgroundThread() as BackgroundProgramBoot;

const ports: Promise<BackgroundPorts> = loadKernels(null).then((kernels) => ({
  clock: createClock(),
  disk: createDisk(disk),
  kernels,
}));

/** Called by the pool for each task. */
export async function runTask(task: BackgroundTask): Promise<BackgroundOutcome> {
  return runBackgroundTask(task, await ports);
}
