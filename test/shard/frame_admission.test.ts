import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ADMISSION_TICK_MS } from '../../src/shard/frame_admission.ts';
import { landingBytes, pageBytes } from '../../src/shared-memory/arena.ts';
import { frameOf, KIB, ReceivingShard, StreamPeer, streamOf } from './stream_peer.ts';

interface Sender {
  readonly peer: StreamPeer;
  readonly lengths: readonly number[];
  readonly stream: Uint8Array;
  readonly seed: number;
  at: number;
  arrived: number;
}

test('while memory is short, frames wait, go on and arrive whole, and spoil nobody else’s', () => {
  const lengths = fc.array(fc.oneof(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 0, max: 180 * KIB })), {
    minLength: 1,
    maxLength: 4,
  });
  const step = fc.record({ sender: fc.nat(20), bytes: fc.integer({ min: 1, max: landingBytes }), late: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(lengths, { minLength: 4, maxLength: 12 }),
      fc.array(step, { minLength: 10, maxLength: 80 }),
      (lengthsOf, schedule) => {
        const shard = new ReceivingShard(768 * KIB);
        const senders = lengthsOf.map((one, index): Sender => {
          const seed = index * 50;
          return { peer: new StreamPeer(shard), lengths: one, stream: streamOf(one, seed), seed, at: 0, arrived: 0 };
        });
        let nowMs = 0;
        for (let turn = 0; senders.some(isSending); turn++) {
          assert.ok(turn < 20_000, 'all arrive in the end');
          const { sender: chosen, bytes, late } = schedule[turn % schedule.length]!;
          const sender = senders[(chosen + Math.floor(turn / schedule.length)) % senders.length]!;
          const wasPaused = sender.peer.isPaused;
          // A socket may deliver once after reading was stopped.
          const mayDeliver = !wasPaused || (late && sender.peer.mayDeliverLate());
          if (mayDeliver) sender.at += sender.peer.deliver(sender.stream, sender.at, bytes, nowMs);
          if (turn % 7 === 0) {
            nowMs += ADMISSION_TICK_MS / 2;
            shard.admission.tick(nowMs);
          }
          if (turn % 3 === 0) takeAll(sender);
          if (sender.peer.closedFor !== null) sender.peer.close();
        }
        for (const sender of senders) {
          takeAll(sender);
          if (sender.peer.closedFor === null) assert.equal(sender.arrived, sender.lengths.length);
          sender.peer.close();
        }
        assert.equal(shard.admission.incompleteFrames, 0);
        assert.equal(shard.admission.waitingFrames, 0);
        assert.equal(shard.arena.incompleteBytes, 0);
        assert.ok(shard.arena.usedBytes <= pageBytes, 'only the open page is in use');
      },
    ),
    { numRuns: 60, endOnFailure: true },
  );
});

function isSending({ peer, at, stream }: Sender): boolean {
  return peer.closedFor === null && at < stream.length;
}

function takeAll(sender: Sender): void {
  while (sender.peer.frames.length > 0) {
    const expected = frameOf(sender.lengths[sender.arrived]!, sender.seed + sender.arrived);
    assert.ok(Buffer.from(sender.peer.takeFrame()).equals(expected), 'a frame arrives as it was sent');
    sender.arrived++;
  }
}

test('two thousand halves of frames do not stop a connection that sends whole ones', () => {
  const shard = new ReceivingShard(4 * KIB * KIB);
  const halves = Array.from({ length: 2000 }, () => new StreamPeer(shard));
  const half = streamOf([100 * KIB]);
  for (const peer of halves) peer.deliver(half, 0, 50 * KIB, 0);
  assert.ok(shard.arena.incompleteBytes <= 3 * KIB * KIB, `${shard.arena.incompleteBytes} bytes are incomplete`);
  assert.ok(shard.admission.waitingFrames > 0);

  const honest = new StreamPeer(shard);
  const lengths = [200, 40 * KIB, 150 * KIB, 10, 90 * KIB];
  const stream = streamOf(lengths);
  let at = 0;
  let arrived = 0;
  for (let nowMs = 0; at < stream.length; nowMs += ADMISSION_TICK_MS) {
    assert.ok(nowMs < 60_000, 'the honest connection comes through');
    while (at < stream.length && !honest.isPaused) at += honest.deliver(stream, at, landingBytes, nowMs);
    while (honest.frames.length > 0) {
      assert.deepEqual(honest.takeFrame(), frameOf(lengths[arrived]!, 1 + arrived));
      arrived++;
    }
    shard.admission.tick(nowMs);
    for (const peer of halves) if (peer.closedFor !== null) peer.close();
  }
  assert.equal(arrived, lengths.length);
  assert.equal(honest.closedFor, null);
  for (const peer of halves) peer.close();
  assert.ok(shard.arena.usedBytes <= pageBytes);
});

test('a frame that stalls while others wait costs its connection; one that nobody waits for has its time', () => {
  const shard = new ReceivingShard(512 * KIB, 10_000);
  const half = streamOf([200 * KIB]);
  const peers = Array.from({ length: 8 }, () => new StreamPeer(shard));
  peers[0]!.deliver(half, 0, 60 * KIB, 0);
  shard.admission.tick(9000);
  assert.equal(peers[0]!.closedFor, null);
  for (const peer of peers.slice(1)) peer.deliver(half, 0, 60 * KIB, 9000);
  assert.ok(shard.admission.waitingFrames > 0);
  shard.admission.tick(9050);
  assert.match(peers[0]!.closedFor!, /no progress while memory was short/);
  for (const peer of peers) peer.close();
  const alone = new StreamPeer(shard);
  alone.deliver(half, 0, 1000, 20_000);
  shard.admission.tick(29_999);
  assert.equal(alone.closedFor, null);
  shard.admission.tick(30_000);
  assert.match(alone.closedFor!, /millrace\.frame\.idle\.ms/);
  alone.close();
});

