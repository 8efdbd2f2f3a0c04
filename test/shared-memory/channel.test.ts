/** RELIABILITY row 51 on channels: back-pressure, no overwrite, no lost wake-up. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { Channel } from '../../src/shared-memory/channel.ts';
import type { ChannelHandler } from '../../src/shared-memory/channel.ts';
import { Doorbell, doorbellStride } from '../../src/shared-memory/doorbell.ts';
import { recordBytes, ringStride, smallestRingBytes } from '../../src/shared-memory/ring.ts';
import { startRingAt } from './ring_start.ts';
import { SimulatedThreads } from './simulated_threads.ts';

/** One side: what it sent and got, and requests that it has not answered yet. */
class Side implements ChannelHandler {
  readonly channel: Channel;
  readonly bell: Doorbell;
  readonly got: string[] = [];
  readonly sent: string[] = [];
  readonly answers = new Map<number, number>();
  readonly unanswered: { correlation: number; lengthMax: number }[] = [];
  asked = 0;
  answered = 0;
  credits = 0;

  constructor(channel: Channel, bell: Doorbell) {
    this.channel = channel;
    this.bell = bell;
  }

  ask(payloadLength: number, answerLengthMax: number): boolean {
    const position = this.channel.request(3, this.asked, Math.max(8, payloadLength), answerLengthMax);
    if (position < 0) return false;
    this.channel.view.setInt32(position, this.asked, true);
    this.channel.view.setInt32(position + 4, answerLengthMax, true);
    this.sent.push(`request ${this.asked}`);
    this.answers.set(this.asked++, answerLengthMax);
    return true;
  }

  tell(payloadLength: number): boolean {
    const position = this.channel.send(4, Math.max(8, payloadLength));
    if (position < 0) return false;
    this.channel.view.setInt32(position, this.asked, true);
    this.sent.push(`message ${this.asked++}`);
    return true;
  }

  reply(which: number): void {
    if (this.unanswered.length === 0) return;
    const [{ correlation, lengthMax }] = this.unanswered.splice(which % this.unanswered.length, 1) as [
      { correlation: number; lengthMax: number },
    ];
    const position = this.channel.answer(correlation, lengthMax);
    for (let at = 0; at < lengthMax; at++) this.channel.view.setUint8(position + at, lengthMax);
  }

  request(_peer: number, kind: number, correlation: number, view: DataView, start: number): void {
    const number = view.getInt32(start, true);
    this.got.push(`${kind === 3 ? 'request' : 'message'} ${number}`);
    if (kind === 3) this.unanswered.push({ correlation, lengthMax: view.getInt32(start + 4, true) });
    else assert.equal(correlation, -1);
  }

  answer(_peer: number, tag: number, kind: number, view: DataView, start: number, length: number): void {
    assert.equal(kind, 3);
    assert.equal(length, this.answers.get(tag), 'the answer to this request, once');
    this.answers.delete(tag);
    for (let at = 0; at < length; at++) assert.equal(view.getUint8(start + at), length & 255);
    this.answered++;
  }

  creditReturned(): void {
    this.credits++;
  }
}

function makePair(
  payloadMax: number,
  ringBytes: number,
  start: number,
): { sides: [Side, Side]; threads: SimulatedThreads } {
  const threads = new SimulatedThreads();
  const memory = new SharedArrayBuffer(2 * ringStride(ringBytes));
  const bells = new SharedArrayBuffer(2 * doorbellStride);
  const places = [
    { memory, start: 0, ringBytes },
    { memory, start: ringStride(ringBytes), ringBytes },
  ] as const;
  for (const place of places) startRingAt(place, start);
  const side = (self: 0 | 1): Side => {
    const bell = new Doorbell(bells, threads.port(self));
    const peer = 1 - self;
    const ends = { outgoing: places[self], incoming: places[peer as 0 | 1], payloadMax };
    return new Side(new Channel(peer, ends, bell), bell);
  };
  return { sides: [side(0), side(1)], threads };
}

const step = fc.record({
  side: fc.constantFrom(0, 1),
  action: fc.constantFrom('ask', 'ask', 'tell', 'reply', 'reply', 'flush', 'drain'),
  size: fc.nat(64),
  other: fc.nat(64),
});

