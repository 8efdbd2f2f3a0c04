/**
 * All interleavings of small programs over shared memory, with the product's own code.
 *
 * A program is plain synchronous code over the real classes. While the explorer runs, `Atomics` and the Int32 accesses
 * of `DataView` are replaced: an access to the scenario's buffers does not touch them but asks the explorer, and each is
 * one step. Code can't be suspended in the middle, so it is run again: a program's state is the list of results that
 * its accesses have had, and one more step means to run it from its beginning, feed it that list, carry out the next
 * access on the memory of the state at hand, and throw it away at the access after that.
 *
 * Atomics are sequentially consistent. Plain stores wait in a buffer of their thread and reach memory in any order,
 * one by one, but before the next atomic store or read-modify-write of that thread: what JavaScript's memory model
 * allows a writer. Plain loads take effect where they stand. A larger scenario may join plain accesses to the atomic one
 * before them, which loses nothing as long as no two threads touch the same bytes at once; smaller ones show that.
 *
 * An access to a word that only one thread touches, or that nobody writes, is part of the step before it. Which words
 * these are is learned: each is taken for one until two threads meet there, and then the search begins again.
 *
 * A state in which nobody can step and somebody has not ended is a failure (a lost wake-up), and so is any exception.
 */
import type { Threads } from '../../src/port/threads.ts';

export interface Program {
  /** Runs to its end, or throws. Must do the same whenever its accesses have the same results. */
  (thread: ModelThread): unknown;
}

export interface Scenario {
  /** All shared memory that the programs use, in its initial state. */
  readonly buffers: readonly SharedArrayBuffer[];
  readonly programs: readonly Program[];
  /** Whether plain accesses are steps of their own and plain stores may be late, or all are part of the step before. */
  readonly plainAccesses: 'separate' | 'joined';
  /** What must hold when all have ended: throws otherwise. Gets what the programs returned, and copies of the memory. */
  check(results: readonly unknown[], copyOf: (buffer: SharedArrayBuffer) => SharedArrayBuffer): void;
}

export interface Exploration {
  readonly states: number;
  readonly endings: number;
  /** The first failure found and the steps to it, or null. */
  readonly failure: string | null;
}

/** What a program has beside shared memory: its number, and the port that puts it to sleep. */
export interface ModelThread {
  readonly port: Threads;
  /** The thread has nothing to do: goes on when the pending wait of its port has been notified, and calls `woken`. */
  sleep(): void;
}

interface State {
  /** Words that differ from the initial memory, by address. */
  readonly memory: ReadonlyMap<number, number>;
  /** By thread: the results of its accesses so far. */
  readonly histories: readonly (readonly number[])[];
  /** By thread: plain stores on their way, address and value in turn. */
  readonly buffers: readonly (readonly number[])[];
  readonly ended: readonly boolean[];
  readonly results: readonly unknown[];
  /** Who made the last step, and how often somebody was interrupted on the way. */
  readonly last: number;
  readonly preemptions: number;
  readonly before: State | null;
  readonly step: string;
}

class Suspended extends Error {}
class Blocked extends Error {}
class NewlyShared extends Error {}

const intrinsics = {
  load: Atomics.load,
  store: Atomics.store,
  exchange: Atomics.exchange,
  compareExchange: Atomics.compareExchange,
  add: Atomics.add,
  sub: Atomics.sub,
  or: Atomics.or,
  getInt32: DataView.prototype.getInt32,
  setInt32: DataView.prototype.setInt32,
};

/** Addresses of the port's own words: which address a thread waits on (plus one), and whether it was notified. */
const waitsOn = (thread: number): number => -1000 - thread;
const notifiedFlag = (thread: number): number => -2000 - thread;

/**
 * With `preemptionsMax`, only interleavings in which a thread that could go on is interrupted at most that often: most
 * bugs need one or two, and a longer program becomes small enough.
 */
export function explore(scenario: Scenario, preemptionsMax = Infinity): Exploration {
  return new Explorer(scenario, preemptionsMax).run();
}

const statesMax = 2_000_000;

class Explorer {
  readonly #scenario: Scenario;
  readonly #preemptionsMax: number;
  readonly #bases = new Map<ArrayBufferLike, number>();
  readonly #initial: Int32Array;
  /** By address: threads that read it and that wrote it, bit by bit. */
  readonly #readers = new Map<number, number>();
  readonly #writers = new Map<number, number>();

  /** Of the step being carried out. */
  #thread = 0;
  #history: number[] = [];
  #position = 0;
  #live = false;
  #advanced = false;
  #memory = new Map<number, number>();
  #buffer: number[] = [];
  #description = '';

