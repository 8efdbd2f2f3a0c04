import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Request } from '../../src/api/request.ts';
import { Answers } from '../../src/shard/answers.ts';
import type { Connection } from '../../src/shard/connection.ts';
import { SendBuffers, type SendBuffer } from '../../src/shard/send_buffers.ts';
import { StopWord, stopWordBytes } from '../../src/shared-memory/stop_word.ts';
import { FakeSocket } from './fake_socket.ts';

/** As much of a connection as sending sees. */
class Peer {
  readonly socket = new FakeSocket();
  readonly queue: Request[] = [];
  readonly pinned: SendBuffer[] = [];
  readonly unsent: Uint8Array[] = [];
  isOpen = true;
  isBlocked = false;
  blockedSinceMs = 0;

  get oldest(): Request | null {
    return this.queue[0] ?? null;
  }
}

class Sending {
  readonly buffers = new SendBuffers(1024 * 1024);
  readonly stop = new StopWord(new SharedArrayBuffer(stopWordBytes));
  readonly peer = new Peer();
  settled = 0;
  sentBytes = 0;
  readonly answers = new Answers(this.buffers, this.stop, {
    nowMs: () => 0,
    retire: () => this.peer.queue.shift(),
    sent: (bytes) => {
      this.sentBytes += bytes;
    },
    settled: () => {
      this.settled++;
    },
  });
  #next = 0;

  /** A request with an answer of its own bytes and pieces, each filled with the request's number. */
  add(
    bytes: number,
    pieces: readonly number[] = [],
    more: Partial<Pick<Request, 'silent' | 'closes' | 'done'>> = {},
  ): Uint8Array {
    const number = (this.#next++ % 250) + 1;
    const request = new Request(this.#next, (text) => new TextEncoder().encode(text));
    request.response.bytes.fill(0);
    if (bytes > 0) request.response.raw(new Uint8Array(bytes).fill(number));
    for (const length of pieces) {
      const piece = this.answers.take(length + 10);
      piece.start = 5;
      piece.end = 5 + length;
      piece.bytes.fill(number, 5, 5 + length);
      request.pieces.push(piece);
    }
    Object.assign(request, { done: true, ...more });
    this.peer.queue.push(request);
    const isSent = more.silent !== true && more.closes !== true;
    return new Uint8Array(isSent ? bytes + pieces.reduce((sum, one) => sum + one, 0) : 0).fill(number);
  }

  send(): void {
    this.answers.send(this.peer as unknown as Connection);
  }

  /** The kernel has taken what it held. */
  written(): void {
    this.peer.isBlocked = false;
    if (this.peer.unsent.length === 0) for (const buffer of this.peer.pinned.splice(0)) this.buffers.give(buffer);
    this.peer.socket.drain();
  }
}

const never = { connected() {}, received() {}, written() {}, ended() {}, closed() {} };

function begun(): Sending {
  const sending = new Sending();
  sending.peer.socket.start({ ...never, destination: () => new Uint8Array(1) });
  return sending;
}

const answer = fc.record({
  bytes: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 20_000 })),
  pieces: fc.array(fc.oneof(fc.integer({ min: 0, max: 5000 }), fc.constantFrom(700_000, 1_500_000)), { maxLength: 3 }),
  silent: fc.boolean(),
  isFull: fc.boolean(),
  sends: fc.boolean(),
});

test('answers go out whole and in order, what the kernel holds does not change, and all memory comes back', () => {
  fc.assert(
    fc.property(fc.array(answer, { maxLength: 25 }), (list) => {
      const sending = begun();
      const expected: Uint8Array[] = [];
      for (const { bytes, pieces, silent, isFull, sends } of list) {
        expected.push(sending.add(silent ? 0 : bytes, silent ? [] : pieces, { silent }));
        sending.peer.socket.isFull ||= isFull;
        if (sends) sending.send();
        if (sending.peer.isBlocked && !isFull) {
          sending.written();
          sending.send();
        }
      }
      for (let round = 0; sending.peer.queue.length > 0 || sending.peer.isBlocked; round++) {
        assert.ok(round < 500, 'everything goes out');
        if (sending.peer.isBlocked) sending.written();
        sending.send();
      }
      const sent = sending.peer.socket.takeSent();
      assert.ok(Buffer.concat(expected).equals(sent));
      assert.equal(sending.sentBytes, sent.length);
      assert.equal(sending.buffers.takenBytes, 0);
      assert.equal(sending.peer.unsent.length, 0);
    }),
    { numRuns: 60 },
  );
});

test('many small answers leave in one write', () => {
  const sending = begun();
  for (let number = 0; number < 200; number++) sending.add(40);
  sending.send();
  assert.equal(sending.peer.socket.writes, 1);
  assert.equal(sending.settled, 1);
});

test('an answer that is not complete holds back those behind it', () => {
  const sending = begun();
  const first = sending.add(10);
  sending.add(10, [], { done: false });
  sending.add(10);
  sending.send();
  assert.deepEqual(sending.peer.socket.takeSent(), first);
  sending.peer.queue[0]!.done = true;
  sending.send();
  assert.equal(sending.peer.socket.takeSent().length, 20);
});

test('what is before a request that ends the connection is sent, what is behind is not', () => {
  const sending = begun();
  const before = sending.add(10);
  sending.add(0, [], { silent: true, closes: true });
  sending.add(10);
  sending.send();
  assert.deepEqual(sending.peer.socket.takeSent(), before);
  assert.equal(sending.peer.socket.hasEnded, true);
});

test('after the stop word nothing leaves, and nothing is kept', () => {
  const sending = begun();
  sending.add(10, [100]);
  sending.stop.raise();
  sending.send();
  assert.equal(sending.peer.socket.takeSent().length, 0);
  assert.equal(sending.buffers.takenBytes, 0);
});
