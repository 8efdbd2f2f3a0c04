import type { ListenAddress, Listener, ListenerEvents, Network, Socket, SocketEvents } from '../../src/port/network.ts';
import type { SimHost } from './internet.ts';
import { SimEndpoint } from './sim_endpoint.ts';
import type { SimThread } from './sim_thread.ts';

/** The `Network` of one thread on one host. */
export class SimNetwork implements Network {
  readonly sharesPorts: boolean;
  readonly descriptorsMax = Infinity;
  readonly #host: SimHost;
  readonly #thread: SimThread;

  constructor(host: SimHost, thread: SimThread, sharesPorts = true) {
    this.#host = host;
    this.#thread = thread;
    this.sharesPorts = sharesPorts;
  }

  listen(address: ListenAddress, events: ListenerEvents): Listener {
    return new SimListener(this.#host, this.#thread, address, events);
  }

  connect(host: string, port: number, events: SocketEvents): Socket {
    const from = this.#host;
    const internet = from.internet;
    const world = internet.world;
    const to = internet.find(host, from);
    const endpoint = new SimEndpoint(from, this.#thread, from.ephemeralPort(), to ?? from, port);
    endpoint.connecting(events);
    if (to === null) {
      endpoint.refused('ENOTFOUND');
      return endpoint;
    }
    const startedMs = world.nowMs;
    const attempt = (): void => {
      if (!endpoint.isOpen) return;
      if (internet.passes(from, to) && internet.passes(to, from)) return answer();
      if (world.nowMs - startedMs > internet.options.retransmitMs) return endpoint.refused('ETIMEDOUT');
      world.schedule(world.random.between(500, 1500), attempt);
    };
    const answer = (): void => {
      const listeners = to.listeners.get(port) ?? [];
      if (listeners.length === 0) return endpoint.refused('ECONNREFUSED');
      const peer = world.random.pick(listeners).admit(from, endpoint.localPort);
      peer.join(endpoint);
      endpoint.join(peer);
      endpoint.connected();
    };
    world.schedule(internet.drawDelayMs(), attempt);
    return endpoint;
  }
}

/** A listening socket. Several of one port share its connections when all asked for that. */
export class SimListener implements Listener {
  readonly #host: SimHost;
  readonly #thread: SimThread;
  readonly #events: ListenerEvents;
  readonly #shared: boolean;
  #port = 0;
  #open = true;

  constructor(host: SimHost, thread: SimThread, address: ListenAddress, events: ListenerEvents) {
    this.#host = host;
    this.#thread = thread;
    this.#events = events;
    this.#shared = address.shared;
    thread.hold();
    const port = address.port === 0 ? host.ephemeralPort() : address.port;
    const others = host.listeners.get(port) ?? [];
    if (others.some((other) => !(other.#shared && this.#shared))) {
      this.#open = false;
      this.#post(() => {
        thread.letGo();
        events.failed('EADDRINUSE', `address in use: ${address.host}:${port}`);
      });
      return;
    }
    this.#port = port;
    host.listeners.set(port, [...others, this]);
    this.#post(() => events.listening(port));
  }

  get thread(): SimThread {
    return this.#thread;
  }

  /** The kernel has made a connection from `remote`; this listener's thread hears of it in an event. */
  admit(remote: SimHost, remotePort: number): SimEndpoint {
    const endpoint = new SimEndpoint(this.#host, this.#thread, this.#port, remote, remotePort);
    this.#post(() => {
      if (this.#open) this.#events.accepted(endpoint);
      else endpoint.destroy();
    });
    return endpoint;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    const left = (this.#host.listeners.get(this.#port) ?? []).filter((other) => other !== this);
    if (left.length > 0) this.#host.listeners.set(this.#port, left);
    else this.#host.listeners.delete(this.#port);
    this.#post(() => {
      this.#thread.letGo();
      this.#events.closed();
    });
  }

  #post(callback: () => void): void {
    this.#thread.post(0.01 + this.#host.internet.world.random.fraction() * 0.05, callback);
  }
}
