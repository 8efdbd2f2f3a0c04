import type { DiskOperation } from './disk_faults.ts';
import type { Internet, SimHost } from './internet.ts';
import { threadDeathMessage } from './sim_node.ts';
import type { NodeState, SimNode } from './sim_node.ts';
import type { World } from './world.ts';

export type FaultKind =
  | 'kill'
  | 'kill in a call'
  | 'power'
  | 'power in a call'
  | 'stop'
  | 'pause'
  | 'thread stall'
  | 'thread death'
  | 'reset connections'
  | 'cut one way'
  | 'partition'
  | 'clock jump'
  | 'disk stall'
  | 'full disk'
  | 'full directory'
  | 'write error'
  | 'sync error';

/** Faults of every run; power cuts are for suites that say what may be lost by them. */
export const faultsOfProcess: readonly FaultKind[] = [
  'kill',
  'kill in a call',
  'kill in a call',
  'stop',
  'pause',
  'thread stall',
  'thread death',
  'reset connections',
  'cut one way',
  'partition',
  'clock jump',
  'disk stall',
  'full disk',
  'full directory',
  'write error',
  'sync error',
];

const callsToDieIn: readonly DiskOperation[] = [
  'write',
  'write',
  'write',
  'open',
  'rename',
  'sync',
  'truncate',
  'unlink',
];

/** What a process is in the middle of when it dies in a call of the disk. */
export type DyingStep = 'start' | 'roll' | 'snapshot' | 'delete' | 'stop' | 'work';

/** Where deaths in a call strike: in work of any kind, or in what happens seldom. */
const stepsToDieIn: readonly DyingStep[] = ['work', 'roll', 'roll', 'snapshot', 'delete', 'stop'];

function stepOf(state: NodeState, operation: DiskOperation, path: string): DyingStep {
  if (state === 'starting') return 'start';
  if (state === 'stopping') return 'stop';
  if (path.includes('-delete')) return 'delete';
  if (path.includes('.checkpoint')) return 'snapshot';
  // The first segment of a log is made with it; another one by a roll, or opened by a reader.
  return operation === 'open' && path.endsWith('index') && !/\/0{20}\./.test(path) ? 'roll' : 'work';
}

/** Strikes one node and its clients with faults at seeded times, and takes all of them away at the end. */
export class FaultPlan {
  readonly struck = new Map<FaultKind, number>();
  /** Processes that died in a call of the disk. */
  readonly died: Record<DyingStep, number> = { start: 0, roll: 0, snapshot: 0, delete: 0, stop: 0, work: 0 };
  readonly #world: World;
  readonly #node: SimNode;
  readonly #internet: Internet;
  readonly #clients: readonly SimHost[];
  /** The machine lost power. */
  powerLost: () => void = () => {};
  #over = false;
  #cutPowerNext = false;
  /** How processes of this run die in calls of the disk. */
  #deaths: readonly FaultKind[] = [];

  constructor(world: World, node: SimNode, internet: Internet, clients: readonly SimHost[]) {
    this.#world = world;
    this.#node = node;
    this.#internet = internet;
    this.#clients = clients;
    node.disk.faults.killing = (operation, path) => void this.died[stepOf(node.state, operation, path)]++;
    // Whoever looks after the node starts it again, sooner or later.
    node.ended = () => {
      if (this.#cutPowerNext) {
        this.#cutPowerNext = false;
        node.cutPower();
        this.powerLost();
        return;
      }
      world.schedule(world.random.between(10, 2000), () => {
        if (node.state !== 'down') return;
        // A log that cannot be opened stays offline until the next start: who starts the node has seen to the disk.
        node.disk.faults.disarm('error');
        node.disk.options = { ...node.disk.options, capacityBytes: Infinity };
        this.#mayDieInStart();
        node.start();
      });
    };
  }

  /** The start itself may die, at any call of the disk. */
  #mayDieInStart(): void {
    const random = this.#world.random;
    if (this.#over || this.#deaths.length === 0 || !random.chance(0.4)) return;
    this.#cutPowerNext = random.pick(this.#deaths) === 'power in a call';
    const after = random.between(0, 400);
    this.#node.disk.faults.arm({ after, effect: { kind: 'kill', bytes: random.between(0, 500) } });
  }

