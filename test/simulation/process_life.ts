import type { SeededRandom } from '../../src/base/random.ts';
import type { Disk } from '../../src/port/disk.ts';
import type { Finding } from './checkers.ts';
import type { LossModel } from './file_state.ts';
import { SimClock, WallTime } from './sim_clock.ts';
import type { SimDisk } from './sim_disk.ts';
import { SimProcess } from './sim_process.ts';
import type { SimThread } from './sim_thread.ts';
import type { World } from './world.ts';

/** How the life of a process ends. */
export type Ending = 'clean' | 'kill' | 'power' | 'kill in a call' | 'power in a call';

/** What goes through the lives of a run. */
export interface Lives {
  readonly world: World;
  readonly storage: SimDisk;
  readonly findings: Finding[];
  readonly counts: Record<string, number>;
}

/**
 * One process over a disk that outlives it, from its start to its end: one thread that works, in steps that it schedules
 * itself, until it ends in an orderly way, is killed, or loses power, by itself or inside a call.
 */
export abstract class ProcessLife {
  protected readonly world: World;
  protected readonly storage: SimDisk;
  protected readonly ending: Ending;
  protected readonly random: SeededRandom;
  protected readonly process: SimProcess;
  protected readonly thread: SimThread;
  protected readonly wall: WallTime;
  protected readonly clock: SimClock;
  /** Steps that are left to do. */
  protected left: number;
  protected isOver = false;
  /** How kind a loss of power is at the end of it; left out: as it is drawn then. */
  protected loss: LossModel | undefined = undefined;
  readonly #findings: Finding[];
  readonly #counts: Record<string, number>;

  /** `thread`: number of the thread, and what it is called when it throws. */
  constructor({ world, storage, findings, counts }: Lives, ending: Ending, steps: number, thread: [number, string]) {
    this.world = world;
    this.storage = storage;
    this.ending = ending;
    this.left = steps;
    this.#findings = findings;
    this.#counts = counts;
    this.random = world.random.fork();
    this.process = new SimProcess(world, 'node');
    this.process.ended = () => this.crash();
    const [number, name] = thread;
    this.thread = this.process.createThread(number);
    this.thread.failed = ({ message, stack }) => this.find(`${name} threw`, `${message}\n${stack}`);
    this.wall = new WallTime(world);
    this.clock = new SimClock(this.thread, this.wall);
    this.thread.post(0.1, () => this.open());
  }

  /** The first step. */
  protected abstract open(): void;

  /** It died; the disk has been told. */
  protected crashed(_power: boolean): void {}

  /** Until the process has ended, or something was found. */
  runToEnd(): void {
    if (!this.world.runUntil(() => this.isOver || this.hasFound, 600_000)) {
      this.find('I17 the log goes on', `nothing happens any more, ${this.left} steps left`);
    }
    this.process.kill();
    this.storage.faults.disarm();
    this.storage.options = { ...this.storage.options, capacityBytes: Infinity };
  }

  protected get disk(): Disk {
    return this.storage.portFor(this.thread);
  }

  /** By itself at the end of the life, or inside a call. */
  protected crash(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.process.kill();
    const power = this.ending.startsWith('power');
    if (power) this.storage.cutPower(this.loss);
    else this.storage.killProcess();
    this.crashed(power);
  }

  protected get hasFound(): boolean {
    return this.#findings.length > 0;
  }

  protected find(rule: string, detail: string): void {
    this.#findings.push({ rule, detail });
  }

  protected note(findings: readonly Finding[]): void {
    this.#findings.push(...findings);
  }

  protected count(name: string, by = 1): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + by;
  }
}
