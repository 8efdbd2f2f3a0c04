import { assert } from '../../src/base/assert.ts';
import type { NodeConfig } from '../../src/config/node_config.ts';
import type { BackgroundPool, BackgroundTask } from '../../src/background/tasks.ts';
import type { Clock } from '../../src/port/clock.ts';
import type { Disk } from '../../src/port/disk.ts';
import type { Entropy } from '../../src/port/entropy.ts';
import type { Kernels } from '../../src/port/kernels.ts';
import type { Log } from '../../src/port/log.ts';
import type { Network } from '../../src/port/network.ts';
import type { Threads } from '../../src/port/threads.ts';
import type { DiskOptions } from './disk_faults.ts';
import type { LossModel } from './file_state.ts';
import type { Internet, SimHost } from './internet.ts';
import { SimBackground } from './sim_background.ts';
import { SimClock, WallTime } from './sim_clock.ts';
import { SimDisk } from './sim_disk.ts';
import { SimEntropy } from './sim_entropy.ts';
import { simKernels } from './sim_kernels.ts';
import { SimLog } from './sim_log.ts';
import { SimNetwork } from './sim_network.ts';
import { SimProcess } from './sim_process.ts';
import type { ProcessOptions } from './sim_process.ts';
import type { SimThread } from './sim_thread.ts';
import { SimThreads } from './sim_threads.ts';
import type { World } from './world.ts';

/** The simulated outside of one thread. */
export interface SimPorts {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly network: Network;
  readonly threads: Threads;
  readonly entropy: Entropy;
  readonly kernels: Kernels;
  readonly log: Log;
  /** Control's. */
  readonly background: BackgroundPool;
}

/** A running node as the harness sees it: it can be asked to stop in an orderly way. */
export interface RunningNode {
  stop(): void;
}

/** What the control thread tells the process that it lives in. */
export interface NodeEvents {
  /** The node serves clients. */
  ready(): void;
  /** The process ends with this code: 0 after a stop. */
  exit(code: number, reason: string): void;
}

/** The product's wiring: what `main` and `workers/shard` do with the real ports. */
export interface NodeProgram {
  startControl(ports: SimPorts, config: NodeConfig, events: NodeEvents): RunningNode;
  startShard(ports: SimPorts, boot: unknown): void;
}

export interface NodeOptions {
  readonly config: NodeConfig;
  readonly process: ProcessOptions;
  readonly disk: DiskOptions;
  /** Rate of the wall clock: 1.1 gains 10 %. */
  readonly wallRate: number;
}

export type NodeState = 'down' | 'starting' | 'up' | 'stopping';

/** Enough for tasks to run beside each other. */
const backgroundThreads = 2;

/** What a thread that a fault ends says at its end. */
export const threadDeathMessage = 'a fault of the simulation';
/** How a node ends when its disk does not work any more. */
const diskIsGone =
  /^(the metadata directory failed|the directory of the metadata log failed|no log directory is left|(the metadata log cannot be opened|the node cannot be registered): .*(EIO|ENOSPC)$)/;
const causedBySimulation = new RegExp(`^killed in|${threadDeathMessage}`);

/** How processes of this node ended by themselves. */
export interface NodeExit {
  readonly code: number;
  readonly reason: string;
  /** Somebody had asked it to stop, or a fault of the harness had struck. */
  readonly expected: boolean;
}

/** One machine with a disk, and the process that runs on it now, if one does. */
export class SimNode {
  readonly world: World;
  readonly host: SimHost;
  readonly disk: SimDisk;
  readonly wall: WallTime;
  readonly log: SimLog;
  readonly exits: NodeExit[] = [];
  /** The process ended, by itself or by a fault. */
  ended: () => void = () => {};
  starts = 0;
  /** Tasks of the background that ended, by kind, over all processes. */
  readonly tasks = new Map<BackgroundTask['kind'], number>();
  readonly #program: NodeProgram;
  readonly #options: NodeOptions;
  #process: SimProcess | null = null;
  #running: RunningNode | null = null;
  #state: NodeState = 'down';
  /** Somebody has asked for an orderly end. */
  #stopAsked = false;

