import { empty } from '../base/empty.ts';
import type { AnswerMemory, AnswerPiece } from '../api/host.ts';
import type { StopWord } from '../shared-memory/stop_word.ts';
import type { Connection } from './connection.ts';
import type { SendBuffer, SendBuffers } from './send_buffers.ts';

/** What sending needs of the shard. */
export interface AnswersHost {
  nowMs(): number;
  /** Takes the oldest request off the connection and gives it back to the pool. */
  retire(connection: Connection): void;
  /** Bytes handed to the kernel, and how many of them were copied on their way, for the counters. */
  sent(bytes: number, copied: number): void;
  /** The kernel has taken all that was due. */
  settled(connection: Connection): void;
}

/**
 * Answers on their way out: all that a connection may send, in the order of its requests, in one write. Small answers
 * are copied into one buffer; the records of a fetch are sent from the memory that they were read into.
 */
export class Answers implements AnswerMemory {
  readonly #buffers: SendBuffers;
  readonly #stop: StopWord;
  readonly #host: AnswersHost;
  readonly #views: Uint8Array[] = [];
  readonly #taken: SendBuffer[] = [];
  readonly #slice: Uint8Array[] = [];

  constructor(buffers: SendBuffers, stop: StopWord, host: AnswersHost) {
    this.#buffers = buffers;
    this.#stop = stop;
    this.#host = host;
  }

  take(bytes: number): AnswerPiece {
    return new Piece(this.#buffers.take(bytes));
  }

  /** Gives back a piece that is not sent. */
  giveBack(piece: AnswerPiece): void {
    this.#buffers.give((piece as Piece).buffer);
  }

  /** Sends every complete answer at the front of the connection's queue. */
  send(connection: Connection): void {
    if (connection.unsent.length > 0 && !connection.isBlocked && !this.#sendUnsent(connection)) return;
    while (connection.isOpen && !connection.isBlocked && this.#sendSome(connection)) {
      // As long as the kernel takes all.
    }
    if (connection.isOpen && !connection.isBlocked) this.#host.settled(connection);
  }

  /** One write. False: there is nothing (more) to send. */
  #sendSome(connection: Connection): boolean {
    let small: SendBuffer | null = null;
    let smallStart = 0;
    let smallEnd = 0;
    let total = 0;
    let copied = 0;
    const views = this.#views;
    const taken = this.#taken;
    let closes = false;
    while (total < WRITE_BYTES_MAX && !closes) {
      const request = connection.oldest;
      if (request === null || !request.done) break;
      // What goes before the end of a connection is with the kernel first.
      if (request.closes && total > 0) break;
      closes = request.closes;
      if (!request.silent && !closes) {
        const bytes = request.response.position;
        if (small !== null && smallEnd + bytes > small.bytes.length) {
          if (smallEnd > smallStart) views.push(small.bytes.subarray(smallStart, smallEnd));
          small = null;
        }
        if (small === null && bytes > 0) {
          small = this.#buffers.take(Math.max(bytes, SMALL_BYTES));
          taken.push(small);
          smallStart = 0;
          smallEnd = 0;
        }
        if (small !== null && bytes > 0) {
          copyBytes(request.response.bytes, bytes, small.bytes, smallEnd);
          smallEnd += bytes;
          copied += bytes;
        }
        total += bytes;
        if (request.pieces.length > 0) {
          if (small !== null && smallEnd > smallStart) views.push(small.bytes.subarray(smallStart, smallEnd));
          smallStart = smallEnd;
          for (const piece of request.pieces) {
            const { buffer } = piece as Piece;
            views.push(buffer.bytes.subarray(piece.start, piece.end));
            taken.push(buffer);
            total += piece.end - piece.start;
          }
          empty(request.pieces);
        }
      }
      this.#host.retire(connection);
    }
    if (small !== null && smallEnd > smallStart) views.push(small.bytes.subarray(smallStart, smallEnd));
    // The last look before an acknowledgement leaves: a node that is ending must not promise anything.
    if (views.length > 0 && !this.#stop.isStopping()) {
      this.#host.sent(total, copied);
      this.#write(connection, total);
    }
    for (const buffer of taken) this.#buffers.give(buffer);
    empty(views);
    empty(taken);
    if (closes) {
      connection.isOpen = false;
      connection.socket.end();
    }
    return total > 0 && !closes;
  }

  #write(connection: Connection, total: number): void {
    if (total <= SLICE_BYTES) {
      if (!connection.socket.write(this.#views, this.#views.length)) this.#block(connection);
      return;
    }
    for (const view of this.#views) {
      for (let at = 0; at < view.length; at += SLICE_BYTES) connection.unsent.push(view.subarray(at, at + SLICE_BYTES));
    }
    for (const buffer of this.#taken) connection.pinned.push(buffer);
    empty(this.#taken);
    this.#sendUnsent(connection);
  }

  /** The rest of a large answer, slice by slice: a reader is slow, not gone, as long as it takes them. */
  #sendUnsent(connection: Connection): boolean {
    const { unsent } = connection;
    while (unsent.length > 0) {
      const slice = unsent.shift()!;
      this.#slice[0] = slice;
      if (connection.socket.write(this.#slice, 1)) continue;
      this.#block(connection);
      return false;
    }
    for (const buffer of connection.pinned) this.#buffers.give(buffer);
    empty(connection.pinned);
    return true;
  }

  /** The kernel has not taken all of a write: its memory is pinned until it has. */
  #block(connection: Connection): void {
    connection.isBlocked = true;
    connection.blockedSinceMs = this.#host.nowMs();
    for (const buffer of this.#taken) connection.pinned.push(buffer);
    empty(this.#taken);
  }
}

class Piece implements AnswerPiece {
  readonly buffer: SendBuffer;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  start = 0;
  end = 0;

  constructor(buffer: SendBuffer) {
    this.buffer = buffer;
    this.bytes = buffer.bytes;
    this.view = buffer.view;
  }
}

/** Byte by byte below this: a view for `set` costs more. */
const COPY_LOOP_BYTES_MAX = 128;

function copyBytes(from: Uint8Array, length: number, into: Uint8Array, at: number): void {
  if (length > COPY_LOOP_BYTES_MAX) {
    into.set(from.subarray(0, length), at);
    return;
  }
  for (let index = 0; index < length; index++) into[at + index] = from[index]!;
}

/** Answers of one write, beyond which the kernel gets them in several. */
const WRITE_BYTES_MAX = 1024 * 1024;
/** The most that goes into a socket at once: a fetch of the usual 1 MiB is one write. */
const SLICE_BYTES = 1280 * 1024;
const SMALL_BYTES = 16 * 1024;
