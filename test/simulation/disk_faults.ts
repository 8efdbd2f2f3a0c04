import type { SeededRandom } from '../../src/base/random.ts';

export type DiskOperation =
  | 'open'
  | 'makeDirectory'
  | 'list'
  | 'rename'
  | 'link'
  | 'unlink'
  | 'removeDirectory'
  | 'syncDirectory'
  | 'size'
  | 'write'
  | 'read'
  | 'truncate'
  | 'sync';

/** One thing that goes wrong, at a call that matches. `write`, `read` and `sync` match their `…Later` forms too. */
export interface DiskFault {
  readonly operations: readonly DiskOperation[];
  /** Part of the path; '' matches every path. */
  readonly path: string;
  /** Matching calls that go well before the fault strikes. */
  readonly after: number;
  /** Calls that it strikes; Infinity for ever. */
  readonly times: number;
  readonly effect: DiskEffect;
}

export type DiskEffect =
  /** The call fails with this code; a failing write has written a seeded part of its bytes. */
  | { readonly kind: 'error'; readonly code: string }
  /** The call takes this much longer. */
  | { readonly kind: 'stall'; readonly milliseconds: number }
  /** A write takes this many bytes only. */
  | { readonly kind: 'short'; readonly bytes: number }
  /** The process is killed inside the call, after `bytes` of a write. */
  | { readonly kind: 'kill'; readonly bytes: number };

interface ArmedFault {
  readonly fault: DiskFault;
  seen: number;
  struck: number;
}

/** The faults of one disk: those that somebody armed, and those that come by chance. */
export class DiskFaults {
  /** Faults that have struck, by kind of effect; a test of the simulation reads it. */
  readonly struck: Record<DiskEffect['kind'], number> = { error: 0, stall: 0, short: 0, kill: 0 };
  /** Writes that found no room. */
  refusedForRoom = 0;
  /** A process is about to be killed in this call. */
  killing: (operation: DiskOperation, path: string) => void = () => {};
  #armed: ArmedFault[] = [];

  arm(fault: Partial<DiskFault> & { readonly effect: DiskEffect }): void {
    const whole: DiskFault = { operations: [], path: '', after: 0, times: 1, ...fault };
    this.#armed.push({ fault: whole, seen: 0, struck: 0 });
  }

  /** No armed fault (of this kind) strikes any more. */
  disarm(kind?: DiskEffect['kind']): void {
    this.#armed = this.#armed.filter(({ fault }) => kind !== undefined && fault.effect.kind !== kind);
  }

  get armedCount(): number {
    return this.#armed.length;
  }

  /** What happens to this call; null when nothing does. Counts the call. */
  next(operation: DiskOperation, path: string): DiskEffect | null {
    let effect: DiskEffect | null = null;
    for (const armed of this.#armed) {
      const { operations, path: part, after, times } = armed.fault;
      if (operations.length > 0 && !operations.includes(operation)) continue;
      if (!path.includes(part)) continue;
      armed.seen++;
      if (effect !== null || armed.seen <= after || armed.struck >= times) continue;
      armed.struck++;
      effect = armed.fault.effect;
    }
    if (effect !== null) this.struck[effect.kind]++;
    if (effect?.kind === 'kill') this.killing(operation, path);
    this.#armed = this.#armed.filter((armed) => armed.struck < armed.fault.times);
    return effect;
  }
}

/** How fast a disk is and what goes wrong by chance; drawn from the seed for each run. */
export interface DiskOptions {
  readonly capacityBytes: number;
  /** What the volume tells of its size; it may take more, as one that compresses does. */
  readonly toldBytes: number;
  /** Threads of the pool that carries out the `…Later` calls. */
  readonly poolThreads: number;
  readonly synchronousMs: readonly [number, number];
  readonly laterMs: readonly [number, number];
  readonly syncMs: readonly [number, number];
  readonly shortWriteChance: number;
  /** Chance that a call stalls, and for how long at most. */
  readonly stallChance: number;
  readonly stallMsMax: number;
  /** Directories of which each has two syncs in flight at most. The rest of the disk counts as one. */
  readonly dataDirectories: readonly string[];
}

export const steadyDisk: DiskOptions = {
  capacityBytes: Infinity,
  toldBytes: Infinity,
  poolThreads: 4,
  synchronousMs: [0.005, 0.05],
  laterMs: [0.05, 0.5],
  syncMs: [0.5, 5],
  shortWriteChance: 0,
  stallChance: 0,
  stallMsMax: 0,
  dataDirectories: [],
};

export function drawMs(random: SeededRandom, [least, greatest]: readonly [number, number]): number {
  return least + random.fraction() * (greatest - least);
}