  constructor(scenario: Scenario, preemptionsMax: number) {
    this.#scenario = scenario;
    this.#preemptionsMax = preemptionsMax;
    let bytes = 0;
    for (const buffer of scenario.buffers) {
      this.#bases.set(buffer, bytes);
      bytes += buffer.byteLength;
    }
    this.#initial = new Int32Array(bytes / 4);
    for (const buffer of scenario.buffers) this.#initial.set(new Int32Array(buffer), this.#bases.get(buffer)! / 4);
  }

  run(): Exploration {
    this.#install();
    try {
      for (;;) {
        try {
          return this.#search();
        } catch (error) {
          if (!(error instanceof NewlyShared)) throw error;
        }
      }
    } finally {
      Object.assign(Atomics, {
        load: intrinsics.load,
        store: intrinsics.store,
        exchange: intrinsics.exchange,
        compareExchange: intrinsics.compareExchange,
        add: intrinsics.add,
        sub: intrinsics.sub,
        or: intrinsics.or,
      });
      DataView.prototype.getInt32 = intrinsics.getInt32;
      DataView.prototype.setInt32 = intrinsics.setInt32;
      this.#assertUntouched();
    }
  }

  #search(): Exploration {
    const { programs } = this.#scenario;
    const first: State = {
      memory: new Map(),
      histories: programs.map(() => []),
      buffers: programs.map(() => []),
      ended: programs.map(() => false),
      results: programs.map(() => undefined),
      last: -1,
      preemptions: 0,
      before: null,
      step: 'start',
    };
    const seen = new Set<string>();
    const stack = [first];
    let endings = 0;
    while (stack.length > 0) {
      const state = stack.pop()!;
      const key = keyOf(state, this.#preemptionsMax !== Infinity);
      if (seen.has(key)) continue;
      seen.add(key);
      if (seen.size > statesMax) return { states: seen.size, endings, failure: 'too many states' };
      let failed: string | null = null;
      const following: State[] = [];
      for (let thread = 0; thread < programs.length && failed === null; thread++) {
        for (let at = 0; at < state.buffers[thread]!.length; at += 2) {
          const next = flushed(state, thread, at);
          if (next !== null) following.push(next);
        }
        if (state.ended[thread]) continue;
        const next = this.#step(state, thread);
        if (typeof next === 'string') failed = next;
        else if (next !== null) following.push(next);
      }
      for (const next of this.#withinBound(state, following)) stack.push(next);
      if (failed === null && following.length === 0) {
        if (state.ended.every(Boolean)) {
          endings++;
          failed = this.#checkEnd(state);
        } else {
          failed = 'nobody can go on';
        }
      }
      if (failed !== null) return { states: seen.size, endings, failure: `${failed}\n${traceOf(state)}` };
    }
    return { states: seen.size, endings, failure: null };
  }

  /** The state after one access of a thread, null if it is blocked, or what went wrong. */
  #step(state: State, thread: number): State | string | null {
    this.#thread = thread;
    this.#history = [...state.histories[thread]!];
    this.#position = 0;
    this.#live = true;
    this.#advanced = false;
    this.#memory = new Map(state.memory);
    this.#buffer = [...state.buffers[thread]!];
    this.#description = 'ends';
    let ended = false;
    let result: unknown;
    try {
      result = this.#scenario.programs[thread]!(this.#modelThread(thread));
      ended = true;
    } catch (error) {
      if (error instanceof Blocked) return null;
      if (error instanceof NewlyShared) throw error;
      if (!(error instanceof Suspended)) return `thread ${thread}, ${this.#description}: ${String(error)}`;
    }
    return {
      memory: this.#memory,
      histories: state.histories.with(thread, this.#history),
      buffers: state.buffers.with(thread, this.#buffer),
      ended: ended ? state.ended.with(thread, true) : state.ended,
      results: ended ? state.results.with(thread, result) : state.results,
      last: thread,
      preemptions: state.preemptions,
      before: state,
      step: `thread ${thread} ${this.#description}`,
    };
  }

  /** Marks the steps by which another thread than the last one interrupts it, and leaves out those beyond the bound. */
  #withinBound(state: State, following: readonly State[]): readonly State[] {
    if (this.#preemptionsMax === Infinity || !following.some((next) => next.last === state.last)) return following;
    const preemptions = state.preemptions + 1;
    return following
      .map((next) => (next.last === state.last ? next : { ...next, preemptions }))
      .filter((next) => next.preemptions <= this.#preemptionsMax);
  }

  #checkEnd(state: State): string | null {
    try {
      this.#scenario.check(state.results, (buffer) => this.#copyOf(state, buffer));
      return null;
    } catch (error) {
      return String(error);
    }
  }

  #copyOf(state: State, buffer: SharedArrayBuffer): SharedArrayBuffer {
    const base = this.#bases.get(buffer)!;
    const copy = new Int32Array(new SharedArrayBuffer(buffer.byteLength));
    copy.set(this.#initial.subarray(base / 4, (base + buffer.byteLength) / 4));
    for (const [address, value] of state.memory) {
      if (address >= base && address < base + buffer.byteLength) copy[(address - base) / 4] = value;
    }
    return copy.buffer;
  }

  #modelThread(thread: number): ModelThread {
    let woken: (() => void) | null = null;
    const port: Threads = {
      self: thread,
      spawnShard: () => {
        throw new Error('not in a model');
      },
      exit: () => {
        throw new Error('not in a model');
      },
      wait: (words, index, expected, callback) => {
        const address = this.#bases.get(words.buffer)! + words.byteOffset + index * 4;
        const waits = this.#access(`waits at ${address}`, false, () => {
          this.#requireEmptyBuffer();
          if (this.#read(address) !== expected) return 0;
          this.#memory.set(waitsOn(thread), address + 1);
          this.#memory.set(notifiedFlag(thread), 0);
          return 1;
        });
        if (waits === 1) woken = callback;
        return waits === 1;
      },
      notify: (words, index) => {
        const address = this.#bases.get(words.buffer)! + words.byteOffset + index * 4;
        this.#access(`notifies ${address}`, false, () => {
          this.#requireEmptyBuffer();
          for (let other = 0; other < this.#scenario.programs.length; other++) {
            if (this.#memory.get(waitsOn(other)) !== address + 1) continue;
            this.#memory.set(waitsOn(other), 0);
            this.#memory.set(notifiedFlag(other), 1);
          }
          return 0;
        });
      },
    };
    return {
      port,
      sleep: () => {
        this.#access('wakes', false, () => {
          if (this.#memory.get(notifiedFlag(thread)) !== 1) throw new Blocked();
          this.#memory.set(notifiedFlag(thread), 0);
          return 0;
        });
        woken!();
      },
    };
  }

  /** One access of the running program: fed from its history, or carried out, or the point where it stops. */
  #access(description: string, isJoined: boolean, carryOut: () => number): number {
    if (this.#position < this.#history.length) return this.#history[this.#position++]!;
    if (!isJoined) {
      if (!this.#live) throw new Suspended();
      this.#live = false;
    }
    const result = carryOut();
    if (!isJoined) this.#description = `${description} = ${result}`;
    this.#history.push(result);
    this.#position++;
    this.#advanced = true;
    return result;
  }

  #wordAccess(description: string, address: number, writes: boolean, isPlain: boolean, carryOut: () => number): number {
    const joinsPlain = isPlain && this.#scenario.plainAccesses === 'joined';
    return this.#access(description, joinsPlain || !this.#isShared(address, writes), carryOut);
  }

  /** Whether two threads meet at this word and one of them writes; learns from the access at hand. */
  #isShared(address: number, writes: boolean): boolean {
    const bit = 1 << this.#thread;
    const readers = this.#readers.get(address) ?? 0;
    const writers = this.#writers.get(address) ?? 0;
    const nowReaders = writes ? readers : readers | bit;
    const nowWriters = writes ? writers | bit : writers;
    this.#readers.set(address, nowReaders);
    this.#writers.set(address, nowWriters);
    const isShared = meet(nowReaders, nowWriters);
    if (isShared && !meet(readers, writers)) throw new NewlyShared();
    return isShared;
  }

  #read(address: number): number {
    return this.#memory.get(address) ?? this.#initial[address / 4]!;
  }

  /** What a thread reads includes its own stores that nobody else sees yet. */
  #readOwn(address: number): number {
    const at = lastStoreTo(this.#buffer, address);
    return at >= 0 ? this.#buffer[at + 1]! : this.#read(address);
  }

  /** Before an atomic store: plain ones come first. What the step has done until here stands. */
  #requireEmptyBuffer(): void {
    if (this.#buffer.length > 0) throw this.#advanced ? new Suspended() : new Blocked();
  }

  #install(): void {
    const addressOf = (array: ArrayBufferView, offset: number): number => {
      const base = this.#bases.get(array.buffer);
      if (base === undefined) return -1;
      const address = base + array.byteOffset + offset;
      if (address % 4 !== 0) throw new Error(`an access at ${address} is not of one word`);
      return address;
    };
    const modify = (name: keyof typeof intrinsics, change: (old: number, a: number, b: number) => number) => {
      const original = intrinsics[name] as (...all: unknown[]) => number;
      return (array: Int32Array, index: number, a: number, b: number): number => {
        const address = addressOf(array, index * 4);
        if (address < 0) return name === 'compareExchange' ? original(array, index, a, b) : original(array, index, a);
        return this.#wordAccess(`${name} ${address} ${a ?? ''}`, address, true, false, () => {
          this.#requireEmptyBuffer();
          const old = this.#read(address);
          this.#memory.set(address, change(old, a | 0, b | 0) | 0);
          return old;
        });
      };
    };
    const replaced = {
      load: (array: Int32Array, index: number): number => {
        const address = addressOf(array, index * 4);
        if (address < 0) return intrinsics.load(array, index);
        return this.#wordAccess(`load ${address}`, address, false, false, () => this.#readOwn(address));
      },
      store: modify('store', (_old, value) => value),
      exchange: modify('exchange', (_old, value) => value),
      compareExchange: modify('compareExchange', (old, expected, value) => (old === expected ? value : old)),
      add: modify('add', (old, value) => old + value),
      sub: modify('sub', (old, value) => old - value),
      or: modify('or', (old, value) => old | value),
    };
    Object.assign(Atomics, replaced);
    const get = (view: DataView, offset: number, littleEndian?: boolean): number => {
      const address = addressOf(view, offset);
      if (address < 0) return intrinsics.getInt32.call(view, offset, littleEndian);
      return this.#wordAccess(`get ${address}`, address, false, true, () => this.#readOwn(address));
    };
    const set = (view: DataView, offset: number, value: number, littleEndian?: boolean): void => {
      const address = addressOf(view, offset);
      if (address < 0) return intrinsics.setInt32.call(view, offset, value, littleEndian);
      this.#wordAccess(`set ${address} ${value}`, address, true, true, () => {
        if (this.#scenario.plainAccesses === 'separate') this.#buffer.push(address, value | 0);
        else this.#memory.set(address, value | 0);
        return 0;
      });
    };
    DataView.prototype.getInt32 = function (this: DataView, offset, littleEndian) {
      return get(this, offset, littleEndian);
    };
    DataView.prototype.setInt32 = function (this: DataView, offset, value, littleEndian) {
      set(this, offset, value, littleEndian);
    };
  }

  /** An access that went past the replaced functions would have changed the buffers themselves. */
  #assertUntouched(): void {
    for (const buffer of this.#scenario.buffers) {
      const start = this.#bases.get(buffer)! / 4;
      const words = new Int32Array(buffer);
      for (let index = 0; index < words.length; index++) {
        if (words[index] !== this.#initial[start + index])
          throw new Error(`word ${index} was written past the explorer`);
      }
    }
  }
}

