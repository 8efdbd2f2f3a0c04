import type net from 'node:net';

import type { ReadingEvents } from './in_place_reading.ts';

/**
 * The fall-back where bytes cannot be received in place: they are copied from Node's own buffers, with the same order
 * of calls. After a pause the rest of a buffer waits here.
 */
export class CopiedReading {
  readonly #stream: net.Socket;
  readonly #events: ReadingEvents;
  #destination: Uint8Array;
  #rest: Uint8Array | null = null;
  #paused = false;
  #delivering = false;

  constructor(stream: net.Socket, events: ReadingEvents) {
    this.#stream = stream;
    this.#events = events;
    this.#destination = events.destination();
    stream.on('data', (bytes: Uint8Array) => {
      this.#rest = bytes;
      this.#deliver();
    });
    stream.resume();
  }

  pause(): void {
    this.#paused = true;
    this.#stream.pause();
  }

  resume(): void {
    this.#paused = false;
    if (this.#rest === null) this.#stream.resume();
    else setImmediate(() => this.#deliver());
  }

  #deliver(): void {
    // A callback may pause and resume: the loop that called it goes on by itself.
    if (this.#delivering) return;
    this.#delivering = true;
    while (this.#rest !== null && !this.#paused && !this.#stream.destroyed) {
      const bytes = this.#rest;
      const length = Math.min(bytes.length, this.#destination.length);
      this.#destination.set(bytes.subarray(0, length));
      this.#rest = length === bytes.length ? null : bytes.subarray(length);
      this.#events.received(length);
      if (!this.#stream.destroyed) this.#destination = this.#events.destination();
    }
    this.#delivering = false;
    if (this.#rest === null && !this.#paused) this.#stream.resume();
    else this.#stream.pause();
  }
}
