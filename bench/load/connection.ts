/**
 * One TCP connection of the generator: writes frames that were built before, and walks the answers in the one buffer
 * that the socket reads into. Nothing is allocated per answer.
 */
import { connect, type Socket } from 'node:net';

const RECEIVE_BYTES = 256 * 1024;

/** What is told of the answers, in their order. */
export interface AnswerSink {
  /**
   * A whole answer has arrived. Its front (up to the `frontBytes` of the connection) lies at `bytes[at]`, the size
   * first, until this call returns; `length` is that of the whole answer with its size.
   */
  answered(bytes: Buffer, at: number, length: number): void;
  /** All answers of one read have been told. */
  turn(): void;
  /** The connection ended, or failed. */
  closed(error: Error | null): void;
}

export class Connection {
  readonly socket: Socket;
  readonly #front: Buffer;
  #frontFilled = 0;
  #size = 0;
  /** Bytes of the answer behind its front that have not come yet. */
  #left = 0;
  sink: AnswerSink;

  private constructor(socket: Socket, frontBytes: number, sink: AnswerSink) {
    this.socket = socket;
    this.sink = sink;
    this.#front = Buffer.alloc(Math.max(frontBytes, 8));
  }

  static open(host: string, port: number, frontBytes: number, sink: AnswerSink): Promise<Connection> {
    return new Promise((resolve, reject) => {
      let connection: Connection | null = null;
      const buffer = Buffer.alloc(RECEIVE_BYTES);
      const socket = connect({
        host,
        port,
        noDelay: true,
        onread: {
          buffer,
          callback: (length) => {
            connection!.#received(buffer, length);
            return true;
          },
        },
      });
      let failure: Error | null = null;
      socket.once('connect', () => {
        connection = new Connection(socket, frontBytes, sink);
        resolve(connection);
      });
      socket.on('error', (error) => {
        failure = error;
        reject(error);
      });
      socket.on('close', () => connection?.sink.closed(failure));
    });
  }

  close(): void {
    this.socket.destroy();
  }

  #received(bytes: Buffer, length: number): void {
    let at = 0;
    while (at < length) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, length - at);
        at += taken;
        this.#left -= taken;
        if (this.#left === 0) this.#completeFront();
      } else if (this.#frontFilled === 0 && length - at >= 4) {
        const size = 4 + bytes.readInt32BE(at);
        if (length - at < size) at += this.#collect(bytes, at, length);
        else {
          this.sink.answered(bytes, at, size);
          at += size;
        }
      } else at += this.#collect(bytes, at, length);
    }
    this.sink.turn();
  }

  /** Keeps the front of an answer that is not complete yet; returns how many bytes it took. */
  #collect(bytes: Buffer, from: number, end: number): number {
    let at = from;
    while (at < end && this.#frontFilled < 4) this.#front[this.#frontFilled++] = bytes[at++]!;
    if (this.#frontFilled < 4) return at - from;
    this.#size = 4 + this.#front.readInt32BE(0);
    const wanted = Math.min(this.#front.length, this.#size);
    const taken = Math.min(wanted - this.#frontFilled, end - at);
    bytes.copy(this.#front, this.#frontFilled, at, at + taken);
    this.#frontFilled += taken;
    if (this.#frontFilled === wanted) {
      this.#left = this.#size - wanted;
      if (this.#left === 0) this.#completeFront();
    }
    return at + taken - from;
  }

  #completeFront(): void {
    this.#frontFilled = 0;
    this.sink.answered(this.#front, 0, this.#size);
  }
}
