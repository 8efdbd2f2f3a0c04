import type { Clock } from '../port/clock.ts';
import type { Codecs } from '../port/codecs.ts';
import type { Disk } from '../port/disk.ts';
import type { Entropy } from '../port/entropy.ts';
import type { Kernels } from '../port/kernels.ts';
import type { Log } from '../port/log.ts';
import type { Network } from '../port/network.ts';
import type { Threads } from '../port/threads.ts';

/** The outside world of one shard. */
export interface ShardPorts {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly network: Network;
  readonly threads: Threads;
  readonly entropy: Entropy;
  readonly kernels: Kernels;
  readonly codecs: Codecs;
  readonly log: Log;
}
