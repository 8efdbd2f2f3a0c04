import net from 'node:net';

import type { ListenAddress, Listener, ListenerEvents, Network } from '../../port/network.ts';
import type { Log } from '../../port/log.ts';
import { countNothing } from '../system_calls.ts';
import type { CountSystemCall } from '../system_calls.ts';
import { bindAtOnce } from './bound_socket.ts';
import { Connection } from './connection.ts';
import { descriptorLimit } from './descriptors.ts';

/** Where several sockets may listen on one port and the kernel spreads connections over them. */
const sharesPorts = ['linux', 'freebsd'].includes(process.platform);

export interface NetworkOptions {
  readonly countSystemCall?: CountSystemCall;
  /** Is told once if this Node does not let accepted connections be read in place. */
  readonly log?: Log;
}

/** TCP of the operating system, for one thread. */
export function createNetwork(options: NetworkOptions = {}): Network {
  const count = options.countSystemCall ?? countNothing;
  let copyingSaid = false;
  const copies = (): void => {
    if (copyingSaid) return;
    copyingSaid = true;
    options.log?.warn('this version of Node does not let accepted connections be read in place: bytes are copied', {
      node: process.version,
    });
  };
  return {
    sharesPorts,
    descriptorsMax: descriptorLimit(),
    listen: (address, events) => new TcpListener(address, events, count, copies),
    connect: (host, port, events) => Connection.connecting(host, port, events, count),
  };
}

/** A failing `accept` is told at most so often: it fails for each connection while descriptors are short. */
const acceptFailureEveryMs = 1000;

class TcpListener implements Listener {
  readonly #server: net.Server;
  readonly #events: ListenerEvents;
  #closed = false;
  #acceptFailureToldMs = Number.NEGATIVE_INFINITY;

  constructor(address: ListenAddress, events: ListenerEvents, count: CountSystemCall, copies: () => void) {
    this.#events = events;
    this.#server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true, keepAlive: true });
    this.#server.on('listening', () => {
      if (!this.#closed) events.listening(portOf(this.#server));
    });
    this.#server.on('connection', (outer) => {
      count('accept');
      if (this.#closed) outer.destroy();
      else events.accepted(Connection.accepted(outer, count, copies));
    });
    this.#server.on('error', (error: NodeJS.ErrnoException) => this.#failed(error));
    const bound = bindAtOnce(address.host, address.port, address.shared && sharesPorts);
    if (bound instanceof Error) {
      setImmediate(() => this.#failed(bound));
      return;
    }
    if (bound !== null) {
      this.#server.listen(bound, address.backlog);
      return;
    }
    this.#server.listen({
      // Without a host Node listens on `::` for IPv4 and IPv6, or on `0.0.0.0` where there is no IPv6.
      ...(address.host === '' ? {} : { host: address.host }),
      port: address.port,
      backlog: address.backlog,
      exclusive: true,
      reusePort: address.shared && sharesPorts,
    });
  }

  /** The kernel's socket closes inside the call; Node's own 'close' would wait for the connections too. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#server.close();
    setImmediate(() => this.#events.closed());
  }

  /** While descriptors are short, libuv accepts and closes what is waiting, so that the loop does not spin. */
  #failed(error: NodeJS.ErrnoException): void {
    if (this.#closed) return;
    if (this.#server.listening) {
      const nowMs = performance.now();
      if (nowMs - this.#acceptFailureToldMs < acceptFailureEveryMs) return;
      this.#acceptFailureToldMs = nowMs;
    }
    this.#events.failed(error.code ?? error.name, error.message);
  }
}

function portOf(server: net.Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
