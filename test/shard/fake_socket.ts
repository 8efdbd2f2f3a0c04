import assert from 'node:assert/strict';
import type { Socket, SocketEvents } from '../../src/port/network.ts';

/** A socket whose kernel takes everything, or, while it is full, holds the memory of what was written. */
export class FakeSocket implements Socket {
  readonly remoteAddress = '10.0.0.1';
  readonly remotePort = 40_000;
  readonly localAddress = '10.0.0.2';
  readonly localPort = 9092;
  readonly descriptor = -1;
  events: SocketEvents | null = null;
  isFull = false;
  isReading = true;
  hasEnded = false;
  isDestroyed = false;
  writes = 0;
  readonly #sent: Uint8Array[] = [];
  #held: { readonly view: Uint8Array; readonly copy: Uint8Array }[] = [];
  #destination: Uint8Array = new Uint8Array(0);

  start(events: SocketEvents): void {
    assert.equal(this.events, null, 'a socket is started once');
    this.events = events;
    this.#destination = events.destination();
  }

  write(views: readonly Uint8Array[], count: number): boolean {
    assert.ok(count > 0 && views.length >= count);
    if (this.isDestroyed || this.hasEnded) return true;
    this.writes++;
    for (const view of views.slice(0, count)) {
      this.#sent.push(view.slice());
      if (this.isFull) this.#held.push({ view, copy: view.slice() });
    }
    return !this.isFull;
  }

  /** The kernel takes what it held; none of it may have changed meanwhile. */
  drain(): void {
    this.isFull = false;
    this.#checkHeld();
    this.#held = [];
    this.events!.written();
  }

  pauseReading(): void {
    assert.ok(this.events !== null, 'a socket is paused after it was started');
    this.isReading = false;
  }

  resumeReading(): void {
    this.isReading = true;
  }

  end(): void {
    this.hasEnded = true;
  }

  destroy(): void {
    this.isDestroyed = true;
  }

  /** What follows `end` and `destroy`, and a peer that is gone: the last event. */
  close(code = ''): void {
    this.#checkHeld();
    this.#held = [];
    this.events!.closed(code);
  }

  /** The peer sends; what is in the kernel's buffer while reading is stopped stays there. */
  deliver(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      assert.ok(this.isReading, 'nobody reads');
      const length = Math.min(this.#destination.length, bytes.length - at);
      this.#destination.set(bytes.subarray(at, at + length));
      this.events!.received(length);
      this.#destination = this.events!.destination();
      at += length;
    }
  }

  /** All bytes sent since the last call. */
  takeSent(): Uint8Array {
    const all = new Uint8Array(this.#sent.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.#sent.splice(0)) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  #checkHeld(): void {
    for (const { view, copy } of this.#held) assert.deepEqual(view, copy, 'what is pinned does not change');
  }
}
