import type { NodeConfig } from './config/node_config.ts';
import { METADATA_TOPIC_DIRECTORY } from './metadata/metadata_log.ts';
import type { DiskOptions } from './platform/disk/disk.ts';
import type { PoolBudgetMemory } from './platform/disk/pool_budget.ts';
import type { SystemCall } from './platform/system_calls.ts';
import { counter, CounterBlock } from './shared-memory/counters.ts';
import type { SharedMemory } from './shared-memory/layout.ts';
import type { ShardBoot } from './shard/shard_boot.ts';

/** What a shard's worker is started with: its boot, and what its real ports share with the others'. */
export interface ShardProgramBoot {
  readonly shard: ShardBoot;
  readonly poolBudget: PoolBudgetMemory;
}

/** What the threads of the background pool are started with. */
export interface BackgroundProgramBoot {
  readonly disk: DiskOptions;
}

export function diskOptions(config: NodeConfig, poolBudget: PoolBudgetMemory): DiskOptions {
  const { directories, metadataDirectory } = config.storage;
  return {
    poolBudget,
    dataDirectories: directories,
    metadataLogDirectory: `${metadataDirectory}/${METADATA_TOPIC_DIRECTORY}`,
  };
}

/** Counts a thread's system calls where the rest of the node can see them. */
export function systemCallCounter(shared: SharedMemory, thread: number): (call: SystemCall) => void {
  const counters = new CounterBlock(shared.counters, thread);
  return (call) => counters.add(COUNTER_OF[call], 1);
}

const COUNTER_OF: Readonly<Record<SystemCall, number>> = {
  accept: counter.systemCallsOther,
  socketRead: counter.systemCallsRead,
  socketWrite: counter.systemCallsWrite,
  open: counter.systemCallsOther,
  close: counter.systemCallsOther,
  fileRead: counter.systemCallsRead,
  fileWrite: counter.systemCallsWrite,
  fileSync: counter.systemCallsSync,
  directory: counter.systemCallsOther,
};
