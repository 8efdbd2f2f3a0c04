import type { SimEndpoint } from './sim_endpoint.ts';
import type { SimListener } from './sim_network.ts';
import type { SimThread } from './sim_thread.ts';
import type { World } from './world.ts';

/** How connections behave; drawn from the seed for each run. */
export interface NetworkOptions {
  /** One way, ms. */
  readonly delayMs: readonly [number, number];
  /** How the byte stream is cut: whole windows, Ethernet segments, single bytes, or a mixture by connection. */
  readonly segmentation: 'whole' | 'segments' | 'bytes' | 'mixed';
  /** What the kernel takes from a writer before it says "later", and holds for a reader that does not read. */
  readonly sendBufferBytes: number;
  readonly receiveBufferBytes: number;
  /** How long a sender tries before it gives up with ETIMEDOUT. */
  readonly retransmitMs: number;
}

export const steadyNetwork: NetworkOptions = {
  delayMs: [0.02, 0.2],
  segmentation: 'mixed',
  sendBufferBytes: 256 * 1024,
  receiveBufferBytes: 256 * 1024,
  retransmitMs: 15_000,
};

/** A machine on the network. Processes come and go on it. */
export class SimHost {
  readonly name: string;
  readonly address: string;
  readonly internet: Internet;
  readonly listeners = new Map<number, SimListener[]>();
  readonly endpoints = new Set<SimEndpoint>();
  #nextPort: number;

  constructor(internet: Internet, name: string, address: string, firstPort: number) {
    this.internet = internet;
    this.name = name;
    this.address = address;
    this.#nextPort = firstPort;
  }

  /** A port that nobody listens on and that was not given lately. */
  ephemeralPort(): number {
    do this.#nextPort = this.#nextPort >= 60_999 ? 32_768 : this.#nextPort + 1;
    while (this.listeners.has(this.#nextPort));
    return this.#nextPort;
  }

  /** The process is killed: the kernel closes its sockets, some with a reset, some in an orderly way. */
  killProcess(): void {
    this.listeners.clear();
    for (const endpoint of this.endpoints) endpoint.abandon();
  }

  /** A thread of the process has ended: its sockets are closed, the others' stay. */
  closeThread(thread: SimThread): void {
    for (const [port, listeners] of this.listeners) {
      const left = listeners.filter((listener) => listener.thread !== thread);
      if (left.length > 0) this.listeners.set(port, left);
      else this.listeners.delete(port);
    }
    for (const endpoint of this.endpoints) if (endpoint.thread === thread) endpoint.abandon();
  }

  /** Nobody is told anything: peers find out when they send, after this host is up again, or by a time-out. */
  cutPower(): void {
    this.listeners.clear();
    for (const endpoint of this.endpoints) endpoint.vanish();
    this.endpoints.clear();
  }
}

/** The hosts and what lies between them. A cut holds bytes back (TCP sends them again); nothing is lost in between. */
export class Internet {
  readonly world: World;
  options: NetworkOptions;
  readonly #hosts: SimHost[] = [];
  readonly #cut = new Set<string>();
  readonly #waitingForHeal = new Set<() => void>();

  constructor(world: World, options: Partial<NetworkOptions> = {}) {
    this.world = world;
    this.options = { ...steadyNetwork, ...options };
  }

  host(name: string): SimHost {
    const number = this.#hosts.length + 1;
    const host = new SimHost(this, name, `10.0.0.${number}`, this.world.random.between(32_768, 60_000));
    this.#hosts.push(host);
    return host;
  }

  find(nameOrAddress: string, from: SimHost): SimHost | null {
    if (nameOrAddress === 'localhost' || nameOrAddress === '127.0.0.1') return from;
    return this.#hosts.find((host) => host.name === nameOrAddress || host.address === nameOrAddress) ?? null;
  }

  /** Nothing gets from one to the other any more; the other direction is not touched. */
  cut(from: SimHost, to: SimHost): void {
    this.world.note(() => `cut ${from.name} -> ${to.name}`);
    this.#cut.add(`${from.name}>${to.name}`);
  }

  partition(one: readonly SimHost[], other: readonly SimHost[]): void {
    for (const a of one) {
      for (const b of other) {
        this.cut(a, b);
        this.cut(b, a);
      }
    }
  }

  heal(): void {
    if (this.#cut.size > 0) this.world.note(() => 'network healed');
    this.#cut.clear();
    const waiting = [...this.#waitingForHeal];
    this.#waitingForHeal.clear();
    for (const resume of waiting) resume();
  }

  get isCut(): boolean {
    return this.#cut.size > 0;
  }

  passes(from: SimHost, to: SimHost): boolean {
    return this.#cut.size === 0 || !this.#cut.has(`${from.name}>${to.name}`);
  }

  /** Calls `resume` when the network heals. */
  whenHealed(resume: () => void): void {
    this.#waitingForHeal.add(resume);
  }

  drawDelayMs(): number {
    const [least, greatest] = this.options.delayMs;
    return least + this.world.random.fraction() * (greatest - least);
  }
}
