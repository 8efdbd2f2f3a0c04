import type { NetworkConfig, NodeConfig } from '../config/node_config.ts';
import type { Clock } from '../port/clock.ts';
import type { Kernels } from '../port/kernels.ts';
import type { Log } from '../port/log.ts';
import type { Listener, Network, Socket } from '../port/network.ts';
import { ConnectionClaim, type ConnectionCaps, type ConnectionLimits } from '../shared-memory/connection_limits.ts';
import { counter, type CounterBlock } from '../shared-memory/counters.ts';
import type { TokenBuckets } from '../shared-memory/token_buckets.ts';

/** The token bucket of `max.connection.creation.rate` of the node; a listener's own is this plus 1 plus its index. */
export const CONNECTION_RATE_BUCKET = 0;

export interface ConnectionGateOptions {
  readonly config: NodeConfig;
  readonly network: Network;
  readonly clock: Clock;
  readonly kernels: Kernels;
  readonly log: Log;
  readonly limits: ConnectionLimits;
  readonly tokens: TokenBuckets;
  readonly counters: CounterBlock;
  /** A connection that was let in. The claim is released with `left`. */
  readonly enter: (listener: number, socket: Socket, claim: ConnectionClaim) => void;
}

/**
 * Lets connections in: listens, counts them against the node's limits (shared by all shards, because the kernel
 * scatters a client over them), and holds back those that come faster than the configured rate. A refused socket is
 * closed without a byte.
 *
 * The last descriptors of the process are kept for files: a log that cannot open its next segment refuses what producers
 * send, and without a single one left the kernel's queue of connections keeps the loop busy. Who comes when no more
 * than the reserve is free is refused too.
 */
export class ConnectionGate {
  readonly #options: ConnectionGateOptions;
  #network: NetworkConfig;
  readonly #listeners: (Listener | null)[];
  /** By address, where it differs from the rule. */
  readonly #capOf = new Map<string, number>();
  readonly #waiting = new Set<Socket>();
  /** A connection whose descriptor has this number, or a higher one, is one too many. */
  readonly #descriptorsForAll: number;
  readonly #caps = { total: 0, listener: 0, address: 0 };
  #isClosed = false;
  #lastRefusalLogMs = -Infinity;
  #refusalsUnlogged = 0;

  constructor(options: ConnectionGateOptions) {
    this.#options = options;
    this.#network = options.config.network;
    const { descriptorsMax } = options.network;
    this.#descriptorsForAll = descriptorsMax - Math.min(DESCRIPTORS_RESERVED_MAX, descriptorsMax / 8);
    this.#listeners = options.config.listeners.map(() => null);
    this.configure(options.config.network);
  }

  /** Other caps hold for whoever comes from now on; who is in stays. */
  configure(network: NetworkConfig): void {
    this.#network = network;
    this.#capOf.clear();
    for (const { address, connectionsMax } of network.connectionsPerAddressOverrides) {
      this.#capOf.set(address, connectionsMax);
    }
  }

  /** `done` is called once: with the port, or -1 after a line in the log. */
  listen(listener: number, port: number, shared: boolean, done: (port: number) => void): void {
    const { network, log, config } = this.#options;
    const { host, name } = config.listeners[listener]!;
    let settled = false;
    this.#listeners[listener] = network.listen(
      { host, port, backlog: this.#network.listenBacklog, shared },
      {
        listening: (bound) => {
          settled = true;
          done(bound);
        },
        accepted: (socket) => this.#accepted(listener, socket),
        failed: (code, message) => {
          log.error(settled ? 'a listener has trouble' : 'a listener could not be opened', { name, code, message });
          if (!settled) {
            settled = true;
            done(-1);
          }
        },
        closed: () => {},
      },
    );
  }

  listenerName(listener: number): string {
    return this.#options.config.listeners[listener]!.name;
  }

  left(claim: ConnectionClaim): void {
    this.#options.limits.release(claim);
  }

