import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export function parseAddress(text: string): Address {
  const colon = text.lastIndexOf(':');
  const port = Number(text.slice(colon + 1));
  if (colon <= 0 || !Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`${text} is no HOST:PORT`);
  return { host: text.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port };
}

/** What came next on a connection: a frame without its size, the end, or nothing in time. */
export type Arrival = Uint8Array | 'closed' | 'silent';

/** A connection that sends bytes as they are and takes frames apart. */
export class Connection {
  readonly #socket: Socket;
  readonly #frames: Uint8Array[] = [];
  #received: Buffer = Buffer.alloc(0);
  #isClosed = false;
  #arrived: (() => void) | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    // How it ended does not matter: a reset is an end like another.
    socket.on('error', () => {});
    socket.on('close', () => this.#end());
    socket.on('end', () => this.#end());
  }

  static async open({ host, port }: Address): Promise<Connection> {
    const socket = connect({ host, port, noDelay: true });
    await once(socket, 'connect');
    return new Connection(socket);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** One caller at a time. */
  async next(limitMs: number): Promise<Arrival> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) return frame;
      if (this.#isClosed) return 'closed';
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) return 'silent';
      await this.#change(leftMs);
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  async #change(limitMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, limitMs);
    this.#arrived = resolve;
    await promise;
    this.#arrived = null;
    clearTimeout(timer);
  }

  #end(): void {
    this.#isClosed = true;
    this.#arrived?.();
  }

  #take(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    let at = 0;
    while (this.#received.length - at >= 4) {
      const end = at + 4 + this.#received.readInt32BE(at);
      if (end < at + 4 || end > this.#received.length) break;
      this.#frames.push(new Uint8Array(this.#received.subarray(at + 4, end)));
      at = end;
    }
    if (at === 0) return;
    this.#received = this.#received.subarray(at);
    this.#arrived?.();
  }
}
