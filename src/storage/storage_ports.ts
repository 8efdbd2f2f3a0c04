import type { Clock } from '../port/clock.ts';
import type { Disk } from '../port/disk.ts';
import type { Entropy } from '../port/entropy.ts';
import type { Kernels } from '../port/kernels.ts';
import type { Log } from '../port/log.ts';

/** What looking after data directories needs of the outside. */
export interface StoragePorts {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly entropy: Entropy;
  readonly kernels: Kernels;
  readonly log: Log;
}
