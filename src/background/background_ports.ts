import type { Clock } from '../port/clock.ts';
import type { Disk } from '../port/disk.ts';
import type { Kernels } from '../port/kernels.ts';

/** The outside world of a task. Its thread has nothing else to do: only the blocking calls are used. */
export interface BackgroundPorts {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly kernels: Kernels;
}