/** The state after a plain store has reached memory. Stores to one address keep their order. */
function flushed(state: State, thread: number, at: number): State | null {
  const buffer = state.buffers[thread]!;
  const address = buffer[at]!;
  for (let earlier = 0; earlier < at; earlier += 2) if (buffer[earlier] === address) return null;
  const memory = new Map(state.memory);
  memory.set(address, buffer[at + 1]!);
  return {
    ...state,
    memory,
    buffers: state.buffers.with(thread, buffer.toSpliced(at, 2)),
    last: thread,
    before: state,
    step: `thread ${thread}'s store to ${address} arrives`,
  };
}

function meet(readers: number, writers: number): boolean {
  const all = readers | writers;
  return writers !== 0 && (all & (all - 1)) !== 0;
}

function lastStoreTo(buffer: readonly number[], address: number): number {
  for (let at = buffer.length - 2; at >= 0; at -= 2) if (buffer[at] === address) return at;
  return -1;
}

function keyOf(state: State, bounded: boolean): string {
  const memory = [...state.memory].sort((a, b) => a[0] - b[0]);
  const path = bounded ? `${state.last},${state.preemptions}` : '';
  return `${path}|${memory.join(';')}|${state.histories.join('|')}|${state.buffers.join('|')}|${state.ended.join()}`;
}

function traceOf(state: State): string {
  const steps: string[] = [];
  for (let at: State | null = state; at !== null; at = at.before) steps.push(at.step);
  return steps.reverse().join('\n');
}
