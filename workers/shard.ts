import { createClock } from '../src/platform/clock.ts';
import { createCodecs } from '../src/platform/codecs.ts';
import { createDisk } from '../src/platform/disk/disk.ts';
import { createEntropy } from '../src/platform/entropy.ts';
import { loadKernels } from '../src/platform/kernels.ts';
import { logToTerminal } from '../src/platform/log.ts';
import { createNetwork } from '../src/platform/network/network.ts';
import { giveBackAfterStart } from '../src/platform/spare_heap.ts';
import { enterShardThread } from '../src/platform/threads.ts';
import { diskOptions, systemCallCounter, type ShardProgramBoot } from '../src/machine.ts';
import { Shard } from '../src/shard/shard.ts';

const loading = loadKernels(null);
const { threads, boot } = await enterShardThread();
const { shard, poolBudget } = boot as ShardProgramBoot;
const countSystemCall = systemCallCounter(shard.shared, shard.thread);
const log = logToTerminal(`shard ${shard.thread}`);

new Shard(
  {
    clock: createClock(),
    disk: createDisk({ ...diskOptions(shard.config, poolBudget), countSystemCall }),
    network: createNetwork({ countSystemCall, log }),
    threads,
    entropy: createEntropy(),
    kernels: await loading,
    codecs: createCodecs(null),
    log,
  },
  shard,
);
giveBackAfterStart('shard');
