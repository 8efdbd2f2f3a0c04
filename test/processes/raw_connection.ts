/**
 * A TCP connection under the test's full control: raw bytes out, whole answer frames in, and every way to behave
 * badly in between. Nothing is retried; what the broker does is what the test sees.
 */
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

/** What came first: an answer, or the end of the connection. */
export type Outcome =
  | { readonly kind: 'answer'; readonly answer: Buffer }
  | { readonly kind: 'closed'; readonly bytesReceived: number };

/** Against waiting for ever, so that a test that fails ends and cleans up; far above what anything takes. */
const silenceMsMax = 60_000;

export class RawConnection {
  readonly socket: Socket;
  /** Port of this side: what names the connection in the broker's log. */
  localPort = 0;
  readonly #frames: Buffer[] = [];
  /** Bytes behind the last whole frame, and how many make the next step possible. */
  #parts: Buffer[] = [];
  #held = 0;
  #needed = 4;
  #bytesReceived = 0;
  #closed = false;
  #waiting: (() => void)[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    // How it ended does not matter: a reset is an end like another.
    socket.on('error', () => {});
    socket.on('end', () => this.#ended());
    socket.on('close', () => this.#ended());
  }

  /** `localAddress` is any of 127.0.0.0/8, so that one machine can stand for many. */
  static async open(port: number, options: { localAddress?: string } = {}): Promise<RawConnection> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true, ...options });
    const connection = new RawConnection(socket);
    await once(socket, 'connect');
    connection.localPort = socket.localPort ?? 0;
    return connection;
  }

  get bytesReceived(): number {
    return this.#bytesReceived;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Hands the bytes to the kernel; returns without waiting for it to take them. */
  write(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Each byte in a segment of its own. */
  async writeByteByByte(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at++) {
      const taken = Promise.withResolvers<void>();
      this.socket.write(bytes.subarray(at, at + 1), () => taken.resolve());
      await taken.promise;
    }
  }

  /** The next whole answer, without its length; fails if the connection ends before. */
  async answer(): Promise<Buffer> {
    const outcome = await this.outcome();
    if (outcome.kind === 'answer') return outcome.answer;
    throw new Error(`connection ended after ${outcome.bytesReceived} B, before the answer`);
  }

  async outcome(): Promise<Outcome> {
    for (;;) {
      const answer = this.#frames.shift();
      if (answer !== undefined) return { kind: 'answer', answer };
      if (this.#closed) return { kind: 'closed', bytesReceived: this.#bytesReceived };
      await this.#change();
    }
  }

  /** Comes when the broker has ended the connection (or this side has destroyed it). */
  async closed(): Promise<void> {
    while (!this.#closed) await this.#change();
  }

  /** Stops reading: the kernel's buffers fill, then the broker's. */
  stopReading(): void {
    this.socket.pause();
  }

  /** An orderly end of this side's sending; the other side may go on. */
  end(): void {
    this.socket.end();
  }

  /** A reset, as from a crashed peer. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  destroy(): void {
    this.socket.destroy();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  async #change(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    const silence = (): void =>
      reject(new Error(`port ${this.localPort}: neither answer nor end in ${silenceMsMax} ms`));
    const timer = setTimeout(silence, silenceMsMax);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #ended(): void {
    this.#closed = true;
    this.#wake();
  }

  #take(bytes: Buffer): void {
    this.#bytesReceived += bytes.length;
    this.#parts.push(bytes);
    this.#held += bytes.length;
    // Large answers come in many pieces: joined once, when the frame is whole.
    if (this.#held < this.#needed) return;
    const received = this.#parts.length === 1 ? bytes : Buffer.concat(this.#parts);
    let position = 0;
    this.#needed = 4;
    while (received.length - position >= this.#needed) {
      const length = received.readInt32BE(position);
      // Not an answer: the connection is of no use any more.
      if (length < 0) return void this.socket.destroy();
      this.#needed = 4 + length;
      if (received.length - position < this.#needed) break;
      this.#frames.push(received.subarray(position + 4, position + this.#needed));
      position += this.#needed;
      this.#needed = 4;
    }
    this.#parts = [received.subarray(position)];
    this.#held = received.length - position;
    this.#wake();
  }
}