test('a frame is not held to account for what the shard itself does not read', () => {
  const shard = new ReceivingShard(1024 * KIB, 10_000);
  const half = streamOf([200 * KIB]);
  const [held, ...others] = Array.from({ length: 12 }, () => new StreamPeer(shard));
  held!.deliver(half, 0, 60 * KIB, 0);
  for (const peer of others) peer.deliver(half, 0, 60 * KIB, 0);
  held!.isHeldBack = true;
  shard.admission.tick(9_999);
  assert.equal(held!.closedFor, null);
  shard.admission.tick(10_000);
  assert.notEqual(held!.closedFor, null);
});

test('a connection whose requests are queued is not held to account either when nobody waits for memory', () => {
  const shard = new ReceivingShard(512 * KIB, 1_000);
  const peer = new StreamPeer(shard);
  peer.deliver(streamOf([200 * KIB]), 0, 60 * KIB, 0);
  peer.isHeldBack = true;
  peer.isQueuedUp = true;
  shard.admission.tick(60_000);
  assert.equal(peer.closedFor, null);
  peer.isQueuedUp = false;
  shard.admission.tick(61_000);
  assert.notEqual(peer.closedFor, null);
  peer.close();
});

test('one that waits in vain is not evicted, and is let on when the others are gone', () => {
  const shard = new ReceivingShard(512 * KIB);
  const half = streamOf([200 * KIB]);
  const peers: StreamPeer[] = [];
  const at: number[] = [];
  while (shard.admission.waitingFrames === 0) {
    const peer = new StreamPeer(shard);
    peers.push(peer);
    at.push(peer.deliver(half, 0, 60 * KIB, 0));
  }
  const waiting = peers.findIndex((peer) => peer.isPaused);
  for (const [index, peer] of peers.entries()) if (index !== waiting) peer.close();
  const peer = peers[waiting]!;
  shard.admission.tick(400);
  assert.equal(peer.isPaused, false);
  let sent = at[waiting]!;
  while (sent < half.length) sent += peer.deliver(half, sent, landingBytes, 401);
  assert.deepEqual(peer.takeFrame(), frameOf(200 * KIB, 1));
  assert.equal(shard.arena.incompleteBytes, 0);
});

/** Delivers a piece every so often until the peer is closed or all of it went. Returns when that was, in ms. */
function trickle(
  shard: ReceivingShard,
  peer: StreamPeer,
  stream: Uint8Array,
  pieceBytes: number,
  everyMs: number,
): number {
  let at = 0;
  let nowMs = 0;
  for (; at < stream.length && peer.closedFor === null; nowMs += ADMISSION_TICK_MS) {
    assert.ok(nowMs < 100_000_000, 'it comes to an end');
    if (nowMs % everyMs === 0) at += peer.deliver(stream, at, pieceBytes, nowMs);
    shard.admission.tick(nowMs);
  }
  return nowMs;
}

test('a byte every 400 ms is no progress: the memory of such a frame comes back', () => {
  for (const alreadySent of [1, 40 * KIB, 900 * KIB]) {
    const shard = new ReceivingShard(4 * KIB * KIB, 10_000);
    const stream = streamOf([KIB * KIB]);
    const peer = new StreamPeer(shard);
    let at = 0;
    while (at < alreadySent) at += peer.deliver(stream, at, alreadySent - at, 0);
    const endedMs = trickle(shard, peer, stream.subarray(at), 1, 400);
    assert.match(peer.closedFor!, /millrace\.frame\.idle\.ms/);
    assert.ok(endedMs <= 20_000 + 2 * ADMISSION_TICK_MS, `after ${endedMs} ms`);
    peer.close();
    assert.equal(shard.arena.incompleteBytes, 0);
  }
});

test('a byte every 400 ms is no progress while others wait for memory either', () => {
  const shard = new ReceivingShard(512 * KIB, 10_000);
  const stream = streamOf([200 * KIB]);
  const peers: StreamPeer[] = [];
  const at: number[] = [];
  while (shard.admission.waitingFrames < 2) {
    const peer = new StreamPeer(shard);
    peers.push(peer);
    at.push(peer.deliver(stream, 0, 20 * KIB, 0));
  }
  for (let nowMs = 50; nowMs < 9000; nowMs += ADMISSION_TICK_MS) {
    for (const [index, peer] of peers.entries()) {
      if (nowMs % 400 === 0 && !peer.isPaused) at[index]! += peer.deliver(stream, at[index]!, 1, nowMs);
    }
    shard.admission.tick(nowMs);
    for (const peer of peers) if (peer.closedFor !== null) peer.close();
  }
  // Whoever was let on had to go while another waited; the last ones have what is left to themselves.
  const closed = peers.filter(({ closedFor }) => closedFor?.includes('no progress while memory was short'));
  assert.ok(closed.length > 0, peers.map(({ closedFor }) => closedFor).join('; '));
  assert.equal(shard.admission.waitingFrames, 0);
});

test('a long frame over a slow line arrives, however long it takes', () => {
  const shard = new ReceivingShard(4 * KIB * KIB, 10_000);
  const peer = new StreamPeer(shard);
  const endedMs = trickle(shard, peer, streamOf([KIB * KIB]), 3 * KIB, 500);
  assert.equal(peer.closedFor, null);
  assert.ok(endedMs > 100_000, 'for longer than a frame may stand still');
  assert.deepEqual(peer.takeFrame(), frameOf(KIB * KIB, 1));
});
