import { ControlThread } from './control/control_thread.ts';
import type { ControlEvents } from './control/control_events.ts';
import type { AddressCap, NodeConfig } from './config/node_config.ts';
import { createBackground } from './platform/background.ts';
import { holdDirectories } from './held_directories.ts';
import { createClock } from './platform/clock.ts';
import { createDisk } from './platform/disk/disk.ts';
import { allocatePoolBudget } from './platform/disk/pool_budget.ts';
import { createEntropy } from './platform/entropy.ts';
import { loadKernels } from './platform/kernels.ts';
import { addressesOf } from './platform/host_addresses.ts';
import { createNetwork } from './platform/network/network.ts';
import { probePort } from './platform/port_probe.ts';
import { workerUrl } from './platform/program_files.ts';
import { poolThreads } from './platform/thread_pool.ts';
import { createControlThreads, shardLimitsDefault, type ControlThreads } from './platform/threads.ts';
import { diskOptions, type BackgroundProgramBoot, type ShardProgramBoot } from './machine.ts';
import type { Log } from './port/log.ts';
import type { ShardBoot } from './shard/shard_boot.ts';
import { directoriesOf } from './storage/inspection.ts';

/** A running node, and what it holds of the machine. */
export interface RunningNode {
  readonly control: ControlThread;
  /** Gives the data directories and the event loop back, when the node has stopped. */
  release(): void;
}

/**
 * Wires a node to the machine and starts it: data directories held, ports found free, control started. The outcome
 * comes by `events`. Returns a sentence for the administrator where it cannot even begin.
 */
export async function startNode(
  config: NodeConfig,
  log: Log,
  events: ControlEvents,
  shardProgram: URL = workerUrl('shard'),
): Promise<RunningNode | string> {
  const threads = createControlThreads({ url: shardProgram, limits: shardLimitsDefault });
  threads.prepare(config.shards);
  const started = await startControl(config, log, events, threads);
  if (typeof started === 'string') threads.abandonPrepared();
  return started;
}

async function startControl(
  config: NodeConfig,
  log: Log,
  events: ControlEvents,
  threads: ControlThreads,
): Promise<RunningNode | string> {
  const kernels = loadKernels(log);
  const poolBudget = allocatePoolBudget(poolThreads, config.storage.directories.length);
  const disk = createDisk(diskOptions(config, poolBudget));
  const held = await holdDirectories(disk, directoriesOf(config));
  if (typeof held === 'string') return held;
  const release = (): void => {
    held.release();
    threads.exit();
  };
  const taken = await takenPort(config);
  if (taken !== null) {
    release();
    return taken;
  }
  const control = ControlThread.start(
    {
      clock: createClock(),
      disk,
      background: createBackground({
        url: workerUrl('background'),
        threads: config.storage.backgroundThreads,
        boot: { disk: diskOptions(config, poolBudget) } satisfies BackgroundProgramBoot,
      }),
      threads: {
        ...threads,
        spawnShard: (thread, shard, exited) =>
          threads.spawnShard(thread, { shard: shard as ShardBoot, poolBudget } satisfies ShardProgramBoot, exited),
      },
      entropy: createEntropy(),
      kernels: await kernels,
      log,
      sharesPorts: createNetwork({}).sharesPorts,
    },
    await withAddresses(config),
    events,
  );
  if (typeof control !== 'string') return { control, release };
  release();
  return control;
}

/** `max.connections.per.ip.overrides` may name hosts; connections have addresses. A name unknown now has no effect. */
async function withAddresses(config: NodeConfig): Promise<NodeConfig> {
  const overrides: AddressCap[] = [];
  for (const { address, connectionsMax } of config.network.connectionsPerAddressOverrides) {
    for (const one of await addressesOf(address)) overrides.push({ address: one, connectionsMax });
  }
  return { ...config, network: { ...config.network, connectionsPerAddressOverrides: overrides } };
}

/** SO_REUSEPORT hides a taken port: it is asked for once without, before the shards share it. */
async function takenPort(config: NodeConfig): Promise<string | null> {
  for (const { host, port } of config.listeners) {
    const taken = port === 0 ? null : await probePort(host, port);
    if (taken !== null) return taken.message;
  }
  return null;
}
