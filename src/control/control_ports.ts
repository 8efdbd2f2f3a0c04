import type { BackgroundPool } from '../background/tasks.ts';
import type { Clock } from '../port/clock.ts';
import type { Disk } from '../port/disk.ts';
import type { Entropy } from '../port/entropy.ts';
import type { Kernels } from '../port/kernels.ts';
import type { Log } from '../port/log.ts';
import type { Threads } from '../port/threads.ts';

/** The outside world of the control thread. */
export interface ControlPorts {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly background: BackgroundPool;
  readonly threads: Threads;
  readonly entropy: Entropy;
  readonly kernels: Kernels;
  readonly log: Log;
  /** See `Network.sharesPorts`: without it the first shard alone listens. */
  readonly sharesPorts: boolean;
}