  /** The process dies in the midst of this, when it comes to it. */
  #dieIn(step: DyingStep): void {
    const random = this.#world.random;
    const { faults } = this.#node.disk;
    const effect = { kind: 'kill', bytes: random.between(0, 3000) } as const;
    if (step === 'roll') faults.arm({ operations: ['open'], path: 'index', after: random.between(0, 3), effect });
    else if (step === 'snapshot') faults.arm({ path: '.checkpoint', after: random.between(0, 8), effect });
    else if (step === 'delete') faults.arm({ path: '-delete', after: random.between(0, 12), effect });
    else if (step === 'stop') {
      faults.arm({ after: random.between(0, 60), effect });
      this.#node.stop();
    } else faults.arm({ operations: [random.pick(callsToDieIn)], after: random.between(0, 5), effect });
  }

  /** Draws `count` faults within the next `durationMs`. */
  schedule(kinds: readonly FaultKind[], count: number, durationMs: number): FaultKind[] {
    const random = this.#world.random;
    const drawn: FaultKind[] = [];
    this.#deaths = kinds.filter((kind) => kind.endsWith('in a call'));
    // What happens seldom is met by few of the faults that come at any time.
    if (this.#deaths.length > 0 && random.chance(0.4))
      this.#dieIn(random.pick(['roll', 'snapshot', 'delete', 'delete']));
    for (let fault = 0; fault < count; fault++) {
      const kind = random.pick(kinds);
      drawn.push(kind);
      this.#world.schedule(random.fraction() * durationMs, () => {
        if (!this.#over) this.#strike(kind);
      });
    }
    return drawn;
  }

  /** No fault strikes any more, and what is broken heals. */
  end(): void {
    this.#over = true;
    this.#cutPowerNext = false;
    this.#internet.heal();
    this.#node.disk.faults.disarm();
    this.#node.disk.options = { ...this.#node.disk.options, capacityBytes: Infinity, stallChance: 0 };
  }

  #strike(kind: FaultKind): void {
    const node = this.#node;
    const random = this.#world.random;
    const { disk, process } = node;
    this.#world.note(() => `fault: ${kind}`);
    this.struck.set(kind, (this.struck.get(kind) ?? 0) + 1);
    const heal = (afterMs: number, run: () => void): void => void this.#world.schedule(afterMs, run);
    const threads = process?.threads.filter((thread) => thread.alive) ?? [];
    switch (kind) {
      case 'kill':
        return node.kill();
      case 'power':
        if (process === null) return;
        node.cutPower();
        return this.powerLost();
      case 'kill in a call':
      case 'power in a call': {
        if (process === null) return;
        this.#cutPowerNext = kind === 'power in a call';
        return this.#dieIn(random.pick(stepsToDieIn));
      }
      case 'stop':
        return node.stop();
      case 'pause':
        return node.pause(random.between(10, 5000));
      case 'thread stall':
        return threads.length > 0 ? random.pick(threads).stall(random.between(10, 2000)) : undefined;
      case 'thread death':
        if (threads.length === 0) return;
        random.pick(threads).post(0, () => {
          // A thread that stood still meanwhile is left alone once the faults are over.
          if (!this.#over) throw new Error(threadDeathMessage);
        });
        return;
      case 'reset connections':
        for (const endpoint of node.host.endpoints) if (random.chance(0.5)) endpoint.breakDown();
        return;
      case 'cut one way': {
        const client = random.pick(this.#clients);
        if (random.chance(0.5)) this.#internet.cut(client, node.host);
        else this.#internet.cut(node.host, client);
        return heal(random.between(10, 20_000), () => this.#internet.heal());
      }
      case 'partition':
        this.#internet.partition(
          [node.host],
          this.#clients.filter(() => random.chance(0.7)),
        );
        return heal(random.between(10, 20_000), () => this.#internet.heal());
      case 'clock jump':
        return node.wall.jump(random.between(-3_600_000, 3_600_000));
      case 'disk stall':
        return disk.faults.arm({
          times: random.between(1, 10),
          effect: { kind: 'stall', milliseconds: random.between(20, 1000) },
        });
      case 'full disk': {
        const capacityBytes = disk.usedBytes + random.between(0, 20_000);
        disk.options = { ...disk.options, capacityBytes };
        return heal(random.between(10, 3000), () => {
          disk.options = { ...disk.options, capacityBytes: Infinity };
        });
      }
      case 'full directory': {
        const path = `${random.pick(disk.options.dataDirectories)}/`;
        const effect = { kind: 'error', code: 'ENOSPC' } as const;
        disk.faults.arm({ operations: ['write'], path, after: random.between(0, 20), times: Infinity, effect });
        return heal(random.between(10, 3000), () => disk.faults.disarm('error'));
      }
      case 'write error':
      case 'sync error':
        return disk.faults.arm({
          operations: [kind === 'write error' ? 'write' : 'sync'],
          path: random.pick(['.log', ...disk.options.dataDirectories.map((directory) => `${directory}/`)]),
          after: random.between(0, 10),
          effect: { kind: 'error', code: 'EIO' },
        });
    }
  }
}