  constructor(world: World, internet: Internet, name: string, program: NodeProgram, options: NodeOptions) {
    this.world = world;
    this.host = internet.host(name);
    this.disk = new SimDisk(world, options.disk);
    this.wall = new WallTime(world, 1_750_000_000_000 + world.random.between(0, 86_400_000), options.wallRate);
    this.log = new SimLog(world, name);
    this.#program = program;
    this.#options = options;
    for (const path of options.config.storage.directories) this.disk.format(path);
  }

  get state(): NodeState {
    return this.#state;
  }

  get process(): SimProcess | null {
    return this.#process;
  }

  start(): void {
    assert(this.#state === 'down', 'one process at a time');
    this.starts++;
    this.#state = 'starting';
    this.#stopAsked = false;
    const process = new SimProcess(this.world, `${this.host.name}#${this.starts}`, this.#options.process);
    this.#process = process;
    process.ended = (reason) => this.#ended(70, reason);
    process.threadDied = (thread) => this.#closeSocketsOf(thread);
    const control = process.createThread(0);
    const originMs = this.world.random.between(0, 1_000_000);
    const events: NodeEvents = {
      ready: () => {
        if (this.#process === process && this.#state === 'starting') this.#state = 'up';
      },
      exit: (code, reason) => {
        if (this.#process === process) this.#ended(code, reason);
      },
    };
    control.post(1, () => {
      this.#running = this.#program.startControl(
        this.#portsOf(process, control, originMs),
        this.#options.config,
        events,
      );
    });
  }

  /** SIGTERM. The node ends by itself. */
  stop(): void {
    if (this.#state !== 'up') return;
    this.#state = 'stopping';
    this.#stopAsked = true;
    const control = this.#process?.threads[0];
    const running = this.#running;
    control?.post(0.01, () => running?.stop());
  }

  /** SIGKILL: everything written stays in the page cache. */
  kill(): void {
    if (this.#process === null) return;
    this.world.note(() => `kill ${this.host.name}`);
    this.#process.kill();
    this.host.killProcess();
    this.disk.killProcess();
    this.#down();
  }

  /** The machine goes dark: what was not synced is at the mercy of the seed. */
  cutPower(loss?: LossModel): void {
    this.world.note(() => `power cut of ${this.host.name}`);
    this.#process?.kill();
    this.host.cutPower();
    this.disk.cutPower(loss);
    this.#down();
  }

  /** SIGSTOP, then SIGCONT. */
  pause(milliseconds: number): void {
    this.#process?.pause(milliseconds);
  }

  #ended(code: number, reason: string): void {
    const { struck, refusedForRoom } = this.disk.faults;
    const isByDisk = struck.error + refusedForRoom > 0 && diskIsGone.test(reason);
    const expected = (code === 0 && this.#stopAsked) || causedBySimulation.test(reason) || isByDisk;
    this.exits.push({ code, reason, expected });
    this.world.note(() => `${this.host.name} exits with ${code}: ${reason}`);
    this.#process?.kill();
    this.host.killProcess();
    this.disk.killProcess();
    this.#down();
  }

  #down(): void {
    this.#process = null;
    this.#running = null;
    this.#state = 'down';
    this.ended();
  }

  #portsOf(process: SimProcess, thread: SimThread, originMs: number): SimPorts {
    const program = (shard: SimThread, boot: unknown): void =>
      this.#program.startShard(this.#portsOf(process, shard, originMs), boot);
    const background = new SimBackground(
      process,
      thread,
      backgroundThreads,
      (worker) => ({
        clock: new SimClock(worker, this.wall, originMs),
        disk: this.disk.portFor(worker),
        kernels: simKernels,
      }),
      (kind) => this.tasks.set(kind, (this.tasks.get(kind) ?? 0) + 1),
    );
    return {
      background,
      clock: new SimClock(thread, this.wall, originMs),
      disk: this.disk.portFor(thread),
      network: new SimNetwork(this.host, thread),
      threads: new SimThreads(process, thread, program),
      entropy: new SimEntropy(this.world.random.fork()),
      kernels: simKernels,
      log: this.log,
    };
  }

  /** Node closes the sockets of a worker that ended. */
  #closeSocketsOf(thread: SimThread): void {
    this.host.closeThread(thread);
  }
}
