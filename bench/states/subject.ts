/** What a state row is measured on: brokers of the built package, each fresh, or another broker that runs already. */
import { rmSync } from 'node:fs';
import { BrokerProcess } from '../broker_process.ts';
import type { BrokerAddress } from '../load/session.ts';
import { readResidentMemory } from '../measure/proc_stat.ts';

const SETTLE_MS = 1000;
const SAMPLE_MS = 100;

/** A broker that listens. */
export interface RunningBroker {
  readonly address: BrokerAddress;
  readonly pid: number;
  /** Null: it cannot be started anew by the bench. */
  readonly own: BrokerProcess | null;
}

export interface Subject {
  readonly name: string;
  /** Starts brokers, so that a start can be measured. */
  readonly starts: boolean;
  /** Hands over a broker, fresh where possible, and takes it back. */
  use<Told>(work: (broker: RunningBroker) => Promise<Told>): Promise<Told>;
}

export class BuiltSubject implements Subject {
  readonly name = 'millrace';
  readonly starts = true;
  readonly #directory: string;
  readonly #tree: string;
  readonly #shards: number;
  readonly #overrides: readonly string[];

  constructor(directory: string, tree: string, shards: number, overrides: readonly string[]) {
    this.#directory = directory;
    this.#tree = tree;
    this.#shards = shards;
    this.#overrides = overrides;
  }

  start(shards = this.#shards, dataDirectory?: string): Promise<BrokerProcess> {
    return BrokerProcess.start({
      directory: this.#directory,
      shards,
      overrides: this.#overrides,
      nodeOptions: [],
      countViews: false,
      tree: this.#tree,
      entry: 'dist/launch.cjs',
      ...(dataDirectory === undefined ? {} : { dataDirectory }),
    });
  }

  async use<Told>(work: (broker: RunningBroker) => Promise<Told>): Promise<Told> {
    const own = await this.start();
    try {
      return await work({ address: { host: '127.0.0.1', port: own.port }, pid: own.pid, own });
    } finally {
      await own.end();
      rmSync(own.dataDirectory, { recursive: true, force: true });
    }
  }
}

export class OtherSubject implements Subject {
  readonly name: string;
  readonly starts = false;
  readonly #broker: RunningBroker;

  constructor(name: string, address: BrokerAddress, pid: number) {
    this.name = name;
    this.#broker = { address, pid, own: null };
  }

  use<Told>(work: (broker: RunningBroker) => Promise<Told>): Promise<Told> {
    return work(this.#broker);
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The least memory that a process has resident while it settles; bytes. */
export async function settledMemory(pid: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  await sleep(SETTLE_MS / 2);
  for (const untilMs = performance.now() + SETTLE_MS; performance.now() < untilMs; await sleep(SAMPLE_MS)) {
    least = Math.min(least, readResidentMemory(pid));
  }
  return least;
}