suite('channel', () => {
  test('row 51: whatever both sides do, every message arrives once and in order, and every answer fits', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(smallestRingBytes(64), 512, 1024),
        fc.nat(1024),
        fc.array(step, { maxLength: 250 }),
        (ringBytes, below, steps) => {
          const { sides } = makePair(64, ringBytes, 2 ** 32 - (below & -16));
          for (const { side, action, size, other } of steps) {
            const at = sides[side]!;
            if (action === 'ask') at.ask(size, other);
            else if (action === 'tell') at.tell(size);
            else if (action === 'reply') at.reply(size);
            else if (action === 'flush') at.channel.flush();
            else at.channel.drain(1 + (size % 4), at);
          }
          settle(sides);
          assert.deepEqual(sides[1].got, sides[0].sent);
          assert.deepEqual(sides[0].got, sides[1].sent);
          assert.equal(sides[0].answers.size + sides[1].answers.size, 0, 'every request is answered');
          assert.ok(sides.every((side) => side.channel.isIdle));
          assert.ok(
            sides.every((side) => side.ask(64, 64)),
            'all credit is back',
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  test('row 51: both sides full of requests still answer', () => {
    const { sides } = makePair(64, smallestRingBytes(64), 2 ** 32 - 64);
    for (let round = 0; round < 100; round++) {
      for (const side of sides) while (side.ask(64, 64));
      for (const side of sides) side.channel.flush();
      settle(sides);
    }
    assert.ok(sides.every((side) => side.answered >= 100));
  });

  test('who was refused is told when credit is back, and woken if it sleeps', () => {
    const { sides, threads } = makePair(64, smallestRingBytes(64), 0);
    const [sender, receiver] = sides;
    while (sender.tell(64));
    sender.channel.flush();
    let woken = 0;
    assert.equal(
      sender.bell.arm(
        () => sender.channel.hasWork(),
        () => woken++,
      ),
      true,
      'nothing to do without credit',
    );
    receiver.channel.drain(100, receiver);
    threads.wakeAll();
    assert.equal(woken, 1);
    assert.ok(sender.channel.hasWork());
    sender.channel.drain(1, sender);
    assert.equal(sender.credits, 1);
    assert.ok(sender.tell(64));
    assert.equal(sender.channel.hasWork(), false);
  });

  test('a flush rings only when there is something to publish', () => {
    const { sides, threads } = makePair(64, 512, 0);
    const [sender, receiver] = sides;
    receiver.bell.arm(
      () => receiver.channel.hasWork(),
      () => {},
    );
    sender.channel.flush();
    assert.equal(threads.notifications, 0);
    sender.tell(8);
    sender.tell(8);
    sender.channel.flush();
    assert.equal(threads.notifications, 1);
  });

  test('bugs of ours: answered twice, longer than reserved, payload above the limit', () => {
    const { sides } = makePair(64, 512, 0);
    const [asking, answering] = sides;
    asking.ask(8, 16);
    asking.channel.flush();
    answering.channel.drain(1, answering);
    const { correlation } = answering.unanswered[0]!;
    assert.throws(() => answering.channel.answer(correlation, 64), /fits what its request reserved/);
    answering.channel.answer(correlation, 16);
    assert.throws(() => answering.channel.answer(correlation, 16), /answered once/);
    assert.throws(() => asking.channel.request(1, 0, 65 + 16, 0), /payloadMax/);
    assert.throws(() => asking.channel.request(1, 0, 0, 65), /payloadMax/);
    assert.equal(recordBytes(64), 80);
  });
});

/** Lets both sides drain and answer until nothing moves. */
function settle(sides: [Side, Side]): void {
  let quietRounds = 0;
  for (let round = 0; round < 1000 && quietRounds < 2; round++) {
    let moved = 0;
    for (const side of sides) {
      side.channel.flush();
      moved += side.channel.drain(3, side);
      moved += side.unanswered.length;
      while (side.unanswered.length > 0) side.reply(round);
      side.channel.flush();
    }
    quietRounds = moved === 0 ? quietRounds + 1 : 0;
  }
  assert.equal(quietRounds, 2, 'two channels come to rest');
}