  /** No more connections; those that wait for their turn are closed. */
  close(): void {
    this.#isClosed = true;
    for (const listener of this.#listeners) listener?.close();
    for (const socket of this.#waiting) socket.destroy();
    this.#waiting.clear();
  }

  #accepted(listener: number, socket: Socket): void {
    if (socket.descriptor >= this.#descriptorsForAll) return this.#refuse(listener, socket, 'descriptors');
    const waitMs = this.#rateWaitMs(listener);
    if (waitMs === 0) return this.#letIn(listener, socket);
    if (this.#waiting.size >= WAITING_MAX) return this.#refuse(listener, socket, 'rate');
    this.#waiting.add(socket);
    this.#options.clock.schedule(waitMs, () => {
      if (this.#waiting.delete(socket)) this.#letIn(listener, socket);
    });
  }

  /** Only the socket at hand waits; established connections never notice. */
  #rateWaitMs(listener: number): number {
    if (this.#isExempt(listener)) return 0;
    const { tokens, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    return Math.max(
      tokens.charge(CONNECTION_RATE_BUCKET, 1, nowMs),
      tokens.charge(CONNECTION_RATE_BUCKET + 1 + listener, 1, nowMs),
    );
  }

  #letIn(listener: number, socket: Socket): void {
    const { limits, counters } = this.#options;
    const address = socket.remoteAddress;
    // The peer is gone already, or we are.
    if (address === '' || this.#isClosed) return socket.destroy();
    const claim = new ConnectionClaim();
    const verdict = limits.reserve(listener, this.#hash(address), this.#capsOf(listener, address), claim);
    if (verdict !== 'granted') return this.#refuse(listener, socket, verdict);
    counters.add(counter.connectionsAccepted, 1);
    this.#options.enter(listener, socket, claim);
  }

  #capsOf(listener: number, address: string): ConnectionCaps {
    const exempt = this.#isExempt(listener);
    const caps = this.#caps;
    caps.total = exempt ? Infinity : this.#network.connectionsMax;
    caps.listener = this.#options.config.listeners[listener]!.connectionsMax;
    caps.address = exempt ? Infinity : (this.#capOf.get(address) ?? this.#network.connectionsPerAddressMax);
    return caps;
  }

  /** Other nodes must always get in; where brokers and clients share a listener nobody is exempt. */
  #isExempt(listener: number): boolean {
    const { config } = this.#options;
    return config.listeners.length > 1 && config.listeners[listener]!.name === config.interBrokerListener;
  }

  #hash(address: string): number {
    const bytes = this.#options.kernels.encodeText(address);
    return this.#options.kernels.xxhash(bytes, 0, bytes.length) | 0;
  }

  /** One line a second at most: a flood must not become a flood of lines. */
  #refuse(listener: number, socket: Socket, limit: keyof typeof LIMIT_KEYS): void {
    const { clock, log, counters } = this.#options;
    counters.add(counter.connectionsRefused, 1);
    const nowMs = clock.monotonicMs();
    this.#refusalsUnlogged++;
    if (nowMs - this.#lastRefusalLogMs >= REFUSAL_LOG_MS) {
      log.warn('refused a connection', {
        peer: socket.remoteAddress,
        listener: this.listenerName(listener),
        limit: LIMIT_KEYS[limit],
        refused: this.#refusalsUnlogged,
      });
      this.#lastRefusalLogMs = nowMs;
      this.#refusalsUnlogged = 0;
    }
    socket.destroy();
  }
}

const LIMIT_KEYS = {
  total: 'max.connections',
  listener: 'max.connections of the listener',
  address: 'max.connections.per.ip',
  rate: 'max.connection.creation.rate',
  descriptors: 'open files of the process (ulimit -n)',
} as const;

/** Sockets that may wait for the rate at once, in each shard. */
const WAITING_MAX = 1024;
/** Of a process that may have many: an eighth of them, and at most so many, are not for connections. */
const DESCRIPTORS_RESERVED_MAX = 1024;
const REFUSAL_LOG_MS = 1000;
