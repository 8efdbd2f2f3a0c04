import type { Listener, Network, Socket, SocketEvents } from '../../src/port/network.ts';

/** What happened, in order, for a test to wait on. */
export class Events<T> {
  readonly seen: T[] = [];
  #waiting: { readonly holds: (seen: readonly T[]) => boolean; readonly resolve: () => void }[] = [];

  add(event: T): void {
    this.seen.push(event);
    const waiting = this.#waiting;
    this.#waiting = waiting.filter((wait) => !wait.holds(this.seen));
    for (const wait of waiting) if (!this.#waiting.includes(wait)) wait.resolve();
  }

  until(holds: (seen: readonly T[]) => boolean): Promise<void> {
    if (holds(this.seen)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ holds, resolve }));
  }

  has(event: T): Promise<void> {
    return this.until((seen) => seen.includes(event));
  }
}

/** Receives into one shared landing place and keeps a copy of all bytes. */
export class Receiver implements SocketEvents {
  readonly events = new Events<string>();
  readonly landing: Uint8Array;
  bytes = Buffer.alloc(0);
  onReceived: (length: number) => void = () => {};

  constructor(landingBytes = 65536) {
    this.landing = new Uint8Array(new SharedArrayBuffer(landingBytes));
  }

  connected(): void {
    this.events.add('connected');
  }
  destination(): Uint8Array {
    return this.landing;
  }
  received(length: number): void {
    this.bytes = Buffer.concat([this.bytes, Buffer.from(this.landing.slice(0, length))]);
    this.onReceived(length);
    this.events.add('received');
  }
  written(): void {
    this.events.add('written');
  }
  ended(): void {
    this.events.add('ended');
  }
  closed(code: string): void {
    this.events.add(`closed ${code}`.trim());
  }

  async untilBytes(length: number): Promise<void> {
    await this.events.until(() => this.bytes.length >= length);
  }
}

/** Listens on a port of the kernel's choice; `accepted` gets the sockets. */
export function listen(
  network: Network,
  accepted: (socket: Socket) => void,
  address: { host?: string; port?: number; shared?: boolean } = {},
): Promise<{ readonly port: number; readonly listener: Listener; readonly events: Events<string> }> {
  const events = new Events<string>();
  return new Promise((resolve, reject) => {
    const listener = network.listen(
      { host: '127.0.0.1', port: 0, backlog: 128, shared: false, ...address },
      {
        listening: (port) => resolve({ port, listener, events }),
        accepted,
        failed: (code, message) => {
          events.add(`failed ${code}`);
          reject(new Error(`${code}: ${message}`));
        },
        closed: () => events.add('closed'),
      },
    );
  });
}
